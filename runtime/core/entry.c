/* SPDX-License-Identifier: Apache-2.0 */
#include "core/entry.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "decode/number.h"

#define ID_SHOWN 128 /* bytes of the ids, which the Runtime API gives */

static const char *const level_names[] = {
    [LAMBDA_TRACE] = "TRACE", [LAMBDA_DEBUG] = "DEBUG", [LAMBDA_INFO] = "INFO",
    [LAMBDA_WARN] = "WARN",   [LAMBDA_ERROR] = "ERROR", [LAMBDA_FATAL] = "FATAL",
};

const char *entry_level_name(unsigned level)
{
    return level < ARRAY_LEN(level_names) ? level_names[level] : NULL;
}

static void put_digits(char *out, int64_t value, int digits)
{
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* The civil calendar by arithmetic (era of 400 years that starts in March): gmtime_r would read the
 * time zone's file, and may not be called from a signal handler. */
void entry_time(char out[ENTRY_TIME_LEN])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t days = now.tv_sec / 86400, second = now.tv_sec % 86400;
    int64_t from_march_0000 = days + 719468;
    int64_t era = from_march_0000 / 146097, day_of_era = from_march_0000 % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);

    memcpy(out, "0000-00-00T00:00:00.000Z", ENTRY_TIME_LEN);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, second / 3600, 2);
    put_digits(out + 14, second / 60 % 60, 2);
    put_digits(out + 17, second % 60, 2);
    put_digits(out + 20, now.tv_nsec / 1000000, 3);
}

static void put_time(struct report *r)
{
    char time[ENTRY_TIME_LEN];
    entry_time(time);
    report_put(r, time, sizeof time);
}

/* ---- texts --------------------------------------------------------------------------------- */

/* What stands in a JSON string for the byte at text, which cannot stand there itself. */
static size_t escape(const char *text, size_t step, char out[6])
{
    static const char names[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    unsigned char c = (unsigned char)*text;
    if (!step) {
        memcpy(out, "\xEF\xBF\xBD", 3);
        return 3;
    }
    out[0] = '\\';
    out[1] = c < 32 ? names[c] : (char)c;
    if (out[1] && c != 0x7f)
        return 2;
    memcpy(out + 1, "u00", 3);
    out[4] = (char)('0' + (c >> 4));
    out[5] = "0123456789abcdef"[c & 15];
    return 6;
}

/* len bytes or, when they do not fit, as many whole characters as do. */
static void put_run(struct report *r, const char *text, size_t len)
{
    size_t room = r->cap - r->len;
    if (len > room) {
        size_t whole = utf8_valid_prefix(text, room);
        len = room - whole < 4 ? whole : room;
        r->cut = true;
    }
    report_put(r, text, len);
}

/* The inside of a JSON string, as far as it fits. */
static void put_inside(struct report *r, const char *text, size_t len)
{
    size_t plain = 0; /* start of the run that needs no change */
    for (size_t i = 0; i < len && !r->cut;) {
        unsigned char c = (unsigned char)text[i];
        size_t step = utf8_step(text + i, len - i);
        if (step && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
            i += step;
            continue;
        }
        char other[6];
        size_t n = escape(text + i, step, other);
        put_run(r, text + plain, i - plain);
        plain = ++i;
        if (r->cap - r->len < n)
            r->cut = true;
        else
            report_put(r, other, n);
    }
    if (!r->cut)
        put_run(r, text + plain, len - plain);
}

/* A JSON string whose end always fits when its begin does. */
static void put_string(struct report *r, const char *text, size_t len)
{
    if (r->cap - r->len < 2) {
        r->cut = true;
        return;
    }
    report_put(r, "\"", 1);
    r->cap--;
    put_inside(r, text, len);
    r->cap++;
    r->text[r->len++] = '"';
}

/* One member of the line's own; its value may be cut, its key never is. The first of them always
 * fit. */
static void put_member(struct report *r, const char *key, const char *value, size_t len)
{
    size_t from = r->len;
    report_text(r, ",\"");
    report_text(r, key);
    report_text(r, "\":");
    if (r->cap - r->len >= 2) {
        put_string(r, value, len);
        return;
    }
    report_rewind(r, from);
    r->cut = true;
}

static void put_id(struct report *r, const char *key, const char *id)
{
    if (id && *id)
        put_member(r, key, id, strnlen(id, ID_SHOWN));
}

/* ---- fields -------------------------------------------------------------------------------- */

static void put_i64(struct report *r, int64_t value)
{
    if (value < 0)
        report_text(r, "-");
    report_number(r, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

static void put_f64(struct report *r, double value)
{
    char text[NUMBER_TEXT];
    const char *name = isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
    if (!isfinite(value)) {
        put_string(r, name, strlen(name));
        return;
    }
    number_print(value, text);
    report_text(r, text);
}

/* Whether a text can stand behind "key=" as it is. */
static bool is_bare(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return len && utf8_valid_prefix(text, len) == len;
}

static void put_bare(struct report *r, const char *text, size_t len)
{
    if (is_bare(text, len))
        put_run(r, text, len);
    else
        put_string(r, text, len);
}

static void put_value(struct report *r, const struct lambda_kv *kv,
                      void (*put_text)(struct report *, const char *, size_t))
{
    if (kv->kind == LAMBDA_KV_I64)
        put_i64(r, kv->i64);
    else if (kv->kind == LAMBDA_KV_U64)
        report_number(r, (uint64_t)kv->i64, 10);
    else if (kv->kind == LAMBDA_KV_F64)
        put_f64(r, kv->f64);
    else if (kv->kind == LAMBDA_KV_BOOL)
        report_text(r, kv->i64 ? "true" : "false");
    else if (kv->kind == LAMBDA_KV_TEXT && kv->text)
        put_text(r, kv->text, kv->len);
    else
        report_text(r, "null");
}

/* A key as "_" so many times and a rest that does not start with one. */
struct key {
    size_t front;
    const char *rest;
};

static struct key split_key(const struct lambda_kv *kv)
{
    const char *key = kv->key && *kv->key ? kv->key : "_";
    size_t front = strspn(key, "_");
    return (struct key){front, key + front};
}

static bool is_reserved(const char *key)
{
    static const char names[][13] = {"timestamp", "level",        "message",
                                     "requestId", "tenantId",     "traceId",
                                     "errorType", "errorMessage", "stackTrace"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

/* Gives a field's key so many "_" that no member of the line has it: fronts are those of the fields
 * before it. */
static struct key name_field(const struct entry *e, size_t index, const unsigned char *fronts)
{
    struct key key = split_key(&e->fields[index]);
    if (!key.front && is_reserved(key.rest))
        key.front = 1;
    for (size_t i = 0; i < index; i++) {
        if (fronts[i] != key.front || strcmp(split_key(&e->fields[i]).rest, key.rest) != 0)
            continue;
        key.front++;
        i = (size_t)-1; /* an earlier one may have that */
    }
    return key;
}

/* ,"key": -- false when there is no room for it and a number behind it. */
static bool put_key(struct report *r, struct key key)
{
    size_t from = r->len;
    report_text(r, ",\"");
    while (key.front--)
        report_text(r, "_");
    put_inside(r, key.rest, strlen(key.rest));
    report_text(r, "\":");
    if (!r->cut && r->cap - r->len >= NUMBER_TEXT)
        return true;
    report_rewind(r, from);
    r->cut = true;
    return false;
}

/* As many as fit; of the last one a text may be cut. */
static void put_fields(const struct entry *e, struct report *r)
{
    unsigned char fronts[ENTRY_FIELDS_MAX];
    size_t count = e->nfields < ENTRY_FIELDS_MAX ? e->nfields : ENTRY_FIELDS_MAX;
    for (size_t i = 0; i < count && !r->cut; i++) {
        struct key key = name_field(e, i, fronts);
        if (key.front > 255)
            key.front = 255;
        fronts[i] = (unsigned char)key.front;
        if (put_key(r, key))
            put_value(r, &e->fields[i], put_string);
    }
}

static void put_error(const struct entry *e, struct report *r)
{
    if (r->cap - r->len < 64) {
        r->cut = true;
        return;
    }
    put_member(r, "errorType", e->error_type, strlen(e->error_type));
    put_member(r, "errorMessage", e->error_message, strlen(e->error_message));
    if (r->cap - r->len < e->stack_len + 32) {
        r->cut = true;
        return;
    }
    report_text(r, ",\"stackTrace\":");
    report_put(r, e->stack ? e->stack : "[]", e->stack ? e->stack_len : 2);
}

/* ---- lines --------------------------------------------------------------------------------- */

void entry_print_json(const struct entry *e, struct report *r)
{
    static const char end[] = {'}', '\n'};
    r->cap -= sizeof end;
    report_text(r, "{\"timestamp\":\"");
    put_time(r);
    report_text(r, "\",\"level\":\"");
    report_text(r, level_names[e->level]);
    report_text(r, "\"");
    put_id(r, "requestId", e->request_id);
    put_id(r, "tenantId", e->tenant_id);
    put_id(r, "traceId", e->trace_id);
    put_member(r, "message", e->text, e->len);
    if (e->error_type)
        put_error(e, r);
    put_fields(e, r);
    r->cap += sizeof end;
    report_put(r, end, sizeof end);
}

/* As many as fit; of the last one a text may be cut. */
static void put_words(const struct entry *e, struct report *r)
{
    size_t count = e->nfields < ENTRY_FIELDS_MAX ? e->nfields : ENTRY_FIELDS_MAX;
    for (size_t i = 0; i < count && !r->cut; i++) {
        struct key key = split_key(&e->fields[i]);
        const char *whole = key.rest - key.front;
        size_t from = r->len;
        report_text(r, " ");
        put_bare(r, whole, strlen(whole));
        report_text(r, "=");
        if (r->cut || r->cap - r->len < NUMBER_TEXT) {
            report_rewind(r, from);
            r->cut = true;
            return;
        }
        put_value(r, &e->fields[i], put_bare);
    }
}

void entry_print_text(const struct entry *e, struct report *r)
{
    const char *id = e->request_id && *e->request_id ? e->request_id : "-";
    r->cap--;
    put_time(r);
    report_text(r, "\t");
    report_put(r, id, strnlen(id, ID_SHOWN));
    report_text(r, "\t");
    report_text(r, level_names[e->level]);
    report_text(r, "\t");
    size_t from = r->len;
    put_run(r, e->text, e->len);
    for (char *p = r->text + from; (p = memchr(p, '\n', (size_t)(r->text + r->len - p)));)
        *p = '\r';
    put_words(e, r);
    r->cap++;
    report_put(r, "\n", 1);
}
