/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/unpack.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#define STEP       65536
#define MEMBER_MAX (128u << 20)

enum state { START, PLAIN, HEADER, MEMBER, END };

struct unpack {
    int fd, interrupt_fd;
    enum state state;
    char *in; /* heap */
    size_t cap, begin, end;
    bool at_end; /* of the file */
    bool torn;
    uint64_t bytes;
    z_stream z;
    bool z_open;
};

struct unpack *unpack_open(int fd, int interrupt_fd, struct err *err)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (u) {
        u->fd = fd;
        u->interrupt_fd = interrupt_fd;
        u->cap = STEP;
        u->in = malloc(u->cap);
    }
    if (!u || !u->in) {
        free(u);
        err_set(err, ERR_MEMORY, "no memory for a file's buffer");
        return NULL;
    }
    return u;
}

void unpack_close(struct unpack *u)
{
    if (!u)
        return;
    if (u->z_open)
        inflateEnd(&u->z);
    free(u->in);
    free(u);
}

/* Until there is something to read, or nobody who will write; a pipe that nobody has opened for
 * writing yet waits, too. */
static int wait_readable(const struct unpack *u, struct err *err)
{
    struct pollfd fds[2] = {{.fd = u->fd, .events = POLLIN},
                            {.fd = u->interrupt_fd, .events = POLLIN}};
    while (poll(fds, u->interrupt_fd ? 2 : 1, -1) < 0)
        if (errno != EINTR)
            return err_sys(err, "wait for the trace");
    return fds[1].revents ? err_set(err, ERR_CLOSED, "interrupted") : 0;
}

static long read_some(struct unpack *u, char *out, size_t room, struct err *err)
{
    ssize_t n;
    do {
        if (wait_readable(u, err) < 0)
            return -1;
        n = read(u->fd, out, room);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    if (n < 0)
        return err_sys(err, "read");
    u->bytes += (uint64_t)n;
    u->at_end = n == 0;
    return n;
}

static int make_room(struct unpack *u, size_t want, struct err *err)
{
    memmove(u->in, u->in + u->begin, u->end - u->begin);
    u->end -= u->begin;
    u->begin = 0;
    if (want <= u->cap)
        return 0;
    char *more = realloc(u->in, want);
    if (!more)
        return err_set(err, ERR_MEMORY, "no memory for %zu bytes of a packed line", want);
    u->in = more;
    u->cap = want;
    return 0;
}

/* Has at least want bytes from begin on, unless the file ends before. */
static int fill(struct unpack *u, size_t want, struct err *err)
{
    if (want > u->cap - u->begin && make_room(u, want, err) < 0)
        return -1;
    while (u->end - u->begin < want && !u->at_end) {
        long n = read_some(u, u->in + u->end, u->cap - u->end, err);
        if (n < 0)
            return -1;
        u->end += (size_t)n;
    }
    return 0;
}

static bool begins_with(const struct unpack *u, const char *bytes, size_t len)
{
    return u->end - u->begin >= len && memcmp(u->in + u->begin, bytes, len) == 0;
}

static size_t member_length(const struct unpack *u)
{
    const unsigned char *p = (const unsigned char *)u->in + u->begin + UNPACK_MARK_LEN;
    return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

/* A recorder's member, of which the length is known. 1: it is there as a whole; 0: it was torn and
 * is skipped. */
static int check_member(struct unpack *u, struct err *err)
{
    size_t len = member_length(u);
    if (len <= UNPACK_HEAD_LEN || len > MEMBER_MAX)
        return err_set(err, ERR_INPUT, "damaged: a packed line of %zu bytes", len);
    /* the next one may begin inside this one's last bytes and end behind them */
    size_t most = len + UNPACK_MARK_LEN - 1, have;
    if (fill(u, most, err) < 0)
        return -1;
    have = u->end - u->begin;
    const char *next =
        memmem(u->in + u->begin + 1, (have < most ? have : most) - 1, UNPACK_MARK, UNPACK_MARK_LEN);
    if (!next && have >= len)
        return 1;
    u->torn = true;
    u->begin = next ? (size_t)(next - u->in) : u->end;
    return 0;
}

static bool is_padding(const struct unpack *u)
{
    for (size_t i = u->begin; i < u->end; i++)
        if (u->in[i])
            return false;
    return true;
}

/* Torn inside its header, with another one behind it: skipped. */
static void skip_torn_head(struct unpack *u)
{
    const char *at = u->in + u->begin;
    size_t have = u->end - u->begin, same = 0;
    while (same < have && same < UNPACK_MARK_LEN && at[same] == UNPACK_MARK[same])
        same++;
    size_t most = UNPACK_HEAD_LEN - 1 + UNPACK_MARK_LEN;
    const char *next =
        same ? memmem(at + 1, (have < most ? have : most) - 1, UNPACK_MARK, UNPACK_MARK_LEN) : NULL;
    if (!next || (same < UNPACK_MARK_LEN && (size_t)(next - at) > same))
        return;
    u->begin += (size_t)(next - at);
    u->torn = true;
}

static int begin_member(struct unpack *u, struct err *err)
{
    if (fill(u, 2 * UNPACK_HEAD_LEN, err) < 0)
        return -1;
    skip_torn_head(u);
    if (fill(u, UNPACK_HEAD_LEN, err) < 0)
        return -1;
    size_t have = u->end - u->begin;
    if (have < UNPACK_HEAD_LEN) {
        u->torn |= have > 0 && !is_padding(u);
        u->state = END;
        return 0;
    }
    if (begins_with(u, UNPACK_MARK, UNPACK_MARK_LEN)) {
        int whole = check_member(u, err);
        if (whole <= 0)
            return whole;
    } else if (!begins_with(u, UNPACK_MAGIC, UNPACK_MAGIC_LEN)) {
        u->begin = is_padding(u) ? u->end : u->begin;
        return u->begin == u->end ? 0
                                  : err_set(err, ERR_INPUT,
                                            "damaged: no gzip data where some was "
                                            "expected");
    }
    int status = u->z_open ? inflateReset(&u->z) : inflateInit2(&u->z, 15 + 16);
    if (status != Z_OK)
        return err_set(err, ERR_MEMORY, "no memory to unpack");
    u->z_open = true;
    u->state = MEMBER;
    return 0;
}

static long inflate_some(struct unpack *u, char *out, size_t room, struct err *err)
{
    if (u->begin == u->end) {
        u->begin = u->end = 0;
        if (fill(u, 1, err) < 0)
            return -1;
        if (u->at_end) {
            u->torn = true;
            u->state = END;
            return 0;
        }
    }
    uInt most = room > 1u << 30 ? 1u << 30 : (uInt)room;
    u->z.next_in = (Bytef *)u->in + u->begin;
    u->z.avail_in = (uInt)(u->end - u->begin);
    u->z.next_out = (Bytef *)out;
    u->z.avail_out = most;
    int status = inflate(&u->z, Z_NO_FLUSH);
    u->begin = u->end - u->z.avail_in;
    if (status == Z_STREAM_END)
        u->state = HEADER;
    else if (status != Z_OK && status != Z_BUF_ERROR)
        return err_set(err, ERR_INPUT, "damaged gzip data: %s",
                       u->z.msg ? u->z.msg : zError(status));
    return most - u->z.avail_out;
}

static int start(struct unpack *u, struct err *err)
{
    if (fill(u, 2 * UNPACK_HEAD_LEN, err) < 0)
        return -1;
    skip_torn_head(u);
    bool torn = u->end - u->begin == 1 && u->in[u->begin] == UNPACK_MAGIC[0];
    u->state = torn || begins_with(u, UNPACK_MAGIC, UNPACK_MAGIC_LEN) ? HEADER : PLAIN;
    return 0;
}

static long read_plain(struct unpack *u, char *out, size_t room, struct err *err)
{
    size_t have = u->end - u->begin;
    if (!have)
        return u->at_end ? 0 : read_some(u, out, room, err);
    if (have > room)
        have = room;
    memcpy(out, u->in + u->begin, have);
    u->begin += have;
    return (long)have;
}

long unpack_read(struct unpack *u, char *out, size_t room, struct err *err)
{
    if (u->state == START && start(u, err) < 0)
        return -1;
    if (u->state == PLAIN)
        return read_plain(u, out, room, err);
    while (u->state != END) {
        if (u->state == HEADER) {
            if (begin_member(u, err) < 0)
                return -1;
            continue;
        }
        long n = inflate_some(u, out, room, err);
        if (n)
            return n;
    }
    return 0;
}

bool unpack_was_torn(struct unpack *u)
{
    bool torn = u->torn;
    u->torn = false;
    return torn;
}

uint64_t unpack_bytes(const struct unpack *u)
{
    return u->bytes;
}
