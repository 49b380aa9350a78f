/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "check.h"
#include "cmd/payloads.h"
#include "env/channel.h"

static char name[64];

static void write_file(const void *bytes, size_t len)
{
    strcpy(name, "/tmp/test_payloads.XXXXXX");
    int fd = mkstemp(name);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static const struct {
    const char *text, *want, *fault;
} rows[] = {
    {"{\"a\":1}", "{\"a\":1}", NULL},
    {"", "{}", NULL},
    {" \n\t", "{}", NULL},
    {"[1,\n 2", NULL, ": line 2, column 3: "},
    {"{\"a\":1,}", NULL, ": line 1, column 8: "},
    {"{} x", NULL, ": line 1, column 4: "},
    {"null\n", "null\n", NULL},
};

static void test_rows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct payloads p = {0};
        struct err err = {0};
        write_file(rows[i].text, strlen(rows[i].text));
        CHECK_INT(payloads_add(&p, name, &err), 0);
        CHECK_INT(payloads_read(&p, -1, &err), rows[i].fault ? -1 : 0);
        if (rows[i].fault) {
            CHECK_HAS(err.msg, rows[i].fault);
            CHECK_HAS(err.msg, name);
            CHECK_INT(err.kind, ERR_INPUT);
        } else {
            CHECK_STR(p.items[0].bytes, rows[i].want);
        }
        payloads_fini(&p);
        unlink(name);
    }
}

static void test_size(void)
{
    char *text = malloc(ENV_REQUEST_MAX + 1);
    memset(text, ' ', ENV_REQUEST_MAX + 1);
    text[0] = '1';
    for (size_t over = 0; over < 2; over++) {
        struct payloads p = {0};
        struct err err = {0};
        write_file(text, ENV_REQUEST_MAX + over);
        CHECK_INT(payloads_add(&p, name, &err), 0);
        CHECK_INT(payloads_read(&p, -1, &err), over ? -1 : 0);
        if (over)
            CHECK_HAS(err.msg, "6291456 bytes");
        else
            CHECK_INT(p.items[0].len, ENV_REQUEST_MAX);
        payloads_fini(&p);
        unlink(name);
    }
    free(text);
}

static void test_names(void)
{
    struct payloads p = {0};
    struct err err = {0};
    CHECK_INT(payloads_add(&p, "-", &err), 0);
    CHECK_INT(payloads_add(&p, "-", &err), -1);
    CHECK_HAS(err.msg, "only once");
    payloads_fini(&p);
    CHECK_INT(payloads_add(&p, "/nonexistent/e.json", &err), 0);
    CHECK_INT(payloads_read(&p, -1, &err), -1);
    CHECK_HAS(err.msg, "open '/nonexistent/e.json': No such file");
    CHECK_INT(err.kind, ERR_INPUT);
    payloads_fini(&p);
    CHECK_INT(payloads_add(&p, "/tmp", &err), 0);
    CHECK_INT(payloads_read(&p, -1, &err), -1);
    CHECK_HAS(err.msg, "Is a directory");
    CHECK_INT(err.kind, ERR_INPUT);
    payloads_fini(&p);
}

static const struct check_test tests[] = {
    {"rows", test_rows}, {"size", test_size}, {"names", test_names}};

CHECK_MAIN(tests)
