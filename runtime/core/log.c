/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>
#include <time.h>

#include "core/settings.h"

#define ON_STACK 2048

/* Type of a frame: a mark, the level, that it has a time, and that it is text. */
#define FRAME_MARK 0xA55A0000u
#define FRAME_TIME 2u
#define FRAME_TEXT 1u

struct frame {
    uint32_t type, len;
    uint64_t time_us;
};
_Static_assert(sizeof(struct frame) == 16, "as it goes over the wire");

static enum lambda_level log_level = LAMBDA_INFO;
static bool json, framed;
static int sink = STDERR_FILENO;
static const char *tenant, *trace;

void log_set_level(enum lambda_level level)
{
    log_level = level;
}

bool log_has_level(enum lambda_level level)
{
    return level >= log_level;
}

void log_set_json(bool on)
{
    json = on;
}

bool log_is_json(void)
{
    return json;
}

void log_set_sink(int fd, bool with_frames)
{
    sink = fd;
    framed = with_frames;
}

void log_set_origin(const char *tenant_id, const char *trace_id)
{
    tenant = tenant_id;
    trace = trace_id;
}

void log_begin(const struct settings *settings)
{
    log_set_level(settings->log_level);
    log_set_json(settings->log_json);
    if (settings->log_fd >= 0)
        log_set_sink(settings->log_fd, true);
    if (settings->bad_log_level)
        log_line(LAMBDA_WARN, NULL,
                 "AWS_LAMBDA_LOG_LEVEL '%.40s' is none of TRACE, DEBUG, INFO, WARN, "
                 "ERROR, FATAL: INFO is taken",
                 settings->bad_log_level);
}

int log_parse_level(const char *text, enum lambda_level *out)
{
    for (unsigned i = LAMBDA_TRACE; i <= LAMBDA_FATAL; i++) {
        if (strcasecmp(text, entry_level_name(i)) != 0)
            continue;
        *out = (enum lambda_level)i;
        return 0;
    }
    return -1;
}

/* A program that shares the stream may have made it non-blocking: a line waits all the same. */
static bool await_room(void)
{
    struct pollfd stream = {.fd = sink, .events = POLLOUT};
    return poll(&stream, 1, -1) > 0 || errno == EINTR;
}

static void write_all(struct iovec *part, int count)
{
    while (count) {
        ssize_t n = count == 1 ? write(sink, part->iov_base, part->iov_len) /* the cheaper call */
                               : writev(sink, part, count);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && await_room())))
            continue;
        if (n <= 0)
            return; /* there is nowhere left to complain */
        size_t done = (size_t)n;
        for (; count && done >= part->iov_len; part++, count--)
            done -= part->iov_len;
        if (!count)
            return;
        part->iov_base = (char *)part->iov_base + done;
        part->iov_len -= done;
    }
}

static void write_line(enum lambda_level level, const struct report *r)
{
    struct frame head;
    struct iovec parts[] = {{&head, sizeof head}, {r->text, r->len}};
    if (!framed) {
        write_all(parts + 1, 1);
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    head.type = htonl(FRAME_MARK | (uint32_t)level << 2 | FRAME_TIME | (json ? 0 : FRAME_TEXT));
    head.len = htonl((uint32_t)r->len);
    head.time_us = htobe64((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
    write_all(parts, 2);
}

static bool is_dropped(enum lambda_level level)
{
    return level < log_level || !entry_level_name(level);
}

static void print(const struct entry *e, struct report *r)
{
    struct entry whole = *e;
    if (e->request_id && !e->tenant_id && !e->trace_id) {
        whole.tenant_id = tenant;
        whole.trace_id = trace;
    }
    r->len = 0;
    r->cut = false;
    if (json)
        entry_print_json(&whole, r);
    else
        entry_print_text(&whole, r);
}

void log_entry_in(const struct entry *e, struct report *r)
{
    int saved = errno;
    if (!is_dropped(e->level)) {
        print(e, r);
        write_line(e->level, r);
    }
    r->len = 0;
    errno = saved;
}

void log_entry(const struct entry *e)
{
    int saved = errno;
    char small[ON_STACK];
    struct report r = {small, 0, sizeof small, false};
    AUTO_FREE char *large = NULL;
    if (!is_dropped(e->level)) {
        print(e, &r);
        large = r.cut ? malloc(LOG_LINE_MAX) : NULL;
        if (large) {
            r = (struct report){large, 0, LOG_LINE_MAX, false};
            print(e, &r);
        }
        write_line(e->level, &r);
    }
    errno = saved;
}

void log_linev(enum lambda_level level, const char *request_id, const char *fmt, va_list args)
{
    if (is_dropped(level))
        return;
    int saved = errno;
    char small[ON_STACK];
    AUTO_FREE char *large = NULL;
    struct entry e = {.level = level, .request_id = request_id, .text = small};
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, fmt, args);
    e.len = len < 0 ? 0 : (size_t)len;
    if (e.len >= sizeof small) {
        size_t most = e.len < LOG_LINE_MAX ? e.len : LOG_LINE_MAX;
        e.len = sizeof small - 1;
        large = malloc(most + 1);
        if (large) {
            vsnprintf(large, most + 1, fmt, again);
            e.text = large;
            e.len = most;
        }
    }
    va_end(again);
    log_entry(&e);
    errno = saved;
}

void log_line(enum lambda_level level, const char *request_id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_linev(level, request_id, fmt, args);
    va_end(args);
}

void log_failure(enum lambda_level level, const char *request_id, const struct failure *f)
{
    char text[FAILURE_TYPE_MAX + FAILURE_MESSAGE_MAX + 3];
    int len = snprintf(text, sizeof text, "%s: %s", f->type, f->message);
    struct entry e = {.level = level,
                      .request_id = request_id,
                      .text = text,
                      .len = (size_t)len,
                      .error_type = f->type,
                      .error_message = f->message};
    log_entry(&e);
}
