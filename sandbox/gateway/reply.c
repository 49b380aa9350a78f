/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/reply.h"

#include <string.h>

#include "env/channel.h"

#define HEADERS_MAX 3
#define STR_(x)     #x
#define STR(x)      STR_(x)

static const struct {
    unsigned status;
    const char *body;
    struct {
        const char *name, *value;
    } headers[HEADERS_MAX];
} rows[NOTICE_COUNT] = {
    [NOTICE_READY] = {200, "{\"status\":\"ready\"}", {{"Cache-Control", "no-store"}}},
    [NOTICE_STARTING] = {503,
                         "{\"status\":\"not ready\"}",
                         {{"Cache-Control", "no-store"}, {"Retry-After", "1"}}},
    [NOTICE_ONLY_GET] = {405, "{\"message\":\"only GET and HEAD\"}", {{"Allow", "GET, HEAD"}}},
    [NOTICE_ONLY_POST] = {405, "{\"message\":\"an event is sent by POST\"}", {{"Allow", "POST"}}},
    [NOTICE_TOO_LARGE] = {413,
                          "{\"Type\":\"User\",\"message\":\"Request must be smaller than " STR(
                              ENV_REQUEST_MAX) " bytes for the InvokeFunction operation\"}",
                          {{"X-Amzn-ErrorType", "RequestEntityTooLargeException"}}},
    [NOTICE_TOO_MANY] = {429,
                         "{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\","
                         "\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}",
                         {{"X-Amzn-ErrorType", "TooManyRequestsException"}, {"Retry-After", "1"}}},
    [NOTICE_BAD_CONTEXT] = {400,
                            "{\"Type\":\"User\",\"message\":\"X-Amz-Client-Context is not base64 "
                            "of at most 3583 bytes\"}",
                            {{"X-Amzn-ErrorType", "InvalidRequestContentException"}}},
    [NOTICE_BAD_FRAMING] = {400,
                            "{\"Type\":\"User\",\"message\":\"The headers do not say where the "
                            "body ends: one Content-Length, or chunked\"}",
                            {{"X-Amzn-ErrorType", "InvalidRequestContentException"},
                             {"Connection", "close"}}},
    [NOTICE_STOPPING] = {503,
                         "{\"Type\":\"Service\",\"message\":\"The function is being shut down\"}",
                         {{"X-Amzn-ErrorType", "ServiceException"},
                          {"Retry-After", "1"},
                          {"Connection", "close"}}},
};

static const struct {
    unsigned status;
    bool failed;
} outcomes[] = {
    [OUTCOME_RESPONSE] = {200, false}, [OUTCOME_ERROR] = {500, true},
    [OUTCOME_TIMEOUT] = {504, true},   [OUTCOME_BROKEN] = {502, true},
    [OUTCOME_REFUSED] = {503, false},
};

static struct MHD_Response *from_bytes(const char *bytes, size_t len,
                                       enum MHD_ResponseMemoryMode mode)
{
    /* the bytes are not changed: the parameter lacks a const */
    union {
        const char *text;
        void *buffer;
    } both = {.text = len ? bytes : ""};
    return MHD_create_response_from_buffer(len, both.buffer, mode);
}

static bool add(struct MHD_Response *m, const char *name, const char *value)
{
    return MHD_add_response_header(m, name, value) == MHD_YES;
}

static struct MHD_Response *notice_new(enum notice id, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *m = from_bytes(rows[id].body, strlen(rows[id].body), mode);
    bool good = m && add(m, "Content-Type", "application/json");
    for (size_t i = 0; good && i < HEADERS_MAX && rows[id].headers[i].name; i++)
        good = add(m, rows[id].headers[i].name, rows[id].headers[i].value);
    if (m && !good) {
        MHD_destroy_response(m);
        m = NULL;
    }
    return m;
}

int notices_init(struct notices *n, struct err *err)
{
    memset(n, 0, sizeof *n);
    for (size_t i = 0; i < NOTICE_COUNT; i++) {
        n->responses[i] = notice_new((enum notice)i, MHD_RESPMEM_PERSISTENT);
        if (!n->responses[i]) {
            notices_fini(n);
            return err_set(err, ERR_MEMORY, "no memory for the gateway's replies");
        }
    }
    return 0;
}

void notices_fini(struct notices *n)
{
    for (size_t i = 0; i < NOTICE_COUNT; i++) {
        if (n->responses[i])
            MHD_destroy_response(n->responses[i]);
        n->responses[i] = NULL;
    }
}

unsigned notice_status(enum notice id)
{
    return rows[id].status;
}

struct MHD_Response *reply_new(const struct outcome *o, const char *request_id, bool emulates,
                               bool last, unsigned *out_status)
{
    bool refused = o->kind == OUTCOME_REFUSED;
    struct MHD_Response *m = refused ? notice_new(NOTICE_STOPPING, MHD_RESPMEM_PERSISTENT)
                                     : from_bytes(o->body, o->len, MHD_RESPMEM_MUST_COPY);
    if (!m)
        return NULL;
    const char *type = o->content_type ? o->content_type : "application/json";
    bool good = add(m, "X-Amzn-RequestId", request_id);
    if (!refused) /* a type that no header may hold is none */
        good = good && (add(m, "Content-Type", type) || add(m, "Content-Type", "application/json"));
    if (outcomes[o->kind].failed)
        good = good && add(m, "X-Amz-Function-Error", "Unhandled");
    if (emulates && !refused)
        good = good && add(m, "X-Amz-Executed-Version", "$LATEST");
    if (last && !refused)
        good = good && add(m, "Connection", "close");
    if (!good) {
        MHD_destroy_response(m);
        return NULL;
    }
    *out_status = emulates && !refused ? 200 : outcomes[o->kind].status;
    return m;
}
