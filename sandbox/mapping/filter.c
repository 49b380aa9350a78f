/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/filter.h"

#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "pattern/pattern.h"

#define DOCUMENT_MAX (64 * 1024 * 1024) /* of a record whose data is written out */
#define DATA_COUNT   2                  /* members of a record that hold data */

enum encoding { PLAIN, BASE64, OBJECT };

/* Where a source has what its producer wrote. AWS docs: "Using event filtering with an Amazon SQS
 * event source", and those of Kinesis, DynamoDB, Kafka. */
static const struct form {
    const char *data[DATA_COUNT];
    enum encoding encoding;
    const char *inside; /* the member whose members are at the top of a pattern */
    bool json_only;     /* data is JSON, and a pattern for its text is refused */
} forms[MAPPING_SOURCE_COUNT] = {
    [MAPPING_SQS] = {{"body", NULL}, PLAIN, NULL, false},
    [MAPPING_KINESIS] = {{"data", NULL}, BASE64, "kinesis", true},
    [MAPPING_DYNAMODB] = {{"dynamodb", NULL}, OBJECT, NULL, true},
    [MAPPING_KAFKA] = {{"value", "key"}, BASE64, NULL, false},
};

struct filter {
    enum mapping_source source;
    const struct form *form;
    struct pattern *patterns[MAPPING_FILTERS_MAX];
    size_t npatterns;
    char *texts; /* what follows points to it */
    const char *events[MAPPING_EVENTS_MAX];
    size_t nevents;
    const char *prefix, *suffix; /* decoded */
    size_t nprefix, nsuffix;
};

/* A record in the making: what patterns are matched against. */
struct document {
    const struct filter *f;
    struct buf text;
    enum pattern_member is[DATA_COUNT]; /* what the data turned out to be */
};

static int add_pattern(struct filter *f, const char *text, size_t number, struct err *err)
{
    struct pattern *p = pattern_compile(text, strlen(text), err);
    if (!p)
        return err_wrap(err, "filter %zu", number);
    f->patterns[f->npatterns++] = p;
    for (size_t i = 0; f->form->json_only && i < DATA_COUNT && f->form->data[i]; i++)
        if (pattern_member(p, f->form->data[i]) == PATTERN_ABOUT_TEXT)
            return err_set(
                err, ERR_USAGE,
                "filter %zu: Invalid filter pattern definition. '%s' takes a JSON object, "
                "not a list",
                number, f->form->data[i]);
    return 0;
}

/* A notification names "s3:ObjectCreated:Put" what a record calls "ObjectCreated:Put". */
static const char *without_service(const char *event)
{
    return strncmp(event, "s3:", 3) == 0 ? event + 3 : event;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* In place: URL-encoded, a space as '+', as records have a key, and notifications what is to be at
 * its start and end. AWS docs: "Configuring event notifications using object key name filtering".
 */
static size_t decode_key(char *key, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        int high = key[i] == '%' && i + 2 < len ? hex_digit(key[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(key[i + 2]) : -1;
        if (low >= 0) {
            key[out++] = (char)(high << 4 | low);
            i += 2;
        } else {
            key[out++] = (char)(key[i] == '+' ? ' ' : key[i]);
        }
    }
    return out;
}

static char *keep(char **free, const char *text)
{
    char *kept = *free;
    *free = stpcpy(*free, text) + 1;
    return kept;
}

static const char *keep_decoded(char **free, const char *text, size_t *out_len)
{
    char *kept = text ? keep(free, text) : NULL;
    *out_len = kept ? decode_key(kept, strlen(kept)) : 0;
    return kept;
}

static int copy_notification(struct filter *f, const struct mapping_settings *s, struct err *err)
{
    size_t size = (s->prefix ? strlen(s->prefix) + 1 : 0) + (s->suffix ? strlen(s->suffix) + 1 : 0);
    for (size_t i = 0; i < s->nevents; i++)
        size += strlen(s->events[i]) + 1;
    char *free = f->texts = malloc(size + 1);
    if (!free)
        return err_set(err, ERR_MEMORY, "no memory for a filter");
    for (size_t i = 0; i < s->nevents; i++)
        f->events[f->nevents++] = keep(&free, without_service(s->events[i]));
    f->prefix = keep_decoded(&free, s->prefix, &f->nprefix);
    f->suffix = keep_decoded(&free, s->suffix, &f->nsuffix);
    return 0;
}

static int fill(struct filter *f, const struct mapping_settings *s, struct err *err)
{
    f->source = s->source;
    f->form = &forms[s->source];
    for (size_t i = 0; i < s->nfilters; i++)
        if (add_pattern(f, s->filters[i], i + 1, err) < 0)
            return -1;
    return copy_notification(f, s, err);
}

struct filter *filter_criteria_open(const struct mapping_settings *s, struct err *err)
{
    struct filter *f = calloc(1, sizeof *f);
    if (!f) {
        err_set(err, ERR_MEMORY, "no memory for a filter");
        return NULL;
    }
    if (fill(f, s, err) == 0)
        return f;
    if (err->kind == ERR_INPUT)
        err->kind = ERR_USAGE;
    filter_criteria_close(f);
    return NULL;
}

void filter_criteria_close(struct filter *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->npatterns; i++)
        pattern_free(f->patterns[i]);
    free(f->texts);
    free(f);
}

static bool is_named(struct scan_value key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0;
}

/* What the producer wrote, from the JSON string at v, in out->ptr + out->len. */
static bool decode(enum encoding encoding, struct scan_value v, struct buf *out, size_t *len)
{
    char *room = buf_reserve(out, v.len + 3);
    if (!room)
        return false;
    long n = scan_unescape(v, room);
    if (n >= 0 && encoding == BASE64)
        n = base64_decode(room, (size_t)n, room);
    *len = n < 0 ? 0 : (size_t)n;
    return n >= 0;
}

/* Choice of ours: a text counts as JSON when it is an object or array; AWS's pages call "123" or
 * "true" neither plain nor JSON. */
static bool is_json(const char *text, size_t len)
{
    struct scan_fault fault;
    size_t at = 0;
    while (at < len && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    return at < len && (text[at] == '{' || text[at] == '[') && scan_valid(text, len, &fault);
}

/* The data as JSON where it is, else as a string; silent where it is neither. */
static enum pattern_member add_data(struct document *d, struct scan_value v)
{
    if (d->f->form->encoding == OBJECT || *v.ptr != '"') {
        buf_add(&d->text, v.ptr, v.len);
        return *v.ptr == '{' ? PATTERN_ABOUT_JSON : PATTERN_ABOUT_TEXT;
    }
    struct buf data;
    size_t len;
    enum pattern_member is = PATTERN_SILENT;
    buf_init(&data, DOCUMENT_MAX);
    if (!decode(d->f->form->encoding, v, &data, &len) || utf8_valid_prefix(data.ptr, len) != len) {
        buf_adds(&d->text, "null");
    } else if (is_json(data.ptr, len)) {
        is = PATTERN_ABOUT_JSON;
        buf_add(&d->text, data.ptr, len);
    } else {
        is = PATTERN_ABOUT_TEXT;
        buf_add_json_string(&d->text, data.ptr, len);
    }
    buf_inherit(&d->text, &data);
    buf_free(&data);
    return is;
}

static void add_members(struct document *d, struct scan_value object, const char *but)
{
    struct scan_value key, value;
    size_t at = 0;
    while (scan_next(object, &at, &key, &value)) {
        if (but && is_named(key, but))
            continue;
        if (d->text.len > 1)
            buf_addc(&d->text, ',');
        buf_add(&d->text, key.ptr - 1, key.len + 2);
        buf_addc(&d->text, ':');
        size_t i = 0;
        while (i < DATA_COUNT && d->f->form->data[i] && !is_named(key, d->f->form->data[i]))
            i++;
        if (i < DATA_COUNT && d->f->form->data[i])
            d->is[i] = add_data(d, value);
        else
            buf_add(&d->text, value.ptr, value.len);
    }
}

static void write_document(struct document *d, struct scan_value record)
{
    const char *inside = d->f->form->inside;
    buf_addc(&d->text, '{');
    if (inside) {
        char pointer[32] = "/";
        strncat(pointer, inside, sizeof pointer - 2);
        struct scan_value object = scan_find(record.ptr, record.len, pointer);
        if (object.ptr)
            add_members(d, object, NULL);
    }
    add_members(d, record, inside);
    buf_addc(&d->text, '}');
}

/* AWS docs: "Properly filtering Amazon SQS messages", and those of Kinesis, DynamoDB and Kafka: a
 * pattern for a text drops JSON, a pattern for JSON drops a text; without one only the other
 * members count. */
static bool is_mismatch(const struct document *d, const struct pattern *p)
{
    for (size_t i = 0; i < DATA_COUNT && d->f->form->data[i]; i++) {
        enum pattern_member wanted = pattern_member(p, d->f->form->data[i]);
        if (wanted != PATTERN_SILENT && wanted != d->is[i])
            return true;
    }
    return false;
}

static int passes_patterns(const struct filter *f, const struct record *r, struct err *err)
{
    struct document d = {.f = f};
    int passes = 0;
    buf_init(&d.text, DOCUMENT_MAX);
    write_document(&d, r->text);
    if (buf_check(&d.text, "a record for its filter", err) < 0)
        passes = -1;
    for (size_t i = 0; i < f->npatterns && !passes; i++)
        if (!is_mismatch(&d, f->patterns[i]))
            passes = pattern_matches(f->patterns[i], d.text.ptr, d.text.len, err);
    buf_free(&d.text);
    return passes;
}

static bool is_event(const struct filter *f, struct scan_value name)
{
    if (!f->nevents)
        return true;
    if (!name.ptr || *name.ptr != '"')
        return false;
    for (size_t i = 0; i < f->nevents; i++) {
        size_t len = strlen(f->events[i]);
        bool any = len && f->events[i][len - 1] == '*';
        len -= any;
        if ((any ? name.len - 2 >= len : name.len - 2 == len) &&
            memcmp(name.ptr + 1, f->events[i], len) == 0)
            return true;
    }
    return false;
}

static bool is_key(const struct filter *f, const char *key, size_t len)
{
    size_t prefix = f->nprefix, suffix = f->nsuffix;
    return len >= prefix && len >= suffix && (!prefix || memcmp(key, f->prefix, prefix) == 0) &&
           (!suffix || memcmp(key + len - suffix, f->suffix, suffix) == 0);
}

static int passes_notification(const struct filter *f, const struct record *r, struct err *err)
{
    if (!is_event(f, scan_find(r->text.ptr, r->text.len, "/eventName")))
        return 0;
    if (!f->prefix && !f->suffix)
        return 1;
    struct scan_value v = scan_find(r->text.ptr, r->text.len, "/s3/object/key");
    if (!v.ptr || *v.ptr != '"')
        return 0;
    AUTO_FREE char *key = malloc(v.len);
    if (!key)
        return err_set(err, ERR_MEMORY, "no memory for the key of an object");
    long len = scan_unescape(v, key);
    return len >= 0 && is_key(f, key, decode_key(key, (size_t)len));
}

int filter_passes(const struct filter *f, const struct record *r, struct err *err)
{
    if (f->npatterns)
        return passes_patterns(f, r, err);
    if (f->nevents || f->prefix || f->suffix)
        return passes_notification(f, r, err);
    return 1;
}

/* ---- what AWS does not document -------------------------------------------------------------- */

/* AWS docs: "Using event filtering with ..." of each source: the first member of its form; that of
 * DynamoDB has eventName in an example. */
static bool is_documented(const struct filter *f, const char *name, size_t len)
{
    static const char about_event[] = "event";
    const char *data = f->form->data[0];
    if (len == strlen(data) && memcmp(name, data, len) == 0)
        return true;
    return f->source == MAPPING_DYNAMODB && len >= sizeof about_event - 1 &&
           memcmp(name, about_event, sizeof about_event - 1) == 0;
}

static bool has_top(const struct filter *f, size_t npatterns, const char *name, size_t len)
{
    for (size_t i = 0; i < npatterns; i++) {
        const char *other;
        size_t other_len;
        for (size_t n = 0; (other = pattern_top(f->patterns[i], n, &other_len)); n++)
            if (other_len == len && memcmp(other, name, len) == 0)
                return true;
    }
    return false;
}

static void note_members(const struct filter *f, size_t number, struct buf *out)
{
    const char *name;
    size_t len;
    for (size_t n = 0; (name = pattern_top(f->patterns[number], n, &len)); n++) {
        if (is_documented(f, name, len) || has_top(f, number, name, len))
            continue;
        buf_adds(out, "a filter on ");
        buf_add_json_string(out, name, len);
        buf_addf(out,
                 ": of %s AWS documents filters on \"%s\" only; it is evaluated here, try it on "
                 "AWS\n",
                 mapping_source_names[f->source], f->form->data[0]);
    }
}

void filter_notes(const struct filter *f, struct buf *out)
{
    unsigned extras = 0;
    for (size_t i = 0; i < f->npatterns; i++) {
        note_members(f, i, out);
        extras |= pattern_extras(f->patterns[i]);
    }
    for (int i = 0; i < PATTERN_EXTRA_COUNT; i++)
        if (extras & 1u << i)
            buf_addf(out,
                     "a filter with %s: AWS's page on Lambda's filters does not list it, that of "
                     "EventBridge does; it is evaluated here, try it on AWS\n",
                     pattern_extra_names[i]);
    if (f->npatterns > MAPPING_FILTERS_UNASKED)
        buf_addf(out, "%zu filters: AWS takes %d, and up to %d on request\n", f->npatterns,
                 MAPPING_FILTERS_UNASKED, MAPPING_FILTERS_MAX);
}
