/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "env/credentials.h"
#include "env/settings.h"
#include "env/vars.h"

static const struct {
    const char *text, *fault;
} assignments[] = {
    {"STAGE=test", NULL},
    {"STAGE=", NULL},
    {"A1=x=y", NULL},
    {"PATH=/opt/bin", NULL},
    {"TZ=Europe/Berlin", NULL},
    {"LD_LIBRARY_PATH=/x", NULL},
    {"STAGE", "'STAGE' is not NAME=VALUE"},
    {"=x", "''"},
    {"A=x", "'A' is not the name of a variable"},
    {"1A=x", "'1A'"},
    {"A-B=x", "'A-B'"},
    {"_AB=x", "'_AB'"},
    {"AWS_REGION=x", "Reserved keys used in this request: AWS_REGION"},
    {"_HANDLER=x", "'_HANDLER' is reserved"},
    {"_X_AMZN_TRACE_ID=x", "reserved"},
    {"AWS_LAMBDA_ANYTHING=x", "AWS_LAMBDA_ANYTHING"},
    {"AWS_SESSION_TOKEN=x", "reserved"},
    {"AWS_ACCESS_KEY=x", "reserved"},
    {"AWS_EXECUTION_ENV=x", "reserved"},
    {"LAMBDA_TASK_ROOT=x", "reserved"},
    {"LAMBDA_RUNTIME_DIR=x", "reserved"},
    {"LAMBDA_OWN=x", NULL},
    {"BAD=\xff", "the value of BAD is not UTF-8"},
};

static void test_assignments(void)
{
    for (size_t i = 0; i < ARRAY_LEN(assignments); i++) {
        struct vars v = {.count = 0};
        struct err err = {0};
        int status = vars_add(&v, assignments[i].text, &err);
        if (status != (assignments[i].fault ? -1 : 0))
            printf("# '%s'\n", assignments[i].text);
        CHECK_INT(status, assignments[i].fault ? -1 : 0);
        CHECK_INT(v.count, assignments[i].fault ? 0 : 1);
        if (assignments[i].fault)
            CHECK_HAS(err.msg, assignments[i].fault);
        vars_fini(&v);
    }
}

static void test_replace(void)
{
    struct vars v = {.count = 0};
    struct err err = {0};
    CHECK_INT(vars_add(&v, "AA=1", &err), 0);
    CHECK_INT(vars_add(&v, "BB=2", &err), 0);
    CHECK_INT(vars_add(&v, "AA=3", &err), 0);
    CHECK_INT(v.count, 2);
    CHECK_STR(v.items[0].value, "3");
    vars_fini(&v);
}

static void test_lines(void)
{
    static const char text[] = "# comment\n\nAA=1\r\nBB= 2 \nCC=\"q\"\n";
    struct vars v = {.count = 0};
    struct err err = {0};
    CHECK_INT(vars_add_lines(&v, text, sizeof text - 1, &err), 0);
    CHECK_INT(v.count, 3);
    CHECK_STR(v.items[0].value, "1");
    CHECK_STR(v.items[1].value, " 2 ");
    CHECK_STR(v.items[2].value, "\"q\"");
    CHECK_INT(vars_add_lines(&v, "AA=1\nwrong\n", 11, &err), -1);
    CHECK_HAS(err.msg, "line 2: 'wrong' is not NAME=VALUE");
    CHECK_INT(vars_add_lines(&v, "AA=1\0x\n", 7, &err), -1);
    CHECK_HAS(err.msg, "line 1 has a NUL byte");
    vars_fini(&v);
}

/* {"AA":"x...x"}: nine bytes beside the value. */
static void test_limit(void)
{
    static const struct {
        size_t value;
        int status;
    } rows[] = {{VARS_JSON_MAX - 9, 0}, {VARS_JSON_MAX - 8, -1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct vars v = {.count = 0};
        struct err err = {0};
        char *text = malloc(rows[i].value + 4);
        memcpy(text, "AA=", 3);
        memset(text + 3, 'x', rows[i].value);
        text[rows[i].value + 3] = '\0';
        CHECK_INT(vars_add(&v, text, &err), 0);
        CHECK_INT(vars_check(&v, &err), rows[i].status);
        if (rows[i].status)
            CHECK_HAS(err.msg, "exceeded the 4KB limit. String measured: {\"AA\":\"xxx");
        CHECK(!rows[i].status || (strstr(err.msg, "xxx...") && strlen(err.msg) < 300));
        free(text);
        vars_fini(&v);
    }
}

static const char *value_of(const struct vars_block *b, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < b->count; i++)
        if (strncmp(b->envp[i], name, n) == 0 && b->envp[i][n] == '=')
            return b->envp[i] + n + 1;
    return NULL;
}

static const struct {
    const char *name, *al2023, *al2;
} expected[] = {
    {"AWS_LAMBDA_RUNTIME_API", "a:1", "a:1"},
    {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
     "/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
    {"LD_LIBRARY_PATH",
     "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/"
     "lib",
     "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"},
    {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000", "169.254.79.129:2000"},
    {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1", "169.254.79.129"},
    {"_AWS_XRAY_DAEMON_PORT", "2000", "2000"},
    {"AWS_REGION", "us-east-1", "us-east-1"},
    {"AWS_DEFAULT_REGION", "us-east-1", "us-east-1"},
    {"AWS_ACCESS_KEY_ID", "test", "test"},
    {"AWS_SECRET_ACCESS_KEY", "test", "test"},
    {"AWS_SESSION_TOKEN", "test", "test"},
    {"AWS_LAMBDA_FUNCTION_NAME", "fn", "fn"},
    {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128", "128"},
    {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST", "$LATEST"},
    {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand", "on-demand"},
    {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/fn", "/aws/lambda/fn"},
    {"AWS_LAMBDA_LOG_STREAM_NAME", "stream", "stream"},
    {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR", "LOG_ERROR"},
    {"LAMBDA_TASK_ROOT", "/var/task", "/var/task"},
    {"LAMBDA_RUNTIME_DIR", "/var/runtime", "/var/runtime"},
    {"LANG", "en_US.UTF-8", "en_US.UTF-8"},
    {"TZ", ":UTC", ":UTC"},
    {"_HANDLER", "h", "h"},
};

/* Exactly these, and no other. */
static void test_block(void)
{
    static const char *const profiles[] = {"al2023", "al2"};
    for (size_t p = 0; p < 2; p++) {
        struct settings s;
        struct vars_block b;
        struct err err = {0};
        CHECK_INT(settings_init(&s, &err), 0);
        CHECK_INT(settings_set_name(&s, "fn", &err), 0);
        CHECK_INT(settings_set_handler(&s, "h", &err), 0);
        CHECK_INT(settings_set_profile(&s, profiles[p], &err), 0);
        CHECK_INT(vars_block_init(&b, &s, "a:1", "stream", &err), 0);
        for (size_t i = 0; i < ARRAY_LEN(expected); i++)
            CHECK_STR(value_of(&b, expected[i].name), p ? expected[i].al2 : expected[i].al2023);
        CHECK_INT(b.count, ARRAY_LEN(expected));
        CHECK(b.envp[b.count] == NULL);
        vars_block_fini(&b);
        settings_fini(&s);
    }
}

static void test_block_user(void)
{
    struct settings s;
    struct vars_block b;
    struct err err = {0};
    CHECK_INT(settings_init(&s, &err), 0);
    CHECK_INT(credentials_load(&s, "none", &err), 0);
    CHECK_INT(settings_set_log(&s, "json", &err), 0);
    CHECK_INT(vars_add(&s.vars, "TZ=Asia/Tokyo", &err), 0);
    CHECK_INT(vars_add(&s.vars, "STAGE=test", &err), 0);
    CHECK_INT(vars_block_init(&b, &s, "a:1", "stream", &err), 0);
    CHECK_STR(value_of(&b, "TZ"), "Asia/Tokyo");
    CHECK_STR(value_of(&b, "STAGE"), "test");
    CHECK_STR(value_of(&b, "AWS_ACCESS_KEY_ID"), NULL);
    CHECK_STR(value_of(&b, "AWS_LAMBDA_LOG_FORMAT"), "JSON");
    CHECK_INT(b.count, ARRAY_LEN(expected) - 3 + 1 + 2);
    vars_block_fini(&b);
    settings_fini(&s);
}

static const struct check_test tests[] = {
    {"assignments", test_assignments},
    {"replace", test_replace},
    {"lines", test_lines},
    {"limit", test_limit},
    {"block", test_block},
    {"block_user", test_block_user},
};

CHECK_MAIN(tests)
