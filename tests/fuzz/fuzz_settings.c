/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment may say to the runtime: every value is taken or replaced by one that is in
 * its bounds. Also names of handlers and addresses. */
#include "core/settings.h"

#include "base/attr.h"
#include "core/module.h"
#include "fuzz.h"
#include "rapi/address.h"

static const char *const names[] = {
    "AWS_LAMBDA_RUNTIME_API",
    "_HANDLER",
    "LAMBDA_TASK_ROOT",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "LAMBDA_DEADLINE_MARGIN_MS",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "LAMBDA_PARTIAL_FAILURES",
    "LAMBDA_CRASH_RECOVERY",
    "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET",
};

static void check_handler(const char *text)
{
    static struct failure f;
    struct module_name name;
    if (module_parse_name(text, &name, &f) != 0)
        return;
    FUZZ_CHECK(name.file[0] && name.file[0] != '/' && name.symbol[0]);
    FUZZ_CHECK(strncmp(name.file, "../", 3) != 0 && !strstr(name.file, "/../"));
}

static void check_address(const char *text)
{
    struct address a;
    struct err err = {0};
    if (address_parse(text, &a, &err) != 0) {
        FUZZ_CHECK(err.kind == ERR_INPUT && err.msg[0]);
        return;
    }
    FUZZ_CHECK(a.host[0] && a.port > 0 && a.port < 65536);
    for (const char *p = a.host; *p; p++)
        FUZZ_CHECK(*p > 0x20 && *p < 0x7f);
    for (const char *p = a.path; *p; p++)
        FUZZ_CHECK(*p > 0x20 && *p < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct settings s;
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len;
        char *text = fuzz_text(&in, &len);
        FUZZ_CHECK(setenv(names[i], text, 1) == 0);
        free(text);
    }
    if (settings_read(&s, &err) != 0)
        FUZZ_CHECK(err.kind == ERR_INPUT && !s.api);
    FUZZ_CHECK(s.memory_mb >= SETTINGS_MEMORY_MIN && s.memory_mb <= SETTINGS_MEMORY_MAX);
    FUZZ_CHECK(s.margin_ms >= 0 && s.margin_ms <= SETTINGS_MARGIN_MAX);
    FUZZ_CHECK(s.workers <= SETTINGS_WORKERS_MAX && s.workers <= s.memory_mb);
    FUZZ_CHECK(s.log_level <= LAMBDA_FATAL && s.log_fd == -1);
    check_handler(s.handler);
    if (s.api)
        check_address(s.api);
    return 0;
}
