/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/log.h"

/* NULL also for an empty value. */
static const char *get(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static size_t read_memory(const char *text)
{
    char *end;
    unsigned long mb = text ? strtoul(text, &end, 10) : 0;
    if (!mb || *end)
        return SETTINGS_MEMORY;
    if (mb < SETTINGS_MEMORY_MIN)
        return SETTINGS_MEMORY_MIN;
    return mb < SETTINGS_MEMORY_MAX ? mb : SETTINGS_MEMORY_MAX;
}

/* Wherever the variable is there, Lambda sends events to several at a time: what it says wrongly is
 * one. */
static void read_workers(const char *text, struct settings *out)
{
    if (!text)
        return;
    char *end = NULL;
    size_t most = out->memory_mb < SETTINGS_WORKERS_MAX ? out->memory_mb : SETTINGS_WORKERS_MAX;
    unsigned long n = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (n && *end)
        n = 0;
    if (!n || n > most)
        out->bad_workers = text;
    out->workers = (unsigned)(n > most ? most : n ? n : 1);
    out->log_json = true; /* lines of several events at a time are told apart by their members */
}

/* Gives -1 unless it is an open descriptor. Programs that a handler runs know nothing of it. */
static int take_log_fd(void)
{
    const char *text = get("_LAMBDA_TELEMETRY_LOG_FD");
    size_t digits = text ? strspn(text, "0123456789") : 0;
    int fd = digits && digits < 8 && !text[digits] ? atoi(text) : -1;
    if (fd <= STDERR_FILENO || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        fd = -1;
    unsetenv("_LAMBDA_TELEMETRY_LOG_FD");
    return fd;
}

static bool is_on(const char *name)
{
    const char *value = get(name);
    return !value || strcasecmp(value, "off") != 0;
}

/* Digits only, from 1 on; also "0" for none. */
static void read_margin(struct settings *out)
{
    const char *text = get("LAMBDA_DEADLINE_MARGIN_MS");
    int64_t value = 0;
    for (const char *p = text; p && *p; p++) {
        if (*p < '0' || *p > '9' || value > SETTINGS_MARGIN_MAX) {
            out->bad_margin = text;
            return;
        }
        value = value * 10 + (*p - '0');
    }
    if (value > SETTINGS_MARGIN_MAX)
        out->bad_margin = text;
    else
        out->margin_ms = value;
}

int settings_read(struct settings *out, struct err *err)
{
    const char *root = get("LAMBDA_TASK_ROOT");
    const char *handler = get("_HANDLER");
    const char *level = get("AWS_LAMBDA_LOG_LEVEL");
    const char *format = get("AWS_LAMBDA_LOG_FORMAT");
    const char *start = get("AWS_LAMBDA_INITIALIZATION_TYPE");
    *out = (struct settings){
        .api = get("AWS_LAMBDA_RUNTIME_API"),
        .handler = handler ? handler : "",
        .task_root = root ? root : "/var/task",
        .memory_mb = read_memory(get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")),
        .partial_failures = is_on("LAMBDA_PARTIAL_FAILURES"),
        .crash_recovery = is_on("LAMBDA_CRASH_RECOVERY"),
        .log_level = LAMBDA_INFO,
        .log_json = format && strcasecmp(format, "JSON") == 0,
        .log_fd = take_log_fd(),
        .snap_start = start && strcmp(start, "snap-start") == 0,
        .log_socket = get("_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"),
    };
    read_workers(get("AWS_LAMBDA_MAX_CONCURRENCY"), out);
    read_margin(out);
    if (level && log_parse_level(level, &out->log_level) != 0)
        out->bad_log_level = level;
    if (!out->api)
        return err_set(
            err, ERR_INPUT,
            "AWS_LAMBDA_RUNTIME_API is not set: this program is started by AWS Lambda, or "
            "by 'clambda invoke' on your own machine");
    return 0;
}
