/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

#define EXACT_MAX   9007199254740992 /* 2^53: every integer up to here is a double */
#define NUMBER_TEXT 60               /* cJSON cuts numbers off at 63 characters */

/* Without floor() and fabs(): bootstrap links no libm. */
static bool is_whole(double value)
{
    return value >= -(double)EXACT_MAX && value <= (double)EXACT_MAX &&
           value == (double)(int64_t)value;
}

static const cJSON *node(const struct json *v)
{
    return (const cJSON *)(const void *)v;
}

static struct json *wrap(cJSON *item)
{
    return (struct json *)(void *)item;
}

/* ---- parsing ----------------------------------------------------------------------------------
 */

static unsigned hex4(const char *p)
{
    char digits[5] = {p[0], p[1], p[2], p[3], '\0'};
    return (unsigned)strtoul(digits, NULL, 16);
}

/* The \u escape at *p of a valid string: steps over it, and over the pair that it starts. */
static const char *inexact_escape(const char **p)
{
    unsigned unit = hex4(*p + 2);
    *p += 6;
    if (unit == 0)
        return "\\u0000 in a string";
    if (unit < 0xD800 || unit >= 0xE000)
        return NULL;
    unsigned low = unit < 0xDC00 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex4(*p + 2) : 0;
    if (low < 0xDC00 || low >= 0xE000)
        return "a lone surrogate in a string";
    *p += 6;
    return NULL;
}

static const char *inexact_number(const char **p, const char *end)
{
    char text[NUMBER_TEXT + 1];
    size_t len = 0;
    bool integer = true;
    for (; *p < end && strchr("+-.eE0123456789", **p) && **p; (*p)++) {
        if (len == NUMBER_TEXT)
            return "a number of more than 60 characters";
        integer = integer && !strchr(".eE", **p);
        text[len++] = **p;
    }
    text[len] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return "a number out of range";
    /* 2^53 + 1 reads as 2^53, so that 2^53 itself cannot be trusted */
    return integer && fabs(value) >= (double)EXACT_MAX ? "an integer beyond 2^53" : NULL;
}

/* What in a valid text cJSON would change, and where; NULL when nothing. */
static const char *find_inexact(const char *text, size_t len, size_t *offset)
{
    const char *p = text, *end = text + len;
    bool in_string = false;
    while (p < end) {
        const char *what = NULL, *start = p;
        if (*p == '"')
            in_string = !in_string, p++;
        else if (in_string && *p == '\\' && p[1] == 'u')
            what = inexact_escape(&p);
        else if (in_string)
            p += *p == '\\' ? 2 : 1;
        else if (*p == '-' || (*p >= '0' && *p <= '9'))
            what = inexact_number(&p, end);
        else
            p++;
        if (what) {
            *offset = (size_t)(start - text);
            return what;
        }
    }
    return NULL;
}

struct json *json_parse(const char *text, size_t len, struct err *err)
{
    struct scan_fault fault;
    if (!scan_valid(text, len, &fault)) {
        err_set(err, ERR_INPUT, "line %zu, column %zu: %s", fault.line, fault.column, fault.reason);
        return NULL;
    }
    size_t offset;
    const char *what = find_inexact(text, len, &offset);
    if (what) {
        scan_locate(text, offset, &fault);
        err_set(err, ERR_LIMIT, "line %zu, column %zu: %s cannot be kept exactly", fault.line,
                fault.column, what);
        return NULL;
    }
    cJSON *root = cJSON_ParseWithLengthOpts(text, len, NULL, 0);
    if (!root)
        err_set(err, ERR_MEMORY, "no memory for a JSON document of %zu bytes", len);
    return wrap(root);
}

void json_free(struct json *v)
{
    cJSON_Delete((cJSON *)(void *)v);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static enum json_kind raw_kind(const char *text)
{
    switch (text[strspn(text, " \t\r\n")]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

enum json_kind json_kind(const struct json *v)
{
    switch (v ? node(v)->type & 0xFF : cJSON_NULL) {
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    case cJSON_Raw:
        return raw_kind(node(v)->valuestring);
    default:
        return JSON_NULL;
    }
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (json_kind(object) != JSON_OBJECT)
        return NULL;
    for (const cJSON *m = node(object)->child; m; m = m->next)
        if (strcmp(m->string, key) == 0)
            return (const struct json *)(const void *)m;
    return NULL;
}

const struct json *json_first(const struct json *container)
{
    return container ? (const struct json *)(const void *)node(container)->child : NULL;
}

const struct json *json_next(const struct json *v)
{
    return v ? (const struct json *)(const void *)node(v)->next : NULL;
}

const char *json_key(const struct json *member)
{
    return member ? node(member)->string : NULL;
}

size_t json_count(const struct json *container)
{
    size_t n = 0;
    for (const struct json *v = json_first(container); v; v = json_next(v))
        n++;
    return n;
}

const char *json_string(const struct json *v)
{
    return v && cJSON_IsString(node(v)) ? node(v)->valuestring : NULL;
}

bool json_bool(const struct json *v)
{
    return v && cJSON_IsTrue(node(v));
}

double json_number(const struct json *v)
{
    if (json_kind(v) != JSON_NUMBER)
        return 0;
    return cJSON_IsRaw(node(v)) ? strtod(node(v)->valuestring, NULL) : node(v)->valuedouble;
}

bool json_i64(const struct json *v, int64_t *out)
{
    if (json_kind(v) != JSON_NUMBER)
        return false;
    if (cJSON_IsRaw(node(v))) {
        const char *text = node(v)->valuestring;
        char *end;
        errno = 0;
        int64_t value = strtoll(text, &end, 10);
        if (errno || end[strspn(end, " \t\r\n")])
            return false;
        *out = value;
        return true;
    }
    double value = node(v)->valuedouble;
    if (!is_whole(value))
        return false;
    *out = (int64_t)value;
    return true;
}

/* ---- building ---------------------------------------------------------------------------------
 */

struct json *json_new_object(void)
{
    return wrap(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
    return wrap(cJSON_CreateArray());
}

/* Puts item (NULL: it could not be made) into the container. A container that misses one is marked,
 * so that json_print refuses the tree. */
static struct json *attach(struct json *container, const char *key, cJSON *item)
{
    cJSON *parent = (cJSON *)(void *)container;
    bool done = false;
    if (item && parent && cJSON_IsObject(parent) && key)
        done = cJSON_AddItemToObject(parent, key, item);
    else if (item && parent && cJSON_IsArray(parent) && !key)
        done = cJSON_AddItemToArray(parent, item);
    if (done)
        return wrap(item);
    cJSON_Delete(item);
    if (parent)
        parent->type = cJSON_Invalid;
    return NULL;
}

struct json *json_add_object(struct json *container, const char *key)
{
    return attach(container, key, cJSON_CreateObject());
}

struct json *json_add_array(struct json *container, const char *key)
{
    return attach(container, key, cJSON_CreateArray());
}

struct json *json_add_string(struct json *container, const char *key, const char *value)
{
    return attach(container, key, value ? cJSON_CreateString(value) : NULL);
}

struct json *json_add_i64(struct json *container, const char *key, int64_t value)
{
    char text[24];
    if (value >= -EXACT_MAX && value <= EXACT_MAX)
        return attach(container, key, cJSON_CreateNumber((double)value));
    snprintf(text, sizeof text, "%lld", (long long)value);
    return attach(container, key, cJSON_CreateRaw(text));
}

struct json *json_add_number(struct json *container, const char *key, double value)
{
    return attach(container, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

struct json *json_add_bool(struct json *container, const char *key, bool value)
{
    return attach(container, key, cJSON_CreateBool(value));
}

struct json *json_add_null(struct json *container, const char *key)
{
    return attach(container, key, cJSON_CreateNull());
}

struct json *json_add_raw(struct json *container, const char *key, const char *text, size_t len)
{
    struct scan_fault fault;
    AUTO_FREE char *copy = scan_valid(text, len, &fault) ? strndup(text, len) : NULL;
    return attach(container, key, copy ? cJSON_CreateRaw(copy) : NULL);
}

/* ---- printing ---------------------------------------------------------------------------------
 */

static void print_number(double value, struct buf *out)
{
    char text[40];
    if (is_whole(value)) {
        buf_addf(out, "%lld", (long long)value);
        return;
    }
    snprintf(text, sizeof text, "%.15g", value); /* shorter where that is the same number */
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof text, "%.17g", value);
    char *comma = strchr(text, ','); /* the process may have set a locale */
    if (comma)
        *comma = '.';
    buf_adds(out, text);
}

static int print_value(const cJSON *v, struct buf *out, unsigned depth, struct err *err);

static int print_container(const cJSON *v, struct buf *out, unsigned depth, struct err *err)
{
    bool object = cJSON_IsObject(v);
    if (depth == JSON_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "JSON nested deeper than %d", JSON_DEPTH_MAX);
    buf_addc(out, object ? '{' : '[');
    for (const cJSON *m = v->child; m; m = m->next) {
        if (m != v->child)
            buf_addc(out, ',');
        if (object) {
            buf_add_json_string(out, m->string, strlen(m->string));
            buf_addc(out, ':');
        }
        if (print_value(m, out, depth + 1, err))
            return -1;
    }
    buf_addc(out, object ? '}' : ']');
    return 0;
}

static int print_value(const cJSON *v, struct buf *out, unsigned depth, struct err *err)
{
    switch (v->type & 0xFF) {
    case cJSON_NULL:
        buf_adds(out, "null");
        return 0;
    case cJSON_True:
        buf_adds(out, "true");
        return 0;
    case cJSON_False:
        buf_adds(out, "false");
        return 0;
    case cJSON_Number:
        print_number(v->valuedouble, out);
        return 0;
    case cJSON_String:
        buf_add_json_string(out, v->valuestring, strlen(v->valuestring));
        return 0;
    case cJSON_Raw:
        buf_adds(out, v->valuestring);
        return 0;
    case cJSON_Array:
    case cJSON_Object:
        return print_container(v, out, depth, err);
    default:
        return err_set(err, ERR_MEMORY, "a JSON document could not be built completely");
    }
}

int json_print(const struct json *v, struct buf *out, struct err *err)
{
    if (!v)
        return err_set(err, ERR_MEMORY, "a JSON document could not be built");
    if (print_value(node(v), out, 0, err))
        return -1;
    return buf_check(out, "a JSON document", err);
}
