/* SPDX-License-Identifier: Apache-2.0 */
#include "core/post.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "core/respawn.h"
#include "rapi/address.h"

#define POST_HEAD   32768
#define POST_ANSWER 4096 /* bytes of the answer that are read */

static struct {
    struct address address;
    struct sockaddr_in to;
    const char *agent;
    bool parsed, known; /* known: to is an address */
} target;

void post_prepare(const char *address, const char *agent)
{
    struct err err;
    target.agent = agent;
    target.parsed = address_parse(address, &target.address, &err) == 0;
    const char *host =
        strcmp(target.address.host, "localhost") == 0 ? "127.0.0.1" : target.address.host;
    target.to = (struct sockaddr_in){.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)target.address.port)};
    target.known = target.parsed && inet_pton(AF_INET, host, &target.to.sin_addr) == 1;
}

void post_learn(int fd)
{
    socklen_t size = sizeof target.to;
    if (!target.known && target.parsed)
        target.known = getpeername(fd, (struct sockaddr *)&target.to, &size) == 0 &&
                       target.to.sin_family == AF_INET;
}

static int fail(struct report *why, const char *what, int error)
{
    report_text(why, what);
    if (error) {
        report_text(why, ": errno ");
        report_number(why, (uint64_t)error, 10);
    }
    return -1;
}

static void close_between(int first, int last)
{
#ifdef SYS_close_range
    if (first <= last)
        syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0u);
#else
    for (int fd = first; fd <= last && fd < 1024; fd++)
        close(fd);
#endif
}

/* With no descriptor left those of the handler give way: the process is at its end. */
static void free_descriptors(int keep)
{
    int log = respawn_log_descriptor();
    int low = keep < log ? keep : log, high = keep < log ? log : keep;
    low = low < 3 ? 2 : low;
    high = high < 3 ? 2 : high;
    close_between(3, low - 1);
    close_between(low + 1, high - 1);
    close_between(high + 1, INT_MAX);
}

static int open_socket(int keep)
{
    respawn_fill_standard();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        free_descriptors(keep);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    return fd;
}

void post_make_room(int keep)
{
    int fd = open_socket(keep);
    if (fd >= 0)
        close(fd);
}

static void put_escaped(struct report *r, const char *text, size_t len)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (memchr(safe, c, sizeof safe - 1)) {
            report_put(r, text + i, 1);
            continue;
        }
        report_put(r, (char[]){'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]}, 3);
    }
}

static void put_header(struct report *r, const char *name, const char *value, size_t len)
{
    if (!value)
        return;
    report_text(r, name);
    report_text(r, ": ");
    report_put(r, value, len);
    report_text(r, "\r\n");
}

static void put_head(struct report *r, const struct post *p)
{
    report_text(r, "POST ");
    report_text(r, target.address.path);
    report_text(r, "/2018-06-01/runtime");
    report_text(r, p->path);
    put_escaped(r, p->id, p->id_len);
    report_text(r, p->action);
    report_text(r, " HTTP/1.1\r\nHost: ");
    report_text(r, target.address.host);
    report_text(r, ":");
    report_number(r, target.address.port, 10);
    report_text(r, "\r\n");
    put_header(r, "User-Agent", target.agent, strlen(target.agent));
    put_header(r, "Connection", "close", 5);
    put_header(r, "Content-Type", "application/json", 16);
    put_header(r, "Lambda-Runtime-Invocation-Id", p->nonce, p->nonce_len);
    put_header(r, "Lambda-Runtime-Function-Error-Type", p->type, p->type ? strlen(p->type) : 0);
    if (p->cause && !p->cause->cut)
        put_header(r, "Lambda-Runtime-Function-XRay-Error-Cause", p->cause->text, p->cause->len);
    report_text(r, "Content-Length: ");
    report_number(r, p->body_len, 10);
    report_text(r, "\r\n\r\n");
}

/* 0, or errno. EPIPE and ECONNRESET are for the answer to explain: an API that refuses a request
 * half way closes. */
static int send_all(int fd, const char *bytes, size_t len, int flags)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, flags | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EPIPE || errno == ECONNRESET ? 0 : errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Reads the head and what came with it. */
static int read_answer(int fd, char *text, size_t size, size_t *out_len)
{
    size_t len = 0;
    while (len < size && !memmem(text, len, "\r\n\r\n", 4)) {
        ssize_t n = recv(fd, text + len, size - len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *out_len = len;
    return 0;
}

static int check_answer(const char *text, size_t len, struct report *why)
{
    if (len < 12 || memcmp(text, "HTTP/1.", 7) != 0)
        return fail(why, "the connection ended without an answer", 0);
    if (text[9] == '2')
        return 0;
    const char *body = memmem(text, len, "\r\n\r\n", 4);
    report_text(why, "status ");
    report_put(why, text + 9, 3);
    if (!body)
        return -1;
    report_text(why, ": ");
    report_escaped(why, body + 4, len - (size_t)(body + 4 - text));
    return -1;
}

int post_send(const struct post *p, int keep, struct report *why)
{
    static char head[POST_HEAD], answer[POST_ANSWER];
    struct report r = {.text = head, .cap = sizeof head};
    const int one = 1;
    size_t len = 0;
    if (!target.known)
        return fail(why, "the address of the Runtime API is not known", 0);
    put_head(&r, p);
    if (r.cut)
        return fail(why, "the headers are too long", 0);
    AUTO_FD int fd = open_socket(keep);
    if (fd < 0)
        return fail(why, "socket", errno);
    while (connect(fd, (const struct sockaddr *)&target.to, sizeof target.to) != 0)
        if (errno != EINTR)
            return fail(why, "connect", errno);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int error = send_all(fd, r.text, r.len, p->body_len ? MSG_MORE : 0);
    if (!error)
        error = send_all(fd, p->body, p->body_len, 0);
    if (error)
        return fail(why, "send", error);
    error = read_answer(fd, answer, sizeof answer, &len);
    return error ? fail(why, "receive", error) : check_answer(answer, len, why);
}
