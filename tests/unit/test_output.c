/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "cmd/output.h"

static const struct {
    const char *body, *line;
} rows[] = {
    {"{\"a\": 1}", "{\"a\": 1}\n"},
    {"", "\n"},
    {"plain text", "plain text\n"},
    {"{\n  \"a\": \"b c\\\" \\\\\",\r\n \"d\": [1, 2]\n}\n",
     "{\"a\":\"b c\\\" \\\\\",\"d\":[1,2]}\n"},
    {"two\nlines", "\"two\\nlines\"\n"},
    {"\"x\"\n", "\"x\"\n"},
};

static void test_lines(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf b;
        buf_init(&b, 4096);
        output_answer_line(rows[i].body, strlen(rows[i].body), &b);
        CHECK_STR(b.ptr, rows[i].line);
    }
}

static void test_full_disk(void)
{
    struct err err = {0};
    AUTO_FD int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_INT(output_write(fd, "x", 1, -1, &err), -1);
    CHECK_INT(err.kind, ERR_SYSTEM);
}

static void test_no_reader(void)
{
    int ends[2];
    struct err err = {0};
    signal(SIGPIPE, SIG_IGN);
    CHECK_INT(pipe(ends), 0);
    close(ends[0]);
    CHECK_INT(output_write(ends[1], "x", 1, -1, &err), -1);
    CHECK_INT(err.kind, ERR_SYSTEM);
    close(ends[1]);
}

/* A reader that stands still does not hold up an interrupt. */
static void test_interrupt(void)
{
    static char block[1 << 20];
    int ends[2], stop[2];
    struct err err = {0};
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(pipe(stop), 0);
    CHECK_INT(write(stop[1], "x", 1), 1);
    CHECK_INT(output_write(ends[1], block, sizeof block, stop[0], &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(stop[i]);
    }
}

static const struct check_test tests[] = {
    {"lines", test_lines},
    {"full_disk", test_full_disk},
    {"no_reader", test_no_reader},
    {"interrupt", test_interrupt},
};

CHECK_MAIN(tests)
