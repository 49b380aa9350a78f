/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/settings.h"

#include <inttypes.h>
#include <string.h>

#include "base/scan.h"
#include "base/utf8.h"
#include "mapping/settings_table.h"

#define NUMBER_DIGITS 15 /* of a number: all limits are far below */
#define TOLD          240
#define MESSAGE_MAX   ERR_MSG_MAX
#define RECEIVES      "max-receives" /* what SQS counts: the first delivery too */
#define RECEIVES_AWS  "maxReceiveCount"

/* A text on its way into settings. */
struct parse {
    struct mapping_settings *s;
    const char *at;
    char *free; /* the next free byte of s->texts */
    uint64_t seen;
    bool receives; /* retries were seen as max-receives */
};

/* One setting of the text: views, and what is made of the value. */
struct given {
    const struct settings_row *row;
    const char *name;
    size_t len;
    bool valued;
    const char *value; /* in s->texts, NUL-terminated */
    bool quoted;
};

static bool is_receives(const struct given *g)
{
    return g->len == strlen(RECEIVES) && memcmp(g->name, RECEIVES, g->len) == 0;
}

static const char *source_of(const struct parse *p)
{
    return mapping_source_names[p->s->source];
}

static void set_number(struct mapping_settings *s, const struct settings_row *row, int64_t value)
{
    memcpy((char *)s + row->offset, &value, sizeof value);
}

static bool is_number(const struct settings_row *row)
{
    return row->kind == SETTINGS_COUNT || row->kind == SETTINGS_TIME;
}

bool mapping_is_async(enum mapping_source source)
{
    return source == MAPPING_S3 || source == MAPPING_ASYNC;
}

bool mapping_is_ordered(const struct mapping_settings *s)
{
    return s->source == MAPPING_KINESIS || s->source == MAPPING_DYNAMODB ||
           s->source == MAPPING_KAFKA || s->fifo;
}

const char *mapping_given_up_to(const struct mapping_settings *s)
{
    if (s->dlq && s->on_failure)
        return "dead-letter queue and on-failure destination";
    bool queue = s->source == MAPPING_SQS || (mapping_is_async(s->source) && !s->on_failure);
    return queue ? "dead-letter queue" : "on-failure destination";
}

void mapping_settings_default(enum mapping_source source, struct mapping_settings *out)
{
    *out = (struct mapping_settings){
        .source = source,
        .payload_bytes = mapping_is_async(source) ? MAPPING_PUSHED_BYTES : MAPPING_PAYLOAD_BYTES};
    out->batch = 1;
    if (!mapping_is_async(source))
        out->concurrency = MAPPING_NO_LIMIT;
    if (source ==
        MAPPING_DYNAMODB) /* fixed; AWS docs: "Change data capture for DynamoDB Streams" */
        out->retention_ms = INT64_C(24) * 3600 * 1000;
    for (size_t i = 0; i < settings_count; i++)
        if ((settings_rows[i].sources & 1u << source) && is_number(&settings_rows[i]))
            set_number(out, &settings_rows[i], settings_rows[i].preset);
}

/* "max-age=5: MaximumRecordAgeInSeconds takes ...". */
static int refuse(const struct parse *p, const struct given *g, const char *why, struct err *err)
{
    struct buf limits;
    buf_init(&limits, MESSAGE_MAX);
    if (is_receives(g))
        buf_addf(&limits, "%" PRId64 " to %" PRId64, g->row->min + 1, g->row->max + 1);
    else
        settings_print_limits(g->row, &limits);
    err_set(err, ERR_USAGE, "%s: '%.*s%s%.*s'%s%s: %s takes %s", source_of(p), (int)g->len, g->name,
            g->valued ? "=" : "", TOLD, g->value ? g->value : "", *why ? " " : "", why,
            is_receives(g) ? RECEIVES_AWS : g->row->aws, limits.ptr ? limits.ptr : "other values");
    buf_free(&limits);
    return -1;
}

/* Digits without a sign or a zero before them. */
static bool read_digits(const char **at, int64_t *out)
{
    const char *start = *at;
    int64_t value = 0;
    while (**at >= '0' && **at <= '9' && *at - start < NUMBER_DIGITS)
        value = value * 10 + (*(*at)++ - '0');
    *out = value;
    return *at > start && (*start != '0' || *at == start + 1);
}

static bool read_unit(const char *text, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        *ms = units[i].ms;
        return true;
    }
    return false;
}

static int take_number(struct parse *p, const struct given *g, struct err *err)
{
    const struct settings_row *row = g->row;
    bool receives = is_receives(g);
    const char *at = g->value;
    int64_t value, unit = 1;
    if (strcmp(at, "-1") == 0 && row->endless && !receives) {
        set_number(p->s, row, MAPPING_NO_LIMIT);
        return 0;
    }
    bool negative = *at == '-';
    at += negative;
    if (!read_digits(&at, &value))
        return refuse(p, g, "is no number", err);
    if (negative)
        return refuse(p, g, "is too little", err);
    if (row->kind == SETTINGS_TIME && !read_unit(at, &unit))
        return refuse(p, g, "is no time (5, 500ms, 5s, 2m, 6h, 4d)", err);
    if (row->kind == SETTINGS_COUNT && *at)
        return refuse(p, g, "is no number", err);
    if (value > row->max / unit + 1)
        return refuse(p, g, "is too much", err);
    value = value * unit - (receives ? 1 : 0);
    if (value < row->min || value > row->max)
        return refuse(p, g, value < row->min ? "is too little" : "is too much", err);
    if (row->step && value % row->step && value != row->preset)
        return refuse(p, g, row->step > 1000 ? "is not in whole hours" : "is not in whole seconds",
                      err);
    set_number(p->s, row, value);
    return 0;
}

static int take_flag(struct parse *p, const struct given *g, struct err *err)
{
    if (g->valued)
        return refuse(p, g, "is only named, without '='", err);
    *(bool *)((char *)p->s + g->row->offset) = true;
    return 0;
}

static int take_text(struct parse *p, const struct given *g, struct err *err)
{
    if (g->row->max && (int64_t)strlen(g->value) > g->row->max)
        return refuse(p, g, "is too long", err);
    memcpy((char *)p->s + g->row->offset, &g->value, sizeof g->value);
    return 0;
}

static int take_filter(struct parse *p, const struct given *g, struct err *err)
{
    if (p->s->nfilters == MAPPING_FILTERS_MAX)
        return refuse(p, g, "is one too many", err);
    bool pattern = *g->value == '{' && !g->quoted;
    if (!pattern && (*g->value != '@' || !g->value[1]))
        return refuse(p, g, "is neither", err);
    p->s->filters[p->s->nfilters++] = g->value;
    return 0;
}

static int take_event(struct parse *p, const struct given *g, struct err *err)
{
    if (p->s->nevents == MAPPING_EVENTS_MAX)
        return refuse(p, g, "is one too many", err);
    for (size_t i = 0; i < p->s->nevents; i++)
        if (strcmp(p->s->events[i], g->value) == 0)
            return refuse(p, g, "is there twice", err);
    if (!settings_event_known(g->value, strlen(g->value))) {
        struct buf names;
        buf_init(&names, MESSAGE_MAX);
        settings_print_events(&names);
        err_set(err, ERR_USAGE, "s3: 'events=%.*s' is no event of a notification; they are %s", 80,
                g->value, names.ptr ? names.ptr : "others");
        buf_free(&names);
        return -1;
    }
    p->s->events[p->s->nevents++] = g->value;
    return 0;
}

static int (*const takers[])(struct parse *p, const struct given *g, struct err *err) = {
    [SETTINGS_COUNT] = take_number, [SETTINGS_TIME] = take_number,   [SETTINGS_FLAG] = take_flag,
    [SETTINGS_TEXT] = take_text,    [SETTINGS_FILTER] = take_filter, [SETTINGS_EVENT] = take_event,
};

/* Behind the quote of the string at p; NULL: it has no end. */
static const char *string_end(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && *++p == '\0')
            return NULL;
    return *p ? p + 1 : NULL;
}

/* Behind the bracket that closes the one at p. */
static const char *object_end(const char *p)
{
    size_t depth = 0;
    while (*p) {
        if (*p == '"') {
            p = string_end(p);
            if (!p)
                return NULL;
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        if ((*p == '}' || *p == ']') && --depth == 0)
            return p + 1;
        p++;
    }
    return NULL;
}

/* Copies the value at p->at, up to the comma behind it. */
static int read_value(struct parse *p, struct given *g, struct err *err)
{
    const char *at = p->at, *end = at + strcspn(at, ",");
    g->quoted = *at == '"';
    if (g->quoted)
        end = string_end(at);
    else if (*at == '{' && g->row->kind == SETTINGS_FILTER)
        end = object_end(at);
    if (!end || (*end && *end != ','))
        return err_set(err, ERR_USAGE, "%s: '%.*s=%.*s' %s", source_of(p), (int)g->len, g->name,
                       TOLD, at, end ? "has more behind its end than a comma" : "has no end");
    long len = (long)(end - at);
    if (g->quoted)
        len = scan_unescape((struct scan_value){at, (size_t)len}, p->free);
    else
        memcpy(p->free, at, (size_t)len);
    if (len < 0 || memchr(p->free, '\0', (size_t)len))
        return err_set(err, ERR_USAGE, "%s: '%.*s=%.*s' is no JSON string", source_of(p),
                       (int)g->len, g->name, TOLD, at);
    p->free[len] = '\0';
    g->value = p->free;
    p->free += len + 1;
    p->at = end;
    return len ? 0 : refuse(p, g, "has no value", err);
}

static int unknown(const struct parse *p, const struct given *g, struct err *err)
{
    unsigned sources = 0;
    const char *aws = "", *before = "";
    struct buf names;
    buf_init(&names, MESSAGE_MAX);
    for (size_t i = 0; i < settings_count; i++) {
        const struct settings_row *row = &settings_rows[i];
        if (strlen(row->name) == g->len && memcmp(row->name, g->name, g->len) == 0) {
            sources |= row->sources;
            aws = row->aws;
        }
        if (row->sources & 1u << p->s->source) {
            buf_addf(&names, "%s%s", before, row->name);
            before = ", ";
            if (p->s->source == MAPPING_SQS && strcmp(row->name, "retries") == 0)
                buf_adds(&names, ", " RECEIVES);
        }
    }
    if (is_receives(g)) {
        sources = 1u << MAPPING_SQS;
        aws = RECEIVES_AWS;
    }
    if (!sources) {
        err_set(err, ERR_USAGE, "%s has no setting '%.*s'; it has %s", source_of(p),
                (int)(g->len < 60 ? g->len : 60), g->name, names.ptr ? names.ptr : "none");
    } else {
        buf_reset(&names);
        settings_print_sources(sources, &names);
        err_set(err, ERR_USAGE, "'%.*s' (%s) is a setting of %s, not of %s", (int)g->len, g->name,
                aws, names.ptr ? names.ptr : "others", source_of(p));
    }
    buf_free(&names);
    return -1;
}

static const struct settings_row *row_of(const struct parse *p, const struct given *g)
{
    enum mapping_source source = p->s->source;
    if (source == MAPPING_SQS && is_receives(g))
        return settings_find(source, "retries", strlen("retries"));
    return settings_find(source, g->name, g->len);
}

static int read_setting(struct parse *p, struct err *err)
{
    struct given g = {.name = p->at, .len = strcspn(p->at, "=,")};
    g.row = row_of(p, &g);
    if (!g.row)
        return unknown(p, &g, err);
    uint64_t bit = UINT64_C(1) << (g.row - settings_rows);
    bool many = g.row->kind == SETTINGS_FILTER || g.row->kind == SETTINGS_EVENT;
    bool receives = is_receives(&g);
    bool other = receives ? !p->receives : p->receives && strcmp(g.row->name, "retries") == 0;
    if ((p->seen & bit) && other)
        return err_set(err, ERR_USAGE,
                       "%s: 'retries' and '" RECEIVES "' say the same, " RECEIVES
                       " counts the first delivery, too: leave one out",
                       source_of(p));
    if ((p->seen & bit) && !many)
        return refuse(p, &g, "is there twice", err);
    p->seen |= bit;
    p->receives = p->receives || receives;
    p->at += g.len;
    g.valued = *p->at == '=';
    if (!g.valued && g.row->kind != SETTINGS_FLAG)
        return refuse(p, &g, "has no value", err);
    p->at += g.valued;
    if (g.valued && read_value(p, &g, err) < 0)
        return -1;
    return takers[g.row->kind](p, &g, err);
}

static int read_source(const char *text, size_t len, enum mapping_source *out, struct err *err)
{
    for (int i = 0; i < MAPPING_SOURCE_COUNT; i++) {
        if (strlen(mapping_source_names[i]) != len ||
            memcmp(mapping_source_names[i], text, len) != 0)
            continue;
        *out = (enum mapping_source)i;
        return 0;
    }
    struct buf names;
    buf_init(&names, MESSAGE_MAX);
    settings_print_sources((1u << MAPPING_SOURCE_COUNT) - 1, &names);
    err_set(err, ERR_USAGE,
            "'%.*s' is no event source; they are %s, with settings as in sqs:batch=10,retries=3",
            (int)(len < TOLD ? len : TOLD), text, names.ptr ? names.ptr : "others");
    buf_free(&names);
    return -1;
}

static int read_settings(const char *text, struct mapping_settings *s, struct err *err)
{
    size_t len = strcspn(text, ":");
    enum mapping_source source;
    if (read_source(text, len, &source, err) < 0)
        return -1;
    mapping_settings_default(source, s);
    if (!text[len])
        return 0;
    s->texts = malloc(strlen(text) + 1);
    if (!s->texts)
        return err_set(err, ERR_MEMORY, "no memory for settings");
    struct parse p = {.s = s, .at = text + len + 1, .free = s->texts};
    for (;;) {
        if (read_setting(&p, err) < 0)
            return -1;
        if (!*p.at)
            return 0;
        p.at++;
    }
}

int mapping_settings_parse(const char *text, struct mapping_settings *out, struct err *err)
{
    struct mapping_settings s = {0};
    size_t len = strnlen(text, MAPPING_TEXT_MAX + 1);
    if (len > MAPPING_TEXT_MAX)
        return err_set(err, ERR_USAGE, "the settings of a source are longer than %d bytes",
                       MAPPING_TEXT_MAX);
    if (utf8_valid_prefix(text, len) != len)
        return err_set(err, ERR_USAGE, "the settings of a source are not UTF-8");
    if (read_settings(text, &s, err) < 0) {
        mapping_settings_fini(&s);
        return -1;
    }
    *out = s;
    return 0;
}

void mapping_settings_fini(struct mapping_settings *s)
{
    free(s->texts);
    *s = (struct mapping_settings){0};
}
