/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/restore.h"

#include "rapi/exchange.h"
#include "rapi/request.h"

static int ask(struct rapi *r, bool *stopped, struct err *err)
{
    struct buf *b = &r->request;
    buf_reset(b);
    buf_addf(b, "GET %s/restore/next%s\r\n", r->prefix.ptr, r->common.ptr);
    if (buf_check(b, "the request for the restore", err) != 0 ||
        conn_open(&r->conn, r->address, err) != 0)
        return -1;
    size_t sent = 0;
    if (exchange_send(&r->conn, b->ptr, b->len, &sent, err) != 0)
        return -1;
    int ready = conn_wait(&r->conn, CONN_READABLE | CONN_WOKEN, err);
    if (ready < 0)
        return -1;
    *stopped = !(ready & CONN_READABLE);
    if (*stopped)
        return 0;
    struct http h;
    http_init(&h, RAPI_BODY_MAX, RAPI_REPORT_MAX);
    if (exchange_receive(&r->conn, &h, r->scratch, sizeof r->scratch, err) != 0)
        return -1;
    return h.status == 200 ? 0 : rapi_report_status("restore/next", &h, r->scratch, err);
}

int restore_wait(struct rapi *r, bool *out_stopped, struct err *err)
{
    bool stopped = false;
    conn_close(&r->conn);
    int failed = ask(r, &stopped, err);
    conn_close(&r->conn);
    if (failed)
        return err_wrap(err, "wait for the restore");
    *out_stopped = stopped;
    return 0;
}

int restore_fail(struct rapi *r, const char *type, const void *body, size_t len, struct err *err)
{
    rapi_begin_post(r, "/restore/error", NULL, "", len);
    rapi_add_error(r, type);
    struct http h;
    return rapi_send_request(r, "restore error", body, len, &h, err);
}
