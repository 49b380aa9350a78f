/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables of a function that is to be deployed. */
#include <stdlib.h>

#include "check.h"
#include "cmd/check_env.h"

static struct check_env env;

static void start(void)
{
    check_env_fini(&env);
    memset(&env, 0, sizeof env);
}

static const struct {
    const char *assignment, *rule, *what, *why;
} rows[] = {
    {"STAGE=test", NULL, NULL, NULL},
    {"PATH=/opt/bin", NULL, NULL, NULL},
    {"LD_LIBRARY_PATH=", NULL, NULL, NULL},
    {"AWS_REGION=x", "environment-reserved", "'AWS_REGION' is a name that",
     "Reserved keys used in this request: AWS_REGION"},
    {"_HANDLER=x", "environment-reserved", "'_HANDLER'", "_HANDLER"},
    {"AWS_LAMBDA_X=x", "environment-reserved", "'AWS_LAMBDA_X'", "unable to configure"},
    {"A=x", "environment-name", "'A' is not the name", "[a-zA-Z]([a-zA-Z0-9_])+"},
    {"1A=x", "environment-name", "'1A'", "[a-zA-Z]([a-zA-Z0-9_])+"},
    {"=x", "environment-name", "''", "have to satisfy"},
    {"AB=\xff", "environment-name", "'AB' has a value that is not UTF-8", "JSON"},
};

static void test_rows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        start();
        CHECK_INT(check_env_add(&env, rows[i].assignment, &err), 0);
        CHECK_INT(check_env_weigh(&env, &err), 0);
        CHECK_INT(env.count, rows[i].rule ? 1 : 0);
        if (!rows[i].rule)
            continue;
        CHECK_INT(env.findings[0].severity, CHECK_ERROR);
        CHECK_STR(env.findings[0].rule, rows[i].rule);
        CHECK_STR(env.findings[0].where, "--env");
        CHECK_HAS(env.findings[0].what, rows[i].what);
        CHECK_HAS(env.findings[0].why, rows[i].why);
        CHECK(*env.findings[0].fix);
    }
    start();
}

static void test_no_assignment(void)
{
    struct err err = {0};
    start();
    CHECK_INT(check_env_add(&env, "STAGE", &err), -1);
    CHECK_INT(err.kind, ERR_INPUT);
    CHECK_HAS(err.msg, "'STAGE' is not NAME=VALUE");
}

/* As Lambda counts: {"AB":"xxx"} has 9 bytes more than its value; a quote counts twice. */
static void test_weight(void)
{
    static const struct {
        size_t len;
        char filler;
        bool fine;
    } sizes[] = {{4087, 'x', true}, {4088, 'x', false}, {2043, '"', true}, {2044, '"', false}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct err err = {0};
        char text[4200] = "AB=";
        memset(text + 3, sizes[i].filler, sizes[i].len);
        start();
        CHECK_INT(check_env_add(&env, text, &err), 0);
        CHECK_INT(check_env_weigh(&env, &err), 0);
        CHECK_INT(env.count, sizes[i].fine ? 0 : 1);
        if (sizes[i].fine)
            continue;
        CHECK_STR(env.findings[0].rule, "environment-size");
        CHECK_HAS(env.findings[0].what, "1 variables are 409");
        CHECK_HAS(env.findings[0].why, "exceeded the 4KB limit");
        CHECK(!strstr(env.findings[0].why, "xxx"));
    }
    start();
}

static void test_file(void)
{
    static const char text[] = "# a comment\n\nGOOD=1\nAWS_REGION=x\nB=2\n";
    char path[] = "/tmp/check-env.XXXXXX";
    struct err err = {0};
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, text, sizeof text - 1), sizeof text - 1);
    start();
    CHECK_INT(check_env_add_file(&env, path, &err), 0);
    CHECK_INT(env.count, 2);
    CHECK_INT(env.vars.count, 1);
    CHECK_HAS(env.findings[0].where, path);
    CHECK_HAS(env.findings[0].where, ", line 4");
    CHECK_HAS(env.findings[1].where, ", line 5");
    CHECK_INT(write(fd, "bad\n", 4), 4);
    CHECK_INT(check_env_add_file(&env, path, &err), -1);
    CHECK_HAS(err.msg, "line 6: 'bad' is not NAME=VALUE");
    unlink(path);
    close(fd);
    CHECK_INT(check_env_add_file(&env, path, &err), -1);
    CHECK_HAS(err.msg, "No such file");
    start();
}

/* Texts are cut, findings end. */
static void test_bounds(void)
{
    struct err err = {0};
    char text[2000];
    memset(text, '-', sizeof text);
    memcpy(text + sizeof text - 3, "=x", 3);
    start();
    for (size_t i = 0; i < 3 * CHECK_ENV_MAX; i++)
        CHECK_INT(check_env_add(&env, text, &err), 0);
    CHECK_INT(env.count, CHECK_ENV_MAX);
    for (size_t i = 0; i < env.count; i++)
        CHECK(strlen(env.findings[i].what) < sizeof env.texts[i].what);
    start();
}

static void test_rules(void)
{
    size_t count;
    const struct check_rule *rules = check_env_rules(&count);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool known = !rows[i].rule;
        for (size_t j = 0; j < count; j++)
            known = known || strcmp(rules[j].name, rows[i].rule) == 0;
        CHECK(known);
    }
}

static const struct check_test tests[] = {
    {"rows", test_rows},     {"no_assignment", test_no_assignment},
    {"weight", test_weight}, {"file", test_file},
    {"bounds", test_bounds}, {"rules", test_rules},
};
CHECK_MAIN(tests)
