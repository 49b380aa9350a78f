/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scan.h"
#include "base/visible.h"
#include "launch/command.h"

/* A pipe that polls as writable takes this much without blocking (PIPE_BUF). */
#define CHUNK 4096

static bool may_block(int fd)
{
    struct stat st;
    return fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
}

/* 1: write now; 0: interrupted. */
static int wait_writable(int fd, int interrupt_fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLOUT}, {.fd = interrupt_fd, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return 1;
        if (fds[0].revents)
            return 1;
        if (fds[1].revents)
            return 0;
    }
}

void output_add_visible(const char *text, size_t len, struct buf *out)
{
    visible_add(text, len, "\t\n", out);
}

void output_add_visible_line(const char *text, size_t len, struct buf *out)
{
    visible_add(text, len, "", out);
}

static int write_bytes(int fd, const char *bytes, size_t len, int interrupt_fd, struct err *err)
{
    bool careful = len && may_block(fd);
    while (len) {
        size_t n = careful && len > CHUNK ? CHUNK : len;
        if (careful && !wait_writable(fd, interrupt_fd))
            return err_set(err, ERR_CLOSED, "interrupted");
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (done < 0)
            return err_sys(err, "write to %s", fd == STDOUT_FILENO ? "stdout" : "stderr");
        bytes += done;
        len -= (size_t)done;
    }
    return 0;
}

int output_write(int fd, const char *bytes, size_t len, int interrupt_fd, struct err *err)
{
    if (!isatty(fd))
        return write_bytes(fd, bytes, len, interrupt_fd, err);
    AUTO_BUF struct buf b;
    buf_init(&b, VISIBLE_GROWTH * len + 1);
    output_add_visible(bytes, len, &b);
    if (buf_check(&b, "what goes to the terminal", err) < 0)
        return -1;
    return write_bytes(fd, b.ptr, b.len, interrupt_fd, err);
}

bool output_has_colour(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* Of stderr, looked at once. */
static bool log_has_colour(void)
{
    static int known = -1;
    if (known < 0)
        known = output_has_colour(STDERR_FILENO);
    return known;
}

void output_log(enum output_tone tone, const char *text, size_t len, int interrupt_fd)
{
    static const char *const codes[] = {
        [OUTPUT_PLAIN] = NULL, [OUTPUT_DIM] = "\033[2m", [OUTPUT_ERROR] = "\033[31m"};
    static const char end[] = "\033[0m\n";
    struct err ignored;
    if (!codes[tone] || !log_has_colour() || len == 0) {
        if (output_write(STDERR_FILENO, text, len, interrupt_fd, &ignored) < 0)
            return;
        return;
    }
    AUTO_BUF struct buf b;
    buf_init(&b, VISIBLE_GROWTH * len + 64);
    buf_adds(&b, codes[tone]);
    output_add_visible(text, text[len - 1] == '\n' ? len - 1 : len, &b);
    buf_adds(&b, end);
    if (!b.failed && write_bytes(STDERR_FILENO, b.ptr, b.len, interrupt_fd, &ignored) < 0)
        return;
}

/* One line: names in it cannot begin another one, or drive a terminal. */
static void tell(enum output_tone tone, const char *text)
{
    AUTO_BUF struct buf b;
    size_t len = strlen(text);
    buf_init(&b, VISIBLE_GROWTH * len + 32);
    buf_adds(&b, "clambda: ");
    visible_add(text, len, "\t", &b);
    buf_addc(&b, '\n');
    if (!b.failed)
        output_log(tone, b.ptr, b.len, -1);
}

void output_error(const struct err *err)
{
    tell(OUTPUT_ERROR, err->msg);
}

void output_note(const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    tell(OUTPUT_DIM, text);
}

int output_finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct err err;
    err_sys(&err, "write to stdout");
    output_error(&err);
    return EXIT_HOST;
}

static void add_compact(const char *body, size_t len, struct buf *out)
{
    bool inside = false; /* a string */
    for (size_t i = 0; i < len; i++) {
        char c = body[i];
        if (!inside && strchr(" \t\r\n", c))
            continue;
        buf_addc(out, c);
        if (inside && c == '\\' && i + 1 < len)
            buf_addc(out, body[++i]);
        else if (c == '"')
            inside = !inside;
    }
}

void output_answer_line(const char *body, size_t len, struct buf *out)
{
    struct scan_fault fault;
    if (!memchr(body, '\n', len) && !memchr(body, '\r', len))
        buf_add(out, body, len);
    else if (scan_valid(body, len, &fault))
        add_compact(body, len, out);
    else
        buf_add_json_string(out, body, len);
    buf_addc(out, '\n');
}
