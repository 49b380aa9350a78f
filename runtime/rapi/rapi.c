/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/rapi.h"

#include <poll.h>
#include <string.h>
#include <strings.h>

#include "base/scan.h"
#include "rapi/address.h"
#include "rapi/exchange.h"
#include "rapi/http.h"
#include "rapi/request.h"

#define RAPI_ONE_PACKET 16384                    /* up to here head and body are sent by one call */
#define RAPI_REQUEST    (RAPI_ONE_PACKET + 2048) /* bytes of usual requests */

int rapi_open(struct rapi *r, const char *address, const char *agent, int wake_fd, struct err *err)
{
    r->address = NULL;
    conn_init(&r->conn, wake_fd);
    buf_init(&r->common, 1024);
    buf_init(&r->prefix, ADDRESS_PATH_MAX + 32);
    buf_init(&r->poll, 4096);
    buf_init(&r->request, RAPI_VALUE_MAX * 4 + RAPI_ONE_PACKET);
    struct address a;
    if (address_parse(address, &a, err) != 0 || conn_setup(err) != 0)
        return -1;
    buf_addf(&r->prefix, "%s" RAPI_PATH, a.path);
    buf_addf(&r->common, " HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: %s\r\n", a.host, a.port, agent);
    struct buf where;
    buf_init(&where, ADDRESS_HOST_MAX + 32);
    buf_addf(&where, "%s:%u", a.host, a.port);
    buf_addf(&r->poll, "GET %s/invocation/next%s\r\n", r->prefix.ptr ? r->prefix.ptr : "",
             r->common.ptr ? r->common.ptr : "");
    int failed = buf_check(&where, "an address", err);
    r->address = buf_take(&where);
    buf_reserve(&r->request, RAPI_REQUEST); /* a process without memory can still say so */
    if (failed || buf_check(&r->prefix, "the path of the Runtime API", err) != 0 ||
        buf_check(&r->common, "the headers of a request", err) != 0 ||
        buf_check(&r->poll, "the request for the next event", err) != 0 ||
        buf_check(&r->request, "an answer", err) != 0) {
        err_wrap(err, "address '%s'", address);
        rapi_close(r);
        return -1;
    }
    return 0;
}

void rapi_close(struct rapi *r)
{
    conn_close(&r->conn);
    free(r->address);
    r->address = NULL;
    buf_free(&r->common);
    buf_free(&r->prefix);
    buf_free(&r->poll);
    buf_free(&r->request);
}

/* ---- next ---------------------------------------------------------------------------------- */

static int take_text(const struct http_header *header, void *out)
{
    struct rapi_text *text = out;
    if (!header->value_len)
        return 0;
    header->value[header->value_len] = '\0'; /* was a blank or the line's end */
    *text = (struct rapi_text){header->value, header->value_len};
    return 0;
}

/* Digits only: what atoi would make of anything else is a deadline in 1970. */
static int take_deadline(const struct http_header *header, void *out)
{
    int64_t value = 0;
    for (size_t i = 0; i < header->value_len; i++) {
        char c = header->value[i];
        if (c < '0' || c > '9' || value > INT64_MAX / 10 - 1)
            return -1;
        value = value * 10 + (c - '0');
    }
    *(int64_t *)out = value;
    return 0;
}

/* Nobody takes a request whose header has control bytes: better an answer without the nonce. */
static int take_nonce(const struct http_header *header, void *out)
{
    for (size_t i = 0; i < header->value_len; i++) {
        unsigned char c = (unsigned char)header->value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return -1;
    }
    return header->value_len <= RAPI_VALUE_MAX ? take_text(header, out) : -1;
}

static const struct {
    const char *name; /* behind "Lambda-Runtime-" */
    size_t len, offset;
    int (*take)(const struct http_header *header, void *out); /* -1: it is malformed */
} event_headers[] = {
#define ROW(name, member, take)                                           \
    {                                                                     \
        name, sizeof(name) - 1, offsetof(struct rapi_event, member), take \
    }
    ROW("Aws-Request-Id", request_id, take_text),
    ROW("Deadline-Ms", deadline_ms, take_deadline),
    ROW("Invoked-Function-Arn", function_arn, take_text),
    ROW("Trace-Id", trace_id, take_text),
    ROW("Client-Context", client_context, take_text),
    ROW("Cognito-Identity", cognito_identity, take_text),
    ROW("Aws-Tenant-Id", tenant_id, take_text),
    ROW("Invocation-Id", invocation_id, take_nonce),
#undef ROW
};

static void take_event_header(struct http_header *header, struct rapi_event *out)
{
    static const char common[] = "Lambda-Runtime-";
    const size_t skip = sizeof common - 1;
    if (header->name_len <= skip || strncasecmp(header->name, common, skip) != 0)
        return;
    header->name += skip;
    header->name_len -= skip;
    for (size_t i = 0; i < ARRAY_LEN(event_headers); i++) {
        if (!http_header_is(header, event_headers[i].name, event_headers[i].len))
            continue;
        if (event_headers[i].take(header, (char *)out + event_headers[i].offset) != 0) {
            header->value[header->value_len] = '\0';
            out->odd = header->name;
        }
        return;
    }
}

static int take_event(const struct http *h, char *buf, struct rapi_event *out, struct err *err)
{
    *out = (struct rapi_event){.body = buf + h->body, .body_len = h->body_len};
    struct http_header header;
    for (size_t at = 0; http_next_header(h, buf, &at, &header);)
        take_event_header(&header, out);
    if (!out->request_id.ptr)
        return err_set(err, ERR_PROTOCOL, "an event without Lambda-Runtime-Aws-Request-Id");
    return 0;
}

/* A member of the API's error document, unescaped; "" when there is none. */
static void take_words(const char *body, size_t len, const char *pointer,
                       char out[RAPI_REPORT_MAX + 1])
{
    struct scan_value v = scan_find(body, len, pointer);
    long n = v.ptr && v.len <= RAPI_REPORT_MAX ? scan_unescape(v, out) : 0;
    out[n > 0 ? n : 0] = '\0';
}

/* Without the line break that ends a text. */
static size_t trimmed(const char *text, size_t len)
{
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    return len;
}

int rapi_report_status(const char *what, const struct http *h, const char *buf, struct err *err)
{
    char type[RAPI_REPORT_MAX + 1], message[RAPI_REPORT_MAX + 1];
    const char *body = buf + h->body;
    size_t len = h->body_len < RAPI_REPORT_MAX ? h->body_len : RAPI_REPORT_MAX;
    take_words(body, len, "/errorType", type);
    take_words(body, len, "/errorMessage", message);
    if (*type)
        err_set(err, ERR_REMOTE, "%s: status %d: %s: %s", what, h->status, type, message);
    else
        err_set(err, ERR_REMOTE, "%s: status %d: %.*s", what, h->status, (int)trimmed(body, len),
                body);
    err->sys = h->status;
    return -1;
}

enum poll_result { POLL_EVENT, POLL_IDLE, POLL_AGAIN, POLL_RETRY, POLL_FATAL };

/* Statuses of next that a later try may not give again; the rest is fatal. */
static bool is_passing(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/* Waits until the event is there or wake_fd says to stop. */
static int await_event(struct rapi *r, bool *stopped, struct err *err)
{
    int ready = conn_wait(&r->conn, CONN_READABLE | CONN_WOKEN, err);
    if (ready < 0)
        return -1;
    *stopped = !(ready & CONN_READABLE);
    return 0;
}

/* Sends the poll and waits. On a stale connection one more try on a new one is made at once. */
static int send_poll(struct rapi *r, bool *stopped, struct err *err)
{
    for (;;) {
        if (!conn_is_open(&r->conn) && conn_open(&r->conn, r->address, err) != 0)
            return -1;
        bool reused = r->conn.used;
        size_t sent = 0;
        if (exchange_send(&r->conn, r->poll.ptr, r->poll.len, &sent, err) == 0)
            return await_event(r, stopped, err);
        conn_close(&r->conn);
        if (!reused)
            return -1;
    }
}

static enum poll_result classify(const struct http *h, char *buf, struct rapi_event *out,
                                 struct err *err)
{
    if (h->status == 204)
        return POLL_IDLE;
    if (h->status == 200)
        return take_event(h, buf, out, err) == 0 ? POLL_EVENT : POLL_RETRY;
    rapi_report_status("next", h, buf, err);
    return is_passing(h->status) ? POLL_RETRY : POLL_FATAL;
}

/* One poll. The event is read to where the arena's free space starts. */
static enum poll_result poll_once(struct rapi *r, struct arena *arena, size_t pad,
                                  struct rapi_event *out, struct err *err)
{
    *out = (struct rapi_event){0};
    bool reused = conn_is_open(&r->conn) && r->conn.used;
    if (send_poll(r, &out->stopped, err) != 0)
        return POLL_RETRY;
    if (out->stopped)
        return POLL_EVENT;
    size_t cap = arena->cap - arena->used;
    if (cap <= pad)
        return err_set(err, ERR_MEMORY, "no room for an event"), POLL_FATAL;
    struct http h;
    http_init(&h, RAPI_BODY_MAX, RAPI_BODY_MAX);
    char *buf = arena->base + arena->used;
    if (exchange_receive(&r->conn, &h, buf, cap - pad, err) != 0) {
        conn_close(&r->conn);
        return reused && !http_started(&h) ? POLL_AGAIN : POLL_RETRY;
    }
    if (h.close)
        conn_close(&r->conn);
    enum poll_result result = classify(&h, buf, out, err);
    if (result == POLL_EVENT && arena_alloc(arena, h.fill + pad))
        memset(buf + h.fill, 0, pad);
    else if (result == POLL_RETRY)
        conn_close(&r->conn);
    return result;
}

/* true: wake_fd became readable. */
static bool sleep_ms(const struct rapi *r, int ms)
{
    struct pollfd wake = {.fd = r->conn.wake_fd, .events = POLLIN}; /* -1 is none for poll, too */
    return poll(&wake, 1, ms) > 0;
}

bool rapi_pause(const struct rapi *r, int failures, const struct err *err)
{
    if (!failures && err->kind == ERR_CLOSED)
        return false;
    return sleep_ms(r, RAPI_BACKOFF_MS << (failures ? failures - 1 : 0));
}

int rapi_next(struct rapi *r, struct arena *arena, size_t pad, struct rapi_event *out,
              struct err *err)
{
    int failures = 0;
    for (bool idle = false;;) {
        enum poll_result result = poll_once(r, arena, pad, out, err);
        if (result == POLL_EVENT)
            return 0;
        if (result == POLL_IDLE) { /* an answer: what failed before it is over */
            failures = 0;
            out->stopped = idle && sleep_ms(r, RAPI_IDLE_MS);
            idle = true;
            if (out->stopped)
                return 0;
            continue;
        }
        if (result == POLL_AGAIN)
            continue; /* can repeat only after a response: a new connection is not "reused" */
        if (result == POLL_FATAL)
            return err_wrap(err, "Runtime API");
        if (failures == RAPI_RETRIES)
            return err_wrap(err, "Runtime API at '%s', after %d tries", r->address, failures + 1);
        out->stopped = rapi_pause(r, failures++, err);
        if (out->stopped)
            return 0;
    }
}

/* ---- answers ------------------------------------------------------------------------------- */

void rapi_begin_head(struct rapi *r, const char *path, const struct rapi_text *id,
                     const char *action)
{
    struct buf *b = &r->request;
    buf_reset(b);
    buf_adds(b, "POST ");
    buf_add(b, r->prefix.ptr, r->prefix.len);
    buf_adds(b, path);
    if (id)
        http_add_escaped(b, id->ptr, id->len);
    buf_adds(b, action);
    buf_add(b, r->common.ptr, r->common.len);
}

void rapi_begin_post(struct rapi *r, const char *path, const struct rapi_text *id,
                     const char *action, size_t body_len)
{
    rapi_begin_head(r, path, id, action);
    buf_addf(&r->request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_len);
}

void rapi_add_nonce(struct rapi *r, const struct rapi_event *event)
{
    const struct rapi_text *nonce = &event->invocation_id;
    if (!nonce->ptr)
        return;
    buf_adds(&r->request, "Lambda-Runtime-Invocation-Id: ");
    buf_add(&r->request, nonce->ptr, nonce->len);
    buf_adds(&r->request, "\r\n");
}

void rapi_add_error(struct rapi *r, const char *type)
{
    buf_addf(&r->request, "Lambda-Runtime-Function-Error-Type: %s\r\n", type);
    if (r->cause) {
        buf_adds(&r->request, "Lambda-Runtime-Function-XRay-Error-Cause: ");
        buf_adds(&r->request, r->cause);
        buf_adds(&r->request, "\r\n");
    }
    r->cause = NULL;
}

int rapi_send_request(struct rapi *r, const char *what, const void *body, size_t len,
                      struct http *h, struct err *err)
{
    buf_adds(&r->request, "\r\n");
    struct exchange x = {.address = r->address, .buf = r->scratch, .cap = sizeof r->scratch};
    if (len <= RAPI_ONE_PACKET) {
        buf_add(&r->request, body, len);
    } else {
        x.body = body;
        x.body_len = len;
    }
    if (buf_check(&r->request, "the head of a request", err) != 0)
        return -1;
    x.head = r->request.ptr;
    x.head_len = r->request.len;
    int failed;
    for (int failures = 0;; failures++) {
        http_init(h, RAPI_BODY_MAX, RAPI_REPORT_MAX);
        failed = exchange_run(&r->conn, &x, h, err);
        if (!failed || !x.safe || failures == RAPI_RETRIES)
            break;
        (void)rapi_pause(r, failures, err); /* an answer is worth waiting for */
    }
    if (failed)
        return err_wrap(err, "post %s", what);
    if (h->status >= 200 && h->status < 300)
        return 0;
    return rapi_report_status(what, h, r->scratch, err);
}

static int end_post(struct rapi *r, const char *what, const void *body, size_t len, struct err *err)
{
    struct http h;
    return rapi_send_request(r, what, body, len, &h, err);
}

int rapi_respond(struct rapi *r, const struct rapi_event *event, const void *body, size_t len,
                 struct err *err)
{
    rapi_begin_post(r, "/invocation/", &event->request_id, "/response", len);
    rapi_add_nonce(r, event);
    int failed = end_post(r, "response", body, len, err);
    if (failed && err->kind == ERR_REMOTE && err->sys == 413)
        return err_wrap(err, "an answer of %zu bytes is too large", len);
    return failed;
}

int rapi_fail(struct rapi *r, const struct rapi_event *event, const char *type, const void *body,
              size_t len, struct err *err)
{
    rapi_begin_post(r, "/invocation/", &event->request_id, "/error", len);
    rapi_add_nonce(r, event);
    rapi_add_error(r, type);
    return end_post(r, "error", body, len, err);
}

int rapi_init_fail(struct rapi *r, const char *type, const void *body, size_t len, struct err *err)
{
    rapi_begin_post(r, "/init/error", NULL, "", len);
    rapi_add_error(r, type);
    return end_post(r, "init error", body, len, err);
}

bool rapi_is_fatal(const struct err *err)
{
    return err->kind == ERR_REMOTE && err->sys == 500;
}
