/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/variables.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "env/profile.h"
#include "gateway/limits.h"

#define TEXT_MAX (1 << 20)

const char *variables_get(char **list, const char *name)
{
    size_t len = strlen(name);
    for (; *list; list++)
        if (strncmp(*list, name, len) == 0 && (*list)[len] == '=')
            return (*list)[len + 1] ? *list + len + 1 : NULL;
    return NULL;
}

static void value_api(const struct variables_source *s, struct buf *out)
{
    buf_adds(out, s->api);
}

static void value_handler(const struct variables_source *s, struct buf *out)
{
    buf_adds(out, s->handler ? s->handler : "");
}

/* What the platform calls it, else the handler, as its name is without a folder. */
static void value_name(const struct variables_source *s, struct buf *out)
{
    const char *service = variables_get(s->inherited, "K_SERVICE");
    const char *name = service ? service : s->handler ? s->handler : "function";
    const char *slash = strrchr(name, '/');
    buf_adds(out, slash && slash[1] ? slash + 1 : name);
}

static void value_log_group(const struct variables_source *s, struct buf *out)
{
    const char *name = variables_get(s->inherited, "AWS_LAMBDA_FUNCTION_NAME");
    buf_adds(out, "/aws/lambda/");
    if (name)
        buf_adds(out, name);
    else
        value_name(s, out);
}

static void value_log_stream(const struct variables_source *s, struct buf *out)
{
    buf_adds(out, s->log_stream);
}

static void value_memory(const struct variables_source *s, struct buf *out)
{
    buf_addf(out, "%u", s->memory_mb ? s->memory_mb : GATEWAY_MEMORY_MB);
}

static void value_region(const struct variables_source *s, struct buf *out)
{
    const char *other = variables_get(s->inherited, "AWS_DEFAULT_REGION");
    buf_adds(out, other ? other : "us-east-1");
}

static void value_default_region(const struct variables_source *s, struct buf *out)
{
    const char *other = variables_get(s->inherited, "AWS_REGION");
    buf_adds(out, other ? other : "us-east-1");
}

static void value_path(const struct variables_source *s, struct buf *out)
{
    (void)s;
    buf_adds(out, profile_default()->path);
}

static void value_library_path(const struct variables_source *s, struct buf *out)
{
    (void)s;
    buf_adds(out, profile_default()->library_path);
}

/* ours: an inherited value does not count. A row with neither text nor value takes it away. */
static const struct row {
    const char *name;
    bool ours;
    const char *text;
    void (*value)(const struct variables_source *s, struct buf *out);
} rows[] = {
    {"AWS_LAMBDA_RUNTIME_API", true, NULL, value_api},
    {"_HANDLER", true, NULL, value_handler},
    {"AWS_LAMBDA_INITIALIZATION_TYPE", true, "on-demand", NULL},
    {"AWS_LAMBDA_MAX_CONCURRENCY", true, NULL, NULL},
    {"_LAMBDA_TELEMETRY_LOG_FD", true, NULL, NULL},
    {"_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET", true, NULL, NULL},
    {"AWS_LAMBDA_FUNCTION_NAME", false, NULL, value_name},
    {"AWS_LAMBDA_FUNCTION_VERSION", false, "$LATEST", NULL},
    {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", false, NULL, value_memory},
    {"AWS_LAMBDA_LOG_GROUP_NAME", false, NULL, value_log_group},
    {"AWS_LAMBDA_LOG_STREAM_NAME", false, NULL, value_log_stream},
    {"AWS_REGION", false, NULL, value_region},
    {"AWS_DEFAULT_REGION", false, NULL, value_default_region},
    {"LAMBDA_TASK_ROOT", false, "/var/task", NULL},
    {"LAMBDA_RUNTIME_DIR", false, "/var/runtime", NULL},
    {"LANG", false, "en_US.UTF-8", NULL},
    {"TZ", false, ":UTC", NULL},
    {"PATH", false, NULL, value_path},
    {"LD_LIBRARY_PATH", false, NULL, value_library_path},
};

static bool is_row(const char *assignment, const struct row *row)
{
    size_t len = strlen(row->name);
    return strncmp(assignment, row->name, len) == 0 && assignment[len] == '=';
}

/* Whether the assignment is handed on: nobody else says it, and empty values of rows count as
 * absent. */
static bool is_kept(const char *assignment)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (is_row(assignment, &rows[i]))
            return !rows[i].ours && assignment[strlen(rows[i].name) + 1];
    return true;
}

/* Appends "NAME=VALUE" and a NUL when the row adds a variable. */
static bool add_row(const struct variables_source *source, const struct row *row, struct buf *text)
{
    if (!row->text && !row->value)
        return false;
    if (!row->ours && variables_get(source->inherited, row->name))
        return false;
    if (row->value == value_handler && !source->handler)
        return false;
    buf_adds(text, row->name);
    buf_addc(text, '=');
    if (row->text)
        buf_adds(text, row->text);
    else
        row->value(source, text);
    buf_addc(text, '\0');
    return true;
}

int variables_init(struct variables *v, const struct variables_source *source, struct err *err)
{
    size_t most = ARRAY_LEN(rows) + 1, added = 0, n = 0;
    *v = (struct variables){0};
    buf_init(&v->text, TEXT_MAX);
    for (char **at = source->inherited; *at; at++)
        most++;
    v->envp = calloc(most, sizeof *v->envp);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        added += add_row(source, &rows[i], &v->text);
    if (!v->envp || buf_check(&v->text, "the function's environment", err) < 0) {
        variables_fini(v);
        return err_set(err, ERR_MEMORY, "no memory for the function's environment");
    }
    char *text = v->text.ptr;
    for (; added > 0; added--, text += strlen(text) + 1)
        v->envp[n++] = text;
    for (char **at = source->inherited; *at; at++)
        if (is_kept(*at))
            v->envp[n++] = *at;
    v->name = variables_get(v->envp, "AWS_LAMBDA_FUNCTION_NAME");
    v->region = variables_get(v->envp, "AWS_REGION");
    return 0;
}

void variables_fini(struct variables *v)
{
    free(v->envp);
    buf_free(&v->text);
    *v = (struct variables){0};
}
