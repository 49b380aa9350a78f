/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/stream.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "rapi/exchange.h"
#include "rapi/http.h"
#include "rapi/request.h"

#define PARTS      4  /* head, size of the chunk, its bytes, line break */
#define CHUNK_LINE 24 /* bytes of a chunk's size with its line break */

static void add_chunk(struct buf *out, const void *bytes, size_t len)
{
    if (!len)
        return; /* would be the end */
    buf_addf(out, "%zx\r\n", len);
    buf_add(out, bytes, len);
    buf_adds(out, "\r\n");
}

int rapi_stream_open(struct rapi_stream *s, struct rapi *r, const struct rapi_event *event,
                     const char *content_type, const struct buf *first, struct err *err)
{
    rapi_begin_head(r, "/invocation/", &event->request_id, "/response");
    rapi_add_nonce(r, event);
    buf_adds(&r->request, "Content-Type: ");
    buf_adds(&r->request, content_type);
    buf_adds(&r->request, "\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
                          "Transfer-Encoding: chunked\r\n"
                          "Trailer: Lambda-Runtime-Function-Error-Type, "
                          "Lambda-Runtime-Function-Error-Body\r\n\r\n");
    add_chunk(&r->request, first->ptr, first->len);
    if (buf_check(&r->request, "the head of a streamed answer", err) != 0)
        return -1;
    s->rapi = r;
    s->state = RAPI_STREAM_OPEN;
    s->sent = first->len;
    return 0;
}

/* ---- sending ------------------------------------------------------------------------------- */

static int give_up(struct rapi_stream *s, struct err *err)
{
    conn_close(&s->rapi->conn);
    s->state = RAPI_STREAM_BROKEN;
    err_wrap(err, "streamed answer, after %llu bytes", (unsigned long long)s->sent);
    s->broken = *err;
    return -1;
}

/* Reads what the API says; status tells what that means. */
static int receive_answer(struct rapi_stream *s, int *status, bool *close, struct err *err)
{
    struct rapi *r = s->rapi;
    struct http h;
    http_init(&h, RAPI_BODY_MAX, RAPI_REPORT_MAX);
    if (exchange_receive_status(&r->conn, &h, r->scratch, sizeof r->scratch, err) != 0)
        return -1;
    *status = h.status;
    *close = h.close;
    if (h.status >= 200 && h.status < 300)
        return 0;
    return rapi_report_status("response", &h, r->scratch, err);
}

/* The API has made up its mind before it has everything, or it has closed. */
static int take_early_answer(struct rapi_stream *s, struct err *err)
{
    int status;
    bool close;
    if (receive_answer(s, &status, &close, err) == 0)
        err_set(err, ERR_PROTOCOL, "the Runtime API answered %d before the end", status);
    return give_up(s, err);
}

/* What was written before it failed may have been answered all the same: that tells more. */
static int take_failure(struct rapi_stream *s, struct err *err)
{
    struct err answer = {0};
    int status;
    bool close;
    if (receive_answer(s, &status, &close, &answer) != 0 && answer.kind == ERR_REMOTE)
        *err = answer;
    return give_up(s, err);
}

static void skip_sent(struct iovec *parts, int *at, size_t n)
{
    while (*at < PARTS && n >= parts[*at].iov_len)
        n -= parts[(*at)++].iov_len;
    if (*at == PARTS)
        return;
    parts[*at].iov_base = (char *)parts[*at].iov_base + n;
    parts[*at].iov_len -= n;
}

static int send_parts(struct rapi_stream *s, struct iovec parts[static PARTS], struct err *err)
{
    struct conn *c = &s->rapi->conn;
    int at = 0;
    skip_sent(parts, &at, 0);
    while (at < PARTS) {
        long n = conn_send_parts(c, parts + at, PARTS - at, err);
        if (n < 0)
            return take_failure(s, err);
        skip_sent(parts, &at, (size_t)n);
        if (at == PARTS)
            break;
        int ready = conn_wait(c, CONN_READABLE | CONN_WRITABLE, err);
        if (ready < 0)
            return give_up(s, err);
        if (ready & CONN_READABLE)
            return take_early_answer(s, err);
    }
    return 0;
}

/* Before the first byte: a connection that the peer has closed since is replaced. Later: whatever
 * the API says now it says about this stream. */
static int check_connection(struct rapi_stream *s, struct err *err)
{
    struct conn *c = &s->rapi->conn;
    bool readable = conn_is_open(c) && conn_is_readable(c);
    if (s->state == RAPI_STREAM_STARTED)
        return readable ? take_early_answer(s, err) : 0;
    if (readable)
        conn_close(c);
    if (conn_is_open(c) || conn_open(c, s->rapi->address, err) == 0)
        return 0;
    s->state = RAPI_STREAM_NONE; /* nothing is lost yet: an error can be posted as always */
    return err_wrap(err, "streamed answer");
}

/* Sends the head when it has not been sent, size and bytes of a chunk, and what stands behind. */
static int send_chunk(struct rapi_stream *s, const void *bytes, size_t len, const char *tail,
                      struct err *err)
{
    struct buf *request = &s->rapi->request;
    char line[CHUNK_LINE];
    /* the bytes are not changed: iov_base lacks a const */
    union {
        const void *in;
        void *out;
    } chunk = {.in = bytes}, behind = {.in = tail};
    if (s->state == RAPI_STREAM_BROKEN) {
        *err = s->broken;
        return -1;
    }
    if (check_connection(s, err) != 0)
        return -1;
    bool started = s->state == RAPI_STREAM_STARTED;
    int digits = len ? snprintf(line, sizeof line, "%zx\r\n", len) : 0;
    struct iovec parts[PARTS] = {
        {request->ptr, started ? 0 : request->len},
        {line, (size_t)digits},
        {chunk.out, len},
        {behind.out, strlen(tail)},
    };
    s->state = RAPI_STREAM_STARTED;
    return send_parts(s, parts, err);
}

int rapi_stream_write(struct rapi_stream *s, const void *bytes, size_t len, struct err *err)
{
    if (len == 0 && s->state == RAPI_STREAM_STARTED)
        return 0;
    if (send_chunk(s, bytes, len, len ? "\r\n" : "", err) != 0)
        return -1;
    s->sent += len;
    return 0;
}

int rapi_stream_end(struct rapi_stream *s, const char *trailers, struct err *err)
{
    char tail[RAPI_STREAM_TRAILERS_MAX + 8];
    int status;
    bool close = false;
    size_t len = strlen(trailers) + 2;
    if (len > RAPI_STREAM_TRAILERS_MAX) {
        err_set(err, ERR_LIMIT, "trailers of %zu bytes", len);
        return give_up(s, err);
    }
    snprintf(tail, sizeof tail, "0\r\n%s\r\n", trailers);
    if (send_chunk(s, NULL, 0, tail, err) != 0)
        return -1;
    if (conn_wait(&s->rapi->conn, CONN_READABLE, err) < 0)
        return give_up(s, err);
    int failed = receive_answer(s, &status, &close, err);
    if (failed && err->kind != ERR_REMOTE)
        return give_up(s, err);
    if (close)
        conn_close(&s->rapi->conn);
    s->state = RAPI_STREAM_NONE;
    return failed;
}
