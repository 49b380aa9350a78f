/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/payloads.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/scan.h"
#include "env/channel.h"

#define READ_STEP (64 << 10)

int payloads_add(struct payloads *p, const char *name, struct err *err)
{
    if (p->count == PAYLOADS_MAX)
        return err_set(err, ERR_USAGE, "more than %d events", PAYLOADS_MAX);
    for (size_t i = 0; strcmp(name, "-") == 0 && i < p->count; i++)
        if (strcmp(p->items[i].name, "-") == 0)
            return err_set(err, ERR_USAGE, "'-' (standard input) can be read only once");
    struct payload *grown = realloc(p->items, (p->count + 1) * sizeof *grown);
    if (!grown)
        return err_set(err, ERR_MEMORY, "no memory for '%.200s'", name);
    p->items = grown;
    p->items[p->count++] = (struct payload){.name = name};
    return 0;
}

static const char *shown(const struct payload *p)
{
    return strcmp(p->name, "-") == 0 ? "standard input" : p->name;
}

/* Until there is something to read; -1 when interrupted first. */
static int wait_readable(int fd, int interrupt_fd, struct err *err)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = interrupt_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return err_sys(err, "wait for the event");
    return fds[1].revents ? err_set(err, ERR_CLOSED, "interrupted") : 0;
}

static int read_all(const struct payload *p, int fd, int interrupt_fd, struct buf *out,
                    struct err *err)
{
    for (;;) {
        char *room = buf_reserve(out, READ_STEP);
        if (!room)
            return buf_check(out, shown(p), err);
        if (wait_readable(fd, interrupt_fd, err) < 0)
            return -1;
        ssize_t n = read(fd, room, READ_STEP);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0) {
            err_sys(err, "read '%.200s'", shown(p));
            err->kind = ERR_INPUT;
            return -1;
        }
        if (n == 0)
            return 0;
        out->len += (size_t)n;
        out->ptr[out->len] = '\0';
        if (out->len > ENV_REQUEST_MAX)
            return err_set(err, ERR_INPUT,
                           "%.200s: the event is longer than %d bytes, the most that Lambda takes",
                           shown(p), ENV_REQUEST_MAX);
    }
}

static bool is_blank(const struct buf *b)
{
    for (size_t i = 0; i < b->len; i++)
        if (!strchr(" \t\r\n", b->ptr[i]) || !b->ptr[i])
            return false;
    return true;
}

static int read_one(struct payload *p, int interrupt_fd, struct err *err)
{
    AUTO_FD int own = -1;
    int fd = STDIN_FILENO;
    if (strcmp(p->name, "-") != 0) {
        /* a pipe without a writer is waited for where signals end the wait */
        fd = own = open(p->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) {
            err_sys(err, "open '%.200s'", p->name);
            err->kind = ERR_INPUT;
            return -1;
        }
    }
    AUTO_BUF struct buf b;
    buf_init(&b, ENV_REQUEST_MAX + 2 * READ_STEP);
    if (read_all(p, fd, interrupt_fd, &b, err) < 0)
        return -1;
    if (is_blank(&b)) {
        buf_reset(&b);
        buf_adds(&b, "{}");
    }
    struct scan_fault fault;
    if (!scan_valid(b.ptr, b.len, &fault))
        return err_set(err, ERR_INPUT, "%.200s: line %zu, column %zu: %s", shown(p), fault.line,
                       fault.column, fault.reason);
    p->len = b.len;
    p->bytes = buf_take(&b);
    return 0;
}

int payloads_read(struct payloads *p, int interrupt_fd, struct err *err)
{
    for (size_t i = 0; i < p->count; i++)
        if (read_one(&p->items[i], interrupt_fd, err) < 0)
            return -1;
    return 0;
}

void payloads_fini(struct payloads *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].bytes);
    free(p->items);
    *p = (struct payloads){0};
}
