/* SPDX-License-Identifier: Apache-2.0 */
#include "env/vars.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/line.h"
#include "base/utf8.h"
#include "env/settings.h"

#define NAME_MAX_LEN 256
#define SHOWN_MAX    60   /* of variables that are too long; they may be secret */
#define ROW_TEXT     8448 /* the longest name and value of the platform */

static const char *const reserved[] = {
    "_HANDLER",          "_X_AMZN_TRACE_ID", "AWS_REGION",         "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY",   "AWS_ACCESS_KEY_ID",  "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
};

static const char reserved_prefix[] = "AWS_LAMBDA_";

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (strcmp(name, reserved[i]) == 0)
            return true;
    return strncmp(name, reserved_prefix, sizeof reserved_prefix - 1) == 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A letter, then at least one letter, digit or underscore. */
static bool is_name(const char *text, size_t len)
{
    if (len < 2 || len > NAME_MAX_LEN || !is_letter(text[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!is_letter(text[i]) && text[i] != '_' && !(text[i] >= '0' && text[i] <= '9'))
            return false;
    return true;
}

/* The index of name, or count. */
static size_t find(const struct vars *v, const char *name)
{
    size_t i = 0;
    while (i < v->count && strcmp(v->items[i].name, name) != 0)
        i++;
    return i;
}

enum vars_fault vars_judge(const char *name, const char *value)
{
    size_t len = strlen(value);
    if (is_reserved(name))
        return VARS_RESERVED;
    if (!is_name(name, strlen(name)))
        return VARS_MISNAMED;
    return utf8_valid_prefix(value, len) == len ? VARS_FINE : VARS_NO_TEXT;
}

static int check_variable(const char *name, const char *value, struct err *err)
{
    enum vars_fault fault = vars_judge(name, value);
    if (fault == VARS_RESERVED)
        return err_set(err, ERR_INPUT,
                       "'%.100s' is reserved: Lambda was unable to configure your environment "
                       "variables because the environment variables you have provided contains "
                       "reserved keys that are currently not supported for modification. Reserved "
                       "keys used in this request: %.100s",
                       name, name);
    if (fault == VARS_MISNAMED)
        return err_set(err, ERR_INPUT,
                       "'%.80s' is not the name of a variable: a letter, then at least one letter, "
                       "digit or '_'",
                       name);
    if (fault == VARS_NO_TEXT)
        return err_set(err, ERR_INPUT, "the value of %.80s is not UTF-8", name);
    return 0;
}

int vars_add(struct vars *v, const char *assignment, struct err *err)
{
    const char *equal = strchr(assignment, '=');
    if (!equal)
        return err_set(err, ERR_INPUT, "'%.80s' is not NAME=VALUE", assignment);
    AUTO_FREE char *copy = strdup(assignment);
    if (!copy)
        return err_set(err, ERR_MEMORY, "no memory for a variable");
    char *value = copy + (equal - assignment);
    *value++ = '\0';
    if (check_variable(copy, value, err) < 0)
        return -1;
    size_t i = find(v, copy);
    if (i == VARS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d environment variables", VARS_MAX);
    if (i == v->count)
        v->count++;
    else
        free(v->items[i].name);
    v->items[i] = (struct var){TAKE(copy), value};
    return 0;
}

int vars_each_line(const char *text, size_t len, vars_line_fn use, void *target, struct err *err)
{
    unsigned number = 0;
    size_t at = 0, n;
    for (const char *line; (line = line_next(text, len, &at, &n));) {
        number++;
        if (n && line[n - 1] == '\r')
            n--;
        if (n == 0 || line[0] == '#')
            continue;
        if (memchr(line, '\0', n))
            return err_set(err, ERR_INPUT, "line %u has a NUL byte", number);
        AUTO_FREE char *copy = strndup(line, n);
        if (!copy)
            return err_set(err, ERR_MEMORY, "no memory for a variable");
        if (use(target, number, copy, err) < 0)
            return err_wrap(err, "line %u", number);
    }
    return 0;
}

static int add_line(void *target, unsigned line, const char *assignment, struct err *err)
{
    (void)line;
    return vars_add(target, assignment, err);
}

int vars_add_lines(struct vars *v, const char *text, size_t len, struct err *err)
{
    return vars_each_line(text, len, add_line, v, err);
}

void vars_print_json(const struct vars *v, struct buf *out)
{
    buf_addc(out, '{');
    for (size_t i = 0; i < v->count; i++) {
        buf_adds(out, i ? "," : "");
        buf_add_json_string(out, v->items[i].name, strlen(v->items[i].name));
        buf_addc(out, ':');
        buf_add_json_string(out, v->items[i].value, strlen(v->items[i].value));
    }
    buf_addc(out, '}');
}

int vars_check(const struct vars *v, struct err *err)
{
    AUTO_BUF struct buf text;
    buf_init(&text, 64 << 20);
    vars_print_json(v, &text);
    if (buf_check(&text, "the environment variables", err) < 0)
        return -1;
    size_t shown = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
    if (text.len > VARS_JSON_MAX)
        return err_set(err, ERR_LIMIT,
                       "environment variables of %zu bytes, %d are allowed: Lambda was unable to "
                       "configure your environment variables because the environment variables you "
                       "have provided exceeded the 4KB limit. String measured: %.*s...",
                       text.len, VARS_JSON_MAX, (int)utf8_valid_prefix(text.ptr, shown), text.ptr);
    return 0;
}

void vars_fini(struct vars *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->items[i].name);
    v->count = 0;
}

/* ---- the block of a runtime ---------------------------------------------------------------- */

struct source {
    const struct settings *settings;
    const char *api, *log_stream;
};

typedef const char *(*value_fn)(const struct source *s, char *scratch);

static const char *value_api(const struct source *s, char *scratch)
{
    (void)scratch;
    return s->api;
}

static const char *value_log_stream(const struct source *s, char *scratch)
{
    (void)scratch;
    return s->log_stream;
}

static const char *value_log_group(const struct source *s, char *scratch)
{
    snprintf(scratch, ROW_TEXT, "/aws/lambda/%s", s->settings->name);
    return scratch;
}

static const char *value_memory(const struct source *s, char *scratch)
{
    snprintf(scratch, ROW_TEXT, "%u", s->settings->memory_mb);
    return scratch;
}

static const char *value_xray(const struct source *s, char *scratch)
{
    const struct profile *p = s->settings->profile;
    snprintf(scratch, ROW_TEXT, "%s:%s", p->xray_address, p->xray_port);
    return scratch;
}

#define VALUE_OF(name, expression)                                         \
    static const char *value_##name(const struct source *s, char *scratch) \
    {                                                                      \
        (void)scratch;                                                     \
        return expression;                                                 \
    }

VALUE_OF(name, s->settings->name)
VALUE_OF(version, s->settings->version)
VALUE_OF(handler, s->settings->handler)
VALUE_OF(region, s->settings->region)
VALUE_OF(path, s->settings->profile->path)
VALUE_OF(library_path, s->settings->profile->library_path)
VALUE_OF(xray_address, s->settings->profile->xray_address)
VALUE_OF(xray_port, s->settings->profile->xray_port)
VALUE_OF(access_key, s->settings->credentials.access_key)
VALUE_OF(secret_key, s->settings->credentials.secret_key)
VALUE_OF(session_token, s->settings->credentials.session_token)
VALUE_OF(log_format, s->settings->log == SETTINGS_LOG_JSON ? "JSON" : NULL)

static const char *value_log_level(const struct source *s, char *scratch)
{
    (void)scratch;
    if (s->settings->log != SETTINGS_LOG_JSON)
        return NULL;
    return s->settings->log_level ? s->settings->log_level : "INFO";
}

/* A row whose value is NULL is left out. */
static const struct {
    const char *name;
    const char *text; /* NULL: value */
    value_fn value;
} rows[] = {
    {"AWS_LAMBDA_RUNTIME_API", NULL, value_api},
    {"AWS_LAMBDA_FUNCTION_NAME", NULL, value_name},
    {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", NULL, value_memory},
    {"AWS_LAMBDA_FUNCTION_VERSION", NULL, value_version},
    {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand", NULL},
    {"AWS_LAMBDA_LOG_GROUP_NAME", NULL, value_log_group},
    {"AWS_LAMBDA_LOG_STREAM_NAME", NULL, value_log_stream},
    {"AWS_LAMBDA_LOG_FORMAT", NULL, value_log_format},
    {"AWS_LAMBDA_LOG_LEVEL", NULL, value_log_level},
    {"AWS_REGION", NULL, value_region},
    {"AWS_DEFAULT_REGION", NULL, value_region},
    {"AWS_ACCESS_KEY_ID", NULL, value_access_key},
    {"AWS_SECRET_ACCESS_KEY", NULL, value_secret_key},
    {"AWS_SESSION_TOKEN", NULL, value_session_token},
    {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR", NULL},
    {"AWS_XRAY_DAEMON_ADDRESS", NULL, value_xray},
    {"_AWS_XRAY_DAEMON_ADDRESS", NULL, value_xray_address},
    {"_AWS_XRAY_DAEMON_PORT", NULL, value_xray_port},
    {"LAMBDA_TASK_ROOT", "/var/task", NULL},
    {"LAMBDA_RUNTIME_DIR", "/var/runtime", NULL},
    {"LANG", "en_US.UTF-8", NULL},
    {"TZ", ":UTC", NULL},
    {"PATH", NULL, value_path},
    {"LD_LIBRARY_PATH", NULL, value_library_path},
    {"_HANDLER", NULL, value_handler},
};

/* Appends "NAME=VALUE" and a NUL. */
static void add_string(struct buf *text, size_t *count, const char *name, const char *value)
{
    buf_adds(text, name);
    buf_addc(text, '=');
    buf_add(text, value, strlen(value) + 1);
    ++*count;
}

static void add_platform(struct buf *text, size_t *count, const struct source *source)
{
    char scratch[ROW_TEXT];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (find(&source->settings->vars, rows[i].name) < source->settings->vars.count)
            continue;
        const char *value = rows[i].text ? rows[i].text : rows[i].value(source, scratch);
        if (value)
            add_string(text, count, rows[i].name, value);
    }
}

int vars_block_init(struct vars_block *b, const struct settings *s, const char *api,
                    const char *log_stream, struct err *err)
{
    const struct source source = {s, api, log_stream};
    AUTO_BUF struct buf text;
    size_t count = 0;
    buf_init(&text, 1 << 20);
    add_platform(&text, &count, &source);
    for (size_t i = 0; i < s->vars.count; i++)
        add_string(&text, &count, s->vars.items[i].name, s->vars.items[i].value);
    if (buf_check(&text, "the function's environment", err) < 0)
        return -1;
    size_t pointers = (count + 1) * sizeof(char *);
    char **envp = malloc(pointers + text.len);
    if (!envp)
        return err_set(err, ERR_MEMORY, "no memory for the function's environment");
    char *p = memcpy((char *)envp + pointers, text.ptr, text.len);
    for (size_t i = 0; i < count; i++, p += strlen(p) + 1)
        envp[i] = p;
    envp[count] = NULL;
    *b = (struct vars_block){envp, count};
    return 0;
}

void vars_block_fini(struct vars_block *b)
{
    free(b->envp);
    *b = (struct vars_block){0};
}
