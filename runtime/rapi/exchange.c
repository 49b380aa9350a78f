/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/exchange.h"

int exchange_send(struct conn *c, const char *bytes, size_t len, size_t *sent, struct err *err)
{
    for (size_t at = 0; at < len;) {
        long n = conn_send(c, bytes + at, len - at, err);
        if (n < 0)
            return -1;
        at += (size_t)n;
        *sent += (size_t)n;
        if (at == len)
            break;
        int ready = conn_wait(c, CONN_READABLE | CONN_WRITABLE, err);
        if (ready < 0)
            return -1;
        if (ready & CONN_READABLE)
            return 0;
    }
    return 0;
}

int exchange_receive(struct conn *c, struct http *h, char *buf, size_t cap, struct err *err)
{
    while (!http_done(h)) {
        if (h->fill >= cap)
            return err_set(err, ERR_LIMIT, "a response is larger than the %zu bytes for it", cap);
        long n = conn_receive(c, buf + h->fill, cap - h->fill, err);
        if (n < 0)
            return err->sys == 0 ? http_end(h, err) : -1;
        if (n == 0 && conn_wait(c, CONN_READABLE, err) < 0)
            return -1;
        if (http_feed(h, buf, (size_t)n, err) != 0)
            return -1;
    }
    return 0;
}

int exchange_receive_status(struct conn *c, struct http *h, char *buf, size_t cap, struct err *err)
{
    if (exchange_receive(c, h, buf, cap, err) == 0)
        return 0;
    if (err->kind != ERR_CLOSED || h->state == HTTP_HEAD)
        return -1;
    h->close = true;
    return 0;
}

int exchange_run(struct conn *c, struct exchange *x, struct http *h, struct err *err)
{
    x->safe = false;
    if (!conn_is_open(c) && conn_open(c, x->address, err) != 0) {
        x->safe = err->kind == ERR_CLOSED;
        return -1;
    }
    size_t sent = 0;
    int failed = exchange_send(c, x->head, x->head_len, &sent, err);
    if (failed == 0 && x->body_len && sent == x->head_len)
        failed = exchange_send(c, x->body, x->body_len, &sent, err);
    /* A peer that refuses a request half way closes; its answer may be here all the same. */
    struct err receive_err = {0};
    if (failed == 0 || sent > 0) {
        int got = conn_wait(c, CONN_READABLE, &receive_err) < 0
                      ? -1
                      : exchange_receive_status(c, h, x->buf, x->cap, &receive_err);
        if (failed == 0 && got != 0)
            *err = receive_err;
        failed = got;
    }
    if (failed == 0 && sent < x->head_len + x->body_len)
        h->close = true;
    x->safe = !http_started(h) && err->kind == ERR_CLOSED;
    if (failed != 0 || h->close)
        conn_close(c);
    return failed;
}
