/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "env/settings.h"

typedef int (*setter)(struct settings *s, const char *text, struct err *err);

static const struct {
    setter set;
    const char *text;
    const char *fault; /* NULL: accepted */
} values[] = {
    {settings_set_memory, "128", NULL},
    {settings_set_memory, "10240", NULL},
    {settings_set_memory, "127", "'127' is not a whole number of MB from 128 to 10240"},
    {settings_set_memory, "10241", "10241"},
    {settings_set_memory, "", "''"},
    {settings_set_memory, "256MB", "'256MB'"},
    {settings_set_memory, "-256", "'-256'"},
    {settings_set_memory, "+256", "'+256'"},
    {settings_set_memory, " 256", "' 256'"},
    {settings_set_memory, "99999999999999999999", "99999"},
    {settings_set_memory, "0x100", "0x100"},
    {settings_set_tmp, "512", NULL},
    {settings_set_tmp, "511", "'511' is not a whole number of MB from 512 to 10240"},
    {settings_set_timeout, "3", NULL},
    {settings_set_timeout, "0.05", NULL},
    {settings_set_timeout, "900", NULL},
    {settings_set_timeout, "900.000", NULL},
    {settings_set_timeout, "900.001", "900.001"},
    {settings_set_timeout, "0.049", "'0.049' is not a number of seconds from 0.05 to 900"},
    {settings_set_timeout, "1.2345", "1.2345"},
    {settings_set_timeout, ".5", "'.5'"},
    {settings_set_timeout, "1.", "'1.'"},
    {settings_set_timeout, "1e2", "1e2"},
    {settings_set_timeout, "inf", "inf"},
    {settings_set_timeout, "3s", "3s"},
    {settings_set_name, "my-fn_1", NULL},
    {settings_set_name, "", "''"},
    {settings_set_name, "a b", "letters, digits"},
    {settings_set_name, "0123456789012345678901234567890123456789012345678901234567890123", NULL},
    {settings_set_name, "01234567890123456789012345678901234567890123456789012345678901234", "64"},
    {settings_set_handler, "orders.main", NULL},
    {settings_set_handler, "", "128"},
    {settings_set_handler, "a b", "white space"},
    {settings_set_handler, "\xc3\xbc", NULL},
    {settings_set_handler, "\xfc", "UTF-8"},
    {settings_set_handler, "a\x7f", "white space"},
    {settings_set_profile, "al2", NULL},
    {settings_set_profile, "al1", "'al1' is not a profile: al2023 or al2"},
    {settings_set_network, "none", NULL},
    {settings_set_network, "bridge", "host or none"},
    {settings_set_log, "json", NULL},
    {settings_set_log_level, "trace", NULL},
    {settings_set_log_level, "FATAL", NULL},
    {settings_set_log_level, "warning", "'warning' is not a log level"},
    {settings_set_log_level, "", "'' is not a log level"},
    {settings_set_log, "JSON", "text or json"},
    {settings_set_region, "eu-central-1", NULL},
    {settings_set_region, "EU", "region"},
    {settings_set_region, "", "region"},
};

static void test_values(void)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct settings s;
        struct err err = {0};
        CHECK_INT(settings_init(&s, &err), 0);
        int status = values[i].set(&s, values[i].text, &err);
        if (status != (values[i].fault ? -1 : 0))
            printf("# value '%s'\n", values[i].text);
        CHECK_INT(status, values[i].fault ? -1 : 0);
        if (values[i].fault) {
            CHECK_HAS(err.msg, values[i].fault);
            CHECK_INT(err.kind, ERR_INPUT);
        }
        settings_fini(&s);
    }
}

static const struct {
    const char *text;
    int64_t ms;
} timeouts[] = {{"3", 3000},       {"0.05", 50},    {"0.5", 500},
                {"12.345", 12345}, {"900", 900000}, {"1.20", 1200}};

static void test_timeouts(void)
{
    for (size_t i = 0; i < ARRAY_LEN(timeouts); i++) {
        struct settings s;
        struct err err = {0};
        CHECK_INT(settings_init(&s, &err), 0);
        CHECK_INT(settings_set_timeout(&s, timeouts[i].text, &err), 0);
        CHECK_INT(s.timeout_ms, timeouts[i].ms);
        settings_fini(&s);
    }
}

static void test_defaults(void)
{
    struct settings s;
    struct err err = {0};
    CHECK_INT(settings_init(&s, &err), 0);
    CHECK_INT(s.memory_mb, 128);
    CHECK_INT(s.tmp_mb, 512);
    CHECK_INT(s.timeout_ms, 3000);
    CHECK_STR(s.profile->name, "al2023");
    CHECK_STR(s.region, "us-east-1");
    CHECK_STR(s.credentials.access_key, "test");
    CHECK(!s.own_network);
    settings_fini(&s);
}

static const struct {
    const char *region, *arn;
} arns[] = {
    {"us-east-1", "arn:aws:lambda:us-east-1:123456789012:function:fn"},
    {"cn-north-1", "arn:aws-cn:lambda:cn-north-1:123456789012:function:fn"},
    {"us-gov-west-1", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:fn"},
};

static void test_arn(void)
{
    for (size_t i = 0; i < ARRAY_LEN(arns); i++) {
        struct settings s;
        struct err err = {0};
        char arn[SETTINGS_ARN_SIZE];
        CHECK_INT(settings_init(&s, &err), 0);
        CHECK_INT(settings_set_name(&s, "fn", &err), 0);
        CHECK_INT(settings_set_region(&s, arns[i].region, &err), 0);
        settings_arn(&s, arn);
        CHECK_STR(arn, arns[i].arn);
        settings_fini(&s);
    }
}

static void test_name_from(void)
{
    struct settings s = {0};
    settings_name_from(&s, "my fn.d");
    CHECK_STR(s.name, "my-fn-d");
    settings_name_from(&s, "");
    CHECK_STR(s.name, "function");
    settings_name_from(&s,
                       "0123456789012345678901234567890123456789012345678901234567890123456789");
    CHECK_INT(strlen(s.name), SETTINGS_NAME_MAX);
}

static const struct check_test tests[] = {
    {"values", test_values}, {"timeouts", test_timeouts},   {"defaults", test_defaults},
    {"arn", test_arn},       {"name_from", test_name_from},
};

CHECK_MAIN(tests)
