/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/event_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/iso.h"
#include "base/scan.h"
#include "env/channel.h"

#define ATTRIBUTE_PREFIX "attribute."

static size_t distance(const char *a, const char *b)
{
    size_t row[64], len = strlen(b);
    if (strlen(a) >= ARRAY_LEN(row) || len >= ARRAY_LEN(row))
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t above = row[j], best = above < row[j - 1] ? above + 1 : row[j - 1] + 1;
            size_t change = corner + (a[i - 1] != b[j - 1]);
            row[j] = change < best ? change : best;
            corner = above;
        }
    }
    return row[len];
}

bool event_resembles(const char *given, const char *known)
{
    size_t len = strlen(given);
    return distance(given, known) <= 2 || (len >= 2 && strncmp(given, known, len) == 0);
}

static int unknown_key(const struct event_source *s, const char *name, struct err *err)
{
    char all[256] = "", near[64] = "";
    for (size_t i = 0; i < s->nkeys; i++) {
        size_t at = strlen(all);
        snprintf(all + at, sizeof all - at, "%s%s=", i ? ", " : "", s->keys[i].name);
        if (!*near && event_resembles(name, s->keys[i].name))
            snprintf(near, sizeof near, " Did you mean '%s='?", s->keys[i].name);
    }
    return err_set(err, ERR_USAGE, "'%.80s=' is not a key of %s.%s It has %s%s", name, s->name,
                   near, all, s->attributes ? ", " ATTRIBUTE_PREFIX "NAME=" : "");
}

static int read_count(const struct event_key *key, const char *text, int64_t *out, struct err *err)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (!*text || *end || text[0] == ' ' || n < key->min || n > key->max)
        return err_set(err, ERR_USAGE,
                       "%s='%.80s' is not a whole number from %" PRId64 " to %" PRId64, key->name,
                       text, key->min, key->max);
    *out = n;
    return 0;
}

static int read_time(const struct event_key *key, const char *text, int64_t *out, struct err *err)
{
    if (strcmp(text, "now") == 0) {
        *out = clock_wall_ms();
        return 0;
    }
    char *end;
    long long number = strtoll(text, &end, 10);
    if (*text && !*end && number >= 0 && number < 253402300800000) {
        *out = number;
        return 0;
    }
    size_t len = strlen(text);
    if (len == 0 || text[len - 1] != 'Z' || iso_read(text, len, out) != len)
        return err_set(
            err, ERR_USAGE,
            "%s='%.80s' is no time: write 2026-01-15T09:30:00.000Z, Unix milliseconds or "
            "now",
            key->name, text);
    return 0;
}

static int own(struct event_values *v, void *block, const char *what, struct err *err)
{
    if (block && v->nowned < ARRAY_LEN(v->owned)) {
        v->owned[v->nowned++] = block;
        return 0;
    }
    free(block);
    return block ? err_set(err, ERR_USAGE, "%s: too many files", what)
                 : err_set(err, ERR_MEMORY, "no memory for %s", what);
}

void event_values_fini(struct event_values *v)
{
    while (v->nowned > 0)
        free(v->owned[--v->nowned]);
}

static int read_file(struct event_values *v, const struct event_key *key, const char *path,
                     struct event_text *out, struct err *err)
{
    char *text = file_read(path, ENV_REQUEST_MAX, &out->len, err);
    if (!text)
        return err_wrap(err, "%s", key->name);
    out->ptr = text;
    return own(v, text, key->name, err);
}

static int read_json(const struct event_key *key, struct event_text text, struct err *err)
{
    struct scan_fault fault;
    if (scan_valid(text.ptr, text.len, &fault))
        return 0;
    return err_set(err, ERR_USAGE, "%s= is not JSON: line %zu, column %zu: %s", key->name,
                   fault.line, fault.column, fault.reason);
}

static int set_value(const struct event_key *key, const char *text, struct event_values *v,
                     size_t index, struct err *err)
{
    v->text[index] = (struct event_text){text, strlen(text)};
    switch (key->kind) {
    case EVENT_COUNT:
        return read_count(key, text, &v->number[index], err);
    case EVENT_TIME:
        return read_time(key, text, &v->number[index], err);
    case EVENT_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return err_set(err, ERR_USAGE, "%s='%.80s' is neither true nor false", key->name, text);
        v->number[index] = text[0] == 't';
        return 0;
    case EVENT_JSON:
        return read_json(key, v->text[index], err);
    case EVENT_FILE:
        if (text[0] == '@' && text[1] != '@')
            return read_file(v, key, text + 1, &v->text[index], err);
        if (text[0] == '@') /* "@@" stands for one "@" */
            v->text[index] = (struct event_text){text + 1, strlen(text + 1)};
        return 0;
    case EVENT_TEXT:
        break;
    }
    return 0;
}

static int add_attribute(struct event_values *v, const char *name, size_t len, const char *value,
                         struct err *err)
{
    if (len == 0 || len > 256 || !*value)
        return err_set(err, ERR_USAGE, "an attribute needs a name of 1 to 256 bytes and a value");
    for (size_t i = 0; i < v->nattributes; i++)
        if (strlen(v->attributes[i].name) == len && memcmp(v->attributes[i].name, name, len) == 0)
            return err_set(err, ERR_USAGE, "'" ATTRIBUTE_PREFIX "%.*s=' is given twice", (int)len,
                           name);
    if (v->nattributes == EVENT_ATTRIBUTES_MAX)
        return err_set(err, ERR_USAGE, "a message has at most %d attributes", EVENT_ATTRIBUTES_MAX);
    char *copy = strndup(name, len);
    if (own(v, copy, "an attribute", err) < 0)
        return -1;
    v->attributes[v->nattributes++] = (struct event_attribute){copy, value};
    return 0;
}

static int set_argument(const struct event_source *s, const char *argument, struct event_values *v,
                        struct err *err)
{
    const char *equals = strchr(argument, '=');
    if (!equals)
        return err_set(err, ERR_USAGE, "'%.80s' is not KEY=VALUE: 'clambda event %s --help'",
                       argument, s->name);
    size_t len = (size_t)(equals - argument), prefix = strlen(ATTRIBUTE_PREFIX);
    for (size_t i = 0; i < s->nkeys; i++)
        if (strlen(s->keys[i].name) == len && memcmp(s->keys[i].name, argument, len) == 0)
            return set_value(&s->keys[i], equals + 1, v, i, err);
    if (s->attributes && strncmp(argument, ATTRIBUTE_PREFIX, prefix) == 0)
        return add_attribute(v, argument + prefix, len - prefix, equals + 1, err);
    char name[96];
    snprintf(name, sizeof name, "%.*s", (int)(len < 90 ? len : 90), argument);
    return unknown_key(s, name, err);
}

int event_values_read(const struct event_source *s, int argc, char **argv, struct event_values *v,
                      struct err *err)
{
    for (size_t i = 0; i < s->nkeys; i++)
        if (set_value(&s->keys[i], s->keys[i].fallback, v, i, err) < 0)
            return -1;
    for (int i = 0; i < argc; i++)
        if (set_argument(s, argv[i], v, err) < 0)
            return -1;
    return s->check ? s->check(v, err) : 0;
}
