/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of options, environment files and credentials: each is refused with words or taken, and the
 * block that a runtime starts with has whole, unique NAME=VALUE strings. */
#include <limits.h>

#include "base/attr.h"
#include "env/credentials.h"
#include "env/settings.h"
#include "env/vars.h"
#include "fuzz.h"

typedef int set_fn(struct settings *s, const char *text, struct err *err);

static set_fn *const setters[] = {
    settings_set_name,    settings_set_handler, settings_set_memory,    settings_set_tmp,
    settings_set_timeout, settings_set_profile, settings_set_network,   settings_set_region,
    settings_set_relax,   settings_set_log,     settings_set_log_level,
};

static void set_all(struct settings *s, const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(setters); i++) {
        struct err err = {0};
        if (setters[i](s, text, &err) < 0)
            FUZZ_CHECK(err.kind == ERR_INPUT && err.msg[0]);
    }
    FUZZ_CHECK(s->memory_mb >= SETTINGS_MEMORY_MIN && s->memory_mb <= SETTINGS_MEMORY_MAX);
    FUZZ_CHECK(s->tmp_mb >= SETTINGS_TMP_MIN && s->tmp_mb <= SETTINGS_TMP_MAX);
    FUZZ_CHECK(s->timeout_ms >= SETTINGS_TIMEOUT_MIN_MS &&
               s->timeout_ms <= SETTINGS_TIMEOUT_MAX_MS);
}

static void check_block(const struct settings *s)
{
    struct vars_block block;
    struct err err = {0};
    char arn[SETTINGS_ARN_SIZE];
    FUZZ_CHECK(vars_block_init(&block, s, "127.0.0.1:9001", "stream", &err) == 0);
    for (size_t i = 0; i < block.count; i++) {
        const char *equals = strchr(block.envp[i], '=');
        FUZZ_CHECK(equals && equals > block.envp[i]);
        size_t len = (size_t)(equals - block.envp[i]) + 1;
        for (size_t k = 0; k < i; k++)
            FUZZ_CHECK(strncmp(block.envp[k], block.envp[i], len) != 0);
    }
    FUZZ_CHECK(!block.envp[block.count]);
    vars_block_fini(&block);
    settings_arn(s, arn);
    FUZZ_CHECK(memchr(arn, '\0', sizeof arn) && strlen(arn) < sizeof arn - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct settings s;
    struct err err = {0};
    size_t len;
    FUZZ_CHECK(settings_init(&s, &err) == 0);
    char *text = fuzz_text(&in, &len), *assignment = fuzz_text(&in, &len);
    set_all(&s, text);
    settings_name_from(&s, text);
    FUZZ_CHECK(s.name[0]);
    if (vars_add(&s.vars, assignment, &err) < 0)
        FUZZ_CHECK(err.kind == ERR_INPUT);
    if (vars_add_lines(&s.vars, (const char *)in.at, in.left, &err) < 0)
        FUZZ_CHECK(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
    if (vars_check(&s.vars, &err) < 0)
        FUZZ_CHECK(err.kind == ERR_LIMIT || err.kind == ERR_INPUT);
    check_block(&s);
    if (credentials_parse(&s, (const char *)in.at, in.left, "fuzz", &err) < 0)
        FUZZ_CHECK(err.kind == ERR_INPUT && err.msg[0]);
    else
        FUZZ_CHECK(s.credentials.access_key && s.credentials.secret_key);
    check_block(&s);
    settings_fini(&s);
    free(text);
    free(assignment);
    return 0;
}
