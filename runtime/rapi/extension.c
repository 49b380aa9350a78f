/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/extension.h"

#include <string.h>

#include "rapi/exchange.h"
#include "rapi/request.h"

#define EXTENSION_PATH "/2020-01-01/extension"
#define EXTENSION_BODY "{\"events\":[]}"

/* The start of a request behind the part of the path that the address may have. */
static void begin(struct rapi *r, const char *method, const char *action)
{
    buf_reset(&r->request);
    buf_addf(&r->request, "%s ", method);
    buf_add(&r->request, r->prefix.ptr, r->prefix.len - strlen(RAPI_PATH));
    buf_addf(&r->request, EXTENSION_PATH "%s%s", action, r->common.ptr);
}

/* It goes into a header again: no byte that does not belong there. */
static bool is_identifier(const char *text, size_t len)
{
    if (!len || len > EXTENSION_ID_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

static int take_identifier(const struct http *h, char *buf, char out[EXTENSION_ID_MAX + 1],
                           struct err *err)
{
    static const char name[] = "Lambda-Extension-Identifier";
    struct http_header header;
    for (size_t at = 0; http_next_header(h, buf, &at, &header);) {
        if (!http_header_is(&header, name, sizeof name - 1))
            continue;
        if (!is_identifier(header.value, header.value_len))
            break;
        memcpy(out, header.value, header.value_len);
        out[header.value_len] = '\0';
        return 0;
    }
    return err_set(err, ERR_PROTOCOL, "register extension: no %s came back", name);
}

/* Tried once: a start is not held up for what the function can do without. */
static int enlist(struct rapi *r, const char *name, char id[EXTENSION_ID_MAX + 1], struct err *err)
{
    static const char what[] = "register extension";
    begin(r, "POST", "/register");
    buf_addf(&r->request,
             "Lambda-Extension-Name: %s\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n" EXTENSION_BODY,
             name, sizeof EXTENSION_BODY - 1);
    if (buf_check(&r->request, "the request to register an extension", err) != 0)
        return -1;
    struct exchange x = {.address = r->address, .buf = r->scratch, .cap = sizeof r->scratch};
    x.head = r->request.ptr;
    x.head_len = r->request.len;
    struct http h;
    http_init(&h, RAPI_BODY_MAX, RAPI_REPORT_MAX);
    if (exchange_run(&r->conn, &x, &h, err) != 0)
        return err_wrap(err, "%s", what);
    if (h.status != 200)
        return rapi_report_status(what, &h, r->scratch, err);
    return take_identifier(&h, r->scratch, id, err);
}

int extension_open(struct conn *c, struct rapi *r, const char *name, struct err *err)
{
    char id[EXTENSION_ID_MAX + 1];
    conn_init(c, -1);
    if (enlist(r, name, id, err) != 0)
        return -1;
    begin(r, "GET", "/event/next");
    buf_addf(&r->request, "Lambda-Extension-Identifier: %s\r\n\r\n", id);
    size_t sent = 0;
    if (buf_check(&r->request, "the request for an extension's event", err) == 0 &&
        conn_open(c, r->address, err) == 0 &&
        exchange_send(c, r->request.ptr, r->request.len, &sent, err) == 0)
        return 0;
    conn_close(c);
    return err_wrap(err, "extension '%s'", name);
}
