/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "launch/output.h"

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

/* What a function may print, and what a terminal gets of it. */
static const struct {
    const char *text;
    size_t len;
    const char *shown;
} visible_rows[] = {
#define ROW(text, shown)             \
    {                                \
        text, sizeof text - 1, shown \
    }
    ROW("", ""),
    ROW("plain\ttext\n", "plain\ttext\n"),
    ROW("a\0b", "a\\x00b"),
    ROW("\033]52;c;ZWNobw==\a", "\\x1b]52;c;ZWNobw==\\x07"),
    ROW("\033[2J\033[6n\b\r\177", "\\x1b[2J\\x1b[6n\\x08\\x0d\\x7f"),
    ROW("one\ntwo\v\f\n", "one\ntwo\\x0b\\x0c\n"),
    ROW("\x9b"
        "31m\x80\xff",
        "\\x9b31m\\x80\\xff"),
    ROW("\xc2\x9b"
        "6n\xc2\x80\xc2\x9f\xc2\xa0",
        "\\u009b6n\\u0080\\u009f\xc2\xa0"),
    /* the lead of a longer character does not hide what comes behind it */
    ROW("\xe2\x9b", "\\xe2\\x9b"),
    ROW("\xe2\x9b\033[m", "\\xe2\\x9b\\x1b[m"),
    ROW("\xc0\x9b\xe0\x80\x9b\xed\xa0\x80", "\\xc0\\x9b\\xe0\\x80\\x9b\\xed\\xa0\\x80"),
    ROW("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9", "\\u202a\\u202e\\u2066\\u2069"),
    ROW("\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
        "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"),
    ROW("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
#undef ROW
};

static void test_visible(void)
{
    for (size_t i = 0; i < ARRAY_LEN(visible_rows); i++) {
        AUTO_BUF struct buf b;
        buf_init(&b, 4 * visible_rows[i].len + 1);
        output_add_visible(visible_rows[i].text, visible_rows[i].len, &b);
        CHECK_STR(b.ptr ? b.ptr : "", visible_rows[i].shown);
    }
}

/* No byte and no pair of bytes reaches a terminal as a control character. */
static void test_visible_pairs(void)
{
    for (int i = 0; i < 0x10000; i++) {
        const char pair[2] = {(char)(i >> 8), (char)i};
        AUTO_BUF struct buf b;
        buf_init(&b, 4 * sizeof pair);
        output_add_visible(pair, sizeof pair, &b);
        CHECK(!b.failed);
        for (size_t k = 0; k < b.len; k++) {
            unsigned char c = (unsigned char)b.ptr[k], next = (unsigned char)b.ptr[k + 1];
            bool control = c == 0x7f || (c < 0x20 && c != '\t' && c != '\n') ||
                           (c == 0xc2 && next >= 0x80 && next < 0xa0);
            if (control)
                check_report(__FILE__, __LINE__, b.ptr);
        }
    }
}

/* Reads what a terminal got, of which nothing more than size - 1 bytes are expected. */
static void read_terminal(int master, char *out, size_t size)
{
    size_t len = 0;
    struct pollfd fd = {.fd = master, .events = POLLIN};
    while (len < size - 1 && poll(&fd, 1, 0) > 0) {
        ssize_t n = read(master, out + len, size - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    out[len] = 0;
}

static void test_terminal(void)
{
    char got[256];
    struct err err = {0};
    AUTO_FD int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
        check_skip("this host has no pseudo terminals");
        return;
    }
    AUTO_FD int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    AUTO_FD int before = dup(STDERR_FILENO);
    CHECK(terminal >= 0 && before >= 0);
    CHECK_INT(output_write(terminal, "a\033[6n\n", 6, -1, &err), 0);
    read_terminal(master, got, sizeof got);
    CHECK_STR(got, "a\\x1b[6n\r\n");

    setenv("NO_COLOR", "1", 1);
    CHECK_INT(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    output_log(OUTPUT_DIM, "b\033c\n", 4, -1);
    err_set(&err, ERR_USAGE, "no '\033c\nclambda: done'");
    output_error(&err);
    output_note("'%s'", "\xc2\x9b");
    CHECK_INT(dup2(before, STDERR_FILENO), STDERR_FILENO);
    read_terminal(master, got, sizeof got);
    CHECK_STR(got, "b\\x1bc\r\n"
                   "clambda: no '\\x1bc\\x0aclambda: done'\r\n"
                   "clambda: '\\u009b'\r\n");
}

static void test_pipe_is_untouched(void)
{
    int ends[2];
    char got[16] = "";
    struct err err = {0};
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(output_write(ends[1], "\033[2J\x9b", 5, -1, &err), 0);
    CHECK_INT(read(ends[0], got, sizeof got - 1), 5);
    CHECK_STR(got, "\033[2J\x9b");
    close(ends[0]);
    close(ends[1]);
}

static const struct check_test tests[] = {
    {"lines", test_lines},
    {"visible", test_visible},
    {"visible_pairs", test_visible_pairs},
    {"terminal", test_terminal},
    {"pipe_is_untouched", test_pipe_is_untouched},
    {"full_disk", test_full_disk},
    {"no_reader", test_no_reader},
    {"interrupt", test_interrupt},
};

CHECK_MAIN(tests)
