/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "env/credentials.h"
#include "env/settings.h"

static const struct {
    const char *text, *access, *secret, *token, *fault;
} files[] = {
    {"AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=s\n", "a", "s", NULL, NULL},
    {"AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=t", "a", "s", "t", NULL},
    {"[default]\naws_access_key_id = a\naws_secret_access_key=s+/=\nregion = x\n", "a",
     "s+/=", NULL, NULL},
    {"[other]\naws_access_key_id=b\n[default]\r\naws_access_key_id=a\r\naws_secret_access_key="
     "s\r\n",
     "a", "s", NULL, NULL},
    {"# AWS_ACCESS_KEY_ID=b\nAWS_ACCESS_KEY_ID=a\n;x\nAWS_SECRET_ACCESS_KEY=s", "a", "s", NULL,
     NULL},
    {"[other]\naws_access_key_id=b\naws_secret_access_key=s\n", NULL, NULL, NULL,
     "f has no AWS_ACCESS_KEY_ID"},
    {"AWS_ACCESS_KEY_ID=a\n", NULL, NULL, NULL, "f has no AWS_SECRET_ACCESS_KEY"},
    {"AWS_ACCESS_KEY_ID=\n", NULL, NULL, NULL, "f, line 1: AWS_ACCESS_KEY_ID is not"},
    {"AWS_ACCESS_KEY_ID=a b\n", NULL, NULL, NULL, "line 1"},
    {"", NULL, NULL, NULL, "f has no AWS_ACCESS_KEY_ID"},
};

static void test_files(void)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct settings s;
        struct err err = {0};
        CHECK_INT(settings_init(&s, &err), 0);
        int status = credentials_parse(&s, files[i].text, strlen(files[i].text), "f", &err);
        CHECK_INT(status, files[i].fault ? -1 : 0);
        if (files[i].fault) {
            CHECK_HAS(err.msg, files[i].fault);
        } else {
            CHECK_STR(s.credentials.access_key, files[i].access);
            CHECK_STR(s.credentials.secret_key, files[i].secret);
            CHECK_STR(s.credentials.session_token, files[i].token);
        }
        settings_fini(&s);
    }
}

static void test_environment(void)
{
    struct settings s;
    struct err err = {0};
    setenv("AWS_ACCESS_KEY_ID", "a", 1);
    unsetenv("AWS_SECRET_ACCESS_KEY");
    unsetenv("AWS_SESSION_TOKEN");
    CHECK_INT(settings_init(&s, &err), 0);
    CHECK_INT(credentials_load(&s, "env", &err), -1);
    CHECK_HAS(err.msg, "the environment has no AWS_SECRET_ACCESS_KEY");
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    CHECK_INT(credentials_load(&s, "env", &err), 0);
    CHECK_STR(s.credentials.access_key, "a");
    CHECK_STR(s.credentials.session_token, NULL);
    CHECK_INT(credentials_load(&s, "/nonexistent/file", &err), -1);
    CHECK_HAS(err.msg, "neither none nor env");
    settings_fini(&s);
}

static const struct check_test tests[] = {
    {"files", test_files},
    {"environment", test_environment},
};

CHECK_MAIN(tests)
