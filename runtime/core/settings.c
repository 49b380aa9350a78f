/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings.h"

#include <stdlib.h>
#include <strings.h>

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

int settings_read(struct settings *out, struct err *err)
{
    const char *partial = get("LAMBDA_PARTIAL_FAILURES");
    const char *root = get("LAMBDA_TASK_ROOT");
    const char *handler = get("_HANDLER");
    const char *level = get("AWS_LAMBDA_LOG_LEVEL");
    *out = (struct settings){
        .api = get("AWS_LAMBDA_RUNTIME_API"),
        .handler = handler ? handler : "",
        .task_root = root ? root : "/var/task",
        .memory_mb = read_memory(get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")),
        .partial_failures = !partial || strcasecmp(partial, "off") != 0,
        .log_level = LAMBDA_INFO,
    };
    if (level && log_parse_level(level, &out->log_level) != 0)
        out->bad_log_level = level;
    if (!out->api)
        return err_set(
            err, ERR_INPUT,
            "AWS_LAMBDA_RUNTIME_API is not set: this program is started by AWS Lambda, or "
            "by 'clambda invoke' on your own machine");
    return 0;
}
