/* SPDX-License-Identifier: Apache-2.0 */
#include "api/reply.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "env/channel.h"

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; charset=utf-8"
#define STR_(x)   #x
#define STR(x)    STR_(x)

#define PROBLEM(message, type) "{\"errorMessage\":\"" message "\",\"errorType\":\"" type "\"}"

#define TRUNCATED_BODY PROBLEM("HTTP request detected as truncated", "TruncatedHTTPRequest")

static const struct reply {
    unsigned status;
    const char *type, *body;
    const char *allow; /* Allow header of a 405 */
} replies[REPLY_COUNT] = {
    [REPLY_ACCEPTED] = {202, JSON_TYPE, "{\"status\":\"OK\"}", NULL},
    [REPLY_PONG] = {200, TEXT_TYPE, "pong", NULL},
    [REPLY_BAD_ID] = {400, JSON_TYPE, PROBLEM("Invalid request ID", "InvalidRequestID"), NULL},
    [REPLY_BAD_NONCE] = {410, JSON_TYPE,
                         PROBLEM("The answer belongs to an earlier invocation", "InvokeTimeout"),
                         NULL},
    [REPLY_BAD_MODE] = {400, JSON_TYPE,
                        PROBLEM("Invalid function response mode", "InvalidFunctionResponseMode"),
                        NULL},
    [REPLY_TOO_LARGE] = {413, JSON_TYPE,
                         PROBLEM("Exceeded maximum allowed payload size (" STR(
                                     ENV_RESPONSE_MAX) " bytes).",
                                 "RequestEntityTooLarge"),
                         NULL},
    [REPLY_NOT_FOUND] = {404, TEXT_TYPE, "404 page not found\n", NULL},
    [REPLY_ONLY_GET] = {405, NULL, "", "GET"},
    [REPLY_ONLY_POST] = {405, NULL, "", "POST"},
};

unsigned reply_status(enum reply_id id)
{
    return replies[id].status;
}

static struct MHD_Response *from_text(const char *body, enum MHD_ResponseMemoryMode mode)
{
    /* the text is not changed: the parameter lacks a const */
    union {
        const char *text;
        void *buffer;
    } both = {.text = body};
    return MHD_create_response_from_buffer(strlen(body), both.buffer, mode);
}

int reply_set_init(struct reply_set *set, struct err *err)
{
    memset(set, 0, sizeof *set);
    for (size_t i = 0; i < REPLY_COUNT; i++) {
        const struct reply *r = &replies[i];
        struct MHD_Response *m = set->responses[i] = from_text(r->body, MHD_RESPMEM_PERSISTENT);
        if (!m || (r->type && !MHD_add_response_header(m, "Content-Type", r->type)) ||
            (r->allow && !MHD_add_response_header(m, "Allow", r->allow))) {
            reply_set_fini(set);
            return err_set(err, ERR_MEMORY, "no memory for the Runtime API's replies");
        }
    }
    return 0;
}

void reply_set_fini(struct reply_set *set)
{
    for (size_t i = 0; i < REPLY_COUNT; i++) {
        if (set->responses[i])
            MHD_destroy_response(set->responses[i]);
        set->responses[i] = NULL;
    }
}

struct MHD_Response *reply_new_transition(const char *from, const char *to)
{
    char body[320];
    snprintf(body, sizeof body,
             PROBLEM("State transition from %s to %s failed for runtime. Error: State transition "
                     "is not allowed",
                     "InvalidStateTransition"),
             from, to);
    struct MHD_Response *m = from_text(body, MHD_RESPMEM_MUST_COPY);
    if (m && !MHD_add_response_header(m, "Content-Type", JSON_TYPE)) {
        MHD_destroy_response(m);
        m = NULL;
    }
    return m;
}

void reply_send_truncated(int fd)
{
    char text[320];
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 400 Bad Request\r\nContent-Type: " JSON_TYPE
                       "\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       sizeof TRUNCATED_BODY - 1, TRUNCATED_BODY);
    /* the peer may have closed already: then nobody misses it */
    (void)!send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
}
