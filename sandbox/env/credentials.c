/* SPDX-License-Identifier: Apache-2.0 */
#include "env/credentials.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/line.h"
#include "env/settings.h"

#define FILE_LIMIT (1 << 20)

/* Variable, and the key of a credentials file is the same in small letters. */
static const struct {
    const char *name;
    size_t offset; /* of the char * in struct settings_credentials */
    bool needed;
} rows[] = {
    {"AWS_ACCESS_KEY_ID", offsetof(struct settings_credentials, access_key), true},
    {"AWS_SECRET_ACCESS_KEY", offsetof(struct settings_credentials, secret_key), true},
    {"AWS_SESSION_TOKEN", offsetof(struct settings_credentials, session_token), false},
};

static char **slot(struct settings *s, size_t row)
{
    return (char **)(void *)((char *)&s->credentials + rows[row].offset);
}

static int put(struct settings *s, size_t row, const char *value, size_t len, struct err *err)
{
    bool fine = len >= 1 && len <= SETTINGS_TOKEN_MAX;
    for (size_t i = 0; fine && i < len; i++)
        fine = value[i] > ' ' && value[i] < 0x7f;
    if (!fine)
        return err_set(err, ERR_INPUT, "%s is not 1 to %d printable characters without blanks",
                       rows[row].name, SETTINGS_TOKEN_MAX);
    char *copy = strndup(value, len);
    if (!copy)
        return err_set(err, ERR_MEMORY, "no memory for credentials");
    free(*slot(s, row));
    *slot(s, row) = copy;
    return 0;
}

void credentials_clear(struct settings *s)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        free(*slot(s, i));
        *slot(s, i) = NULL;
    }
}

int credentials_dummy(struct settings *s, struct err *err)
{
    credentials_clear(s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (put(s, i, "test", 4, err) < 0)
            return -1;
    return 0;
}

static int check_complete(struct settings *s, const char *what, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].needed && !*slot(s, i))
            return err_set(err, ERR_INPUT, "%s has no %s", what, rows[i].name);
    return 0;
}

static int from_environment(struct settings *s, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *value = getenv(rows[i].name);
        if (value && *value && put(s, i, value, strlen(value), err) < 0)
            return -1;
    }
    return check_complete(s, "the environment", err);
}

/* Without blanks at both ends. */
static void trim(const char **text, size_t *len)
{
    while (*len && strchr(" \t\r", (*text)[*len - 1]))
        --*len;
    while (*len && strchr(" \t", **text)) {
        ++*text;
        --*len;
    }
}

static int take_line(struct settings *s, const char *line, size_t len, struct err *err)
{
    const char *equal = memchr(line, '=', len);
    if (!equal)
        return 0;
    const char *value = equal + 1;
    size_t name_len = (size_t)(equal - line), value_len = len - name_len - 1;
    trim(&line, &name_len);
    trim(&value, &value_len);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strlen(rows[i].name) == name_len && strncasecmp(line, rows[i].name, name_len) == 0)
            return put(s, i, value, value_len, err);
    return 0;
}

int credentials_parse(struct settings *s, const char *text, size_t len, const char *what,
                      struct err *err)
{
    credentials_clear(s);
    bool relevant = true; /* before any section: NAME=VALUE lines */
    unsigned number = 0;
    size_t at = 0, n;
    for (const char *line; (line = line_next(text, len, &at, &n));) {
        number++;
        trim(&line, &n);
        if (n && line[0] == '[')
            relevant = n == 9 && memcmp(line, "[default]", 9) == 0;
        else if (relevant && n && line[0] != '#' && line[0] != ';' &&
                 take_line(s, line, n, err) < 0)
            return err_wrap(err, "%s, line %u", what, number);
    }
    return check_complete(s, what, err);
}

int credentials_load(struct settings *s, const char *source, struct err *err)
{
    credentials_clear(s);
    if (strcmp(source, "none") == 0)
        return 0;
    if (strcmp(source, "env") == 0)
        return from_environment(s, err);
    size_t len;
    AUTO_FREE char *text = file_read(source, FILE_LIMIT, &len, err);
    if (!text)
        return err_wrap(err, "neither none nor env, so a file");
    char what[300];
    snprintf(what, sizeof what, "'%.200s'", source);
    return credentials_parse(s, text, len, what, err);
}
