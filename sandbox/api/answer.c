/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/limits.h"
#include "api/state.h"
#include "base/base64.h"

#define ERROR_TYPE_HEADER "Lambda-Runtime-Function-Error-Type"
#define ERROR_BODY_HEADER "Lambda-Runtime-Function-Error-Body"
#define MODE_HEADER       "Lambda-Runtime-Function-Response-Mode"

static const char *header(const struct http_conn *c, const char *name)
{
    return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

static const char *trailer(const struct http_conn *c, const char *name)
{
    return MHD_lookup_connection_value(c->mhd, MHD_FOOTER_KIND, name);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* Whether (Runtime|Function).[A-Z][a-zA-Z]+ stands anywhere in type. */
static bool has_known_form(const char *type)
{
    static const char *const families[] = {"Runtime.", "Function."};
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        for (const char *at = strstr(type, families[i]); at; at = strstr(at + 1, families[i])) {
            const char *name = at + strlen(families[i]);
            if (is_upper(name[0]) && is_letter(name[1]))
                return true;
        }
    }
    return false;
}

/* Lambda maps a type it does not know and never refuses one. */
static const char *map_error_type(const char *type)
{
    if (!type || !*type)
        return NULL;
    bool plain = strlen(type) <= API_ERROR_TYPE_MAX;
    for (const char *p = type; *p && plain; p++)
        plain = *p >= 0x20 && *p < 0x7f;
    if (plain && has_known_form(type))
        return type;
    return strncmp(type, "Function.", 9) == 0 ? "Function.Unknown" : "Runtime.Unknown";
}

static void body_release(struct server *s)
{
    if (s->body.cap <= API_BODY_KEEP)
        return;
    buf_free(&s->body);
    buf_init(&s->body, ENV_RESPONSE_MAX);
}

void answer_begin(struct server *s, struct http_conn *c)
{
    s->receiving = c;
    s->fault = FAULT_NONE;
    buf_reset(&s->body);
    const char *mode = c->task == HTTP_RESPONSE ? header(c, MODE_HEADER) : NULL;
    s->streaming = mode && strcmp(mode, "streaming") == 0;
    if (mode && !s->streaming)
        s->fault = FAULT_BAD_MODE;
    const char *length = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned long long size = length ? strtoull(length, NULL, 10) : 0;
    if (s->fault == FAULT_NONE && size > ENV_RESPONSE_MAX)
        s->fault = FAULT_TOO_LARGE;
    if (s->fault == FAULT_NONE && size > 0 && !buf_reserve(&s->body, (size_t)size))
        s->fault = FAULT_MEMORY;
}

enum MHD_Result answer_body(struct server *s, struct http_conn *c, const char *bytes, size_t len)
{
    if (s->fault == FAULT_NONE && c->received > ENV_RESPONSE_MAX) {
        s->fault = FAULT_TOO_LARGE;
        buf_free(&s->body);
        buf_init(&s->body, ENV_RESPONSE_MAX);
    }
    if (s->fault == FAULT_NONE) {
        buf_add(&s->body, bytes, len);
        if (s->body.failed)
            s->fault = FAULT_MEMORY;
    }
    /* without memory the answer is lost: the connection ends, as if it had broken */
    size_t most = s->streaming ? API_STREAM_MAX : API_DRAIN_MAX;
    return c->received > most || s->fault == FAULT_MEMORY ? MHD_NO : MHD_YES;
}

/* A stream that failed says so behind its body: the type, and the error document in base64. What is
 * not base64 is taken as it is. */
static void take_trailer(struct server *s, struct env_answer *answer)
{
    const char *text = answer->body;
    size_t len = strlen(text);
    buf_reset(&s->body);
    char *room = buf_reserve(&s->body, len / 4 * 3 + 3);
    long n = room ? base64_decode(text, len, room) : -1;
    if (n >= 0)
        s->body.len = (size_t)n;
    else
        buf_add(&s->body, text, len);
    answer->body = s->body.ptr;
    answer->body_len = s->body.len;
}

static void error_without_body(struct server *s, struct env_answer *answer)
{
    buf_reset(&s->body);
    buf_adds(&s->body, "{\"errorMessage\":\"The response stream ended with an error\","
                       "\"errorType\":");
    buf_add_json_string(&s->body, answer->error_type, strlen(answer->error_type));
    buf_addc(&s->body, '}');
    answer->body = s->body.ptr;
    answer->body_len = s->body.len;
}

static void tell_answer(struct server *s, struct http_conn *c, const char *request_id)
{
    struct env_answer answer = {
        .request_id = request_id,
        .error_type = map_error_type(header(c, ERROR_TYPE_HEADER)),
        .content_type = header(c, MHD_HTTP_HEADER_CONTENT_TYPE),
        .body = s->body.ptr ? s->body.ptr : "",
        .body_len = s->body.len,
    };
    enum http_task task = c->task;
    if (task == HTTP_RESPONSE && trailer(c, ERROR_TYPE_HEADER)) {
        answer.error_type = map_error_type(trailer(c, ERROR_TYPE_HEADER));
        answer.body = trailer(c, ERROR_BODY_HEADER);
        if (answer.error_type)
            task = HTTP_ERROR;
        if (task == HTTP_ERROR && answer.body && *answer.body)
            take_trailer(s, &answer);
        else if (task == HTTP_ERROR)
            error_without_body(s, &answer);
        else
            answer.body = s->body.ptr ? s->body.ptr : "";
    }
    if (task == HTTP_INIT_ERROR)
        s->events->init_error(s->env, &answer);
    else if (task == HTTP_ERROR)
        s->events->error(s->env, &answer);
    else
        s->events->response(s->env, &answer);
}

/* The invocation has its answer, good or not: from here on the runtime may poll again. */
static void close_invocation(struct server *s, struct http_conn *c)
{
    s->receiving = NULL;
    s->state = c->task == HTTP_INIT_ERROR ? STATE_INIT_ERROR : STATE_ANSWERED;
    server_drop_event(s);
}

enum MHD_Result answer_finish(struct server *s, struct http_conn *c)
{
    static const struct {
        enum reply_id reply;
        enum env_broken what;
    } faults[] = {
        [FAULT_TOO_LARGE] = {REPLY_TOO_LARGE, ENV_TOO_LARGE},
        [FAULT_BAD_MODE] = {REPLY_BAD_MODE, ENV_BAD_MODE},
    };
    enum answer_fault fault = s->fault;
    if (fault == FAULT_MEMORY)
        return MHD_NO;
    AUTO_FREE char *request_id = TAKE(s->request_id);
    close_invocation(s, c);
    if (fault == FAULT_NONE)
        tell_answer(s, c, request_id);
    else if (c->task != HTTP_INIT_ERROR)
        s->events->broken_response(s->env, faults[fault].what, c->received);
    body_release(s);
    if (c->doomed)
        return MHD_NO;
    return routes_reply(s, c, fault == FAULT_NONE ? REPLY_ACCEPTED : faults[fault].reply);
}

void answer_break(struct server *s, struct http_conn *c)
{
    enum env_broken what = s->fault == FAULT_TOO_LARGE  ? ENV_TOO_LARGE
                           : s->fault == FAULT_BAD_MODE ? ENV_BAD_MODE
                                                        : ENV_TRUNCATED;
    reply_send_truncated(c->fd);
    body_release(s);
    if (c->task == HTTP_INIT_ERROR) {
        s->receiving = NULL; /* as if it had not been sent: the process will end */
        return;
    }
    close_invocation(s, c);
    s->events->broken_response(s->env, what, c->received);
}
