/* SPDX-License-Identifier: Apache-2.0 */
/* The Runtime API as the runtime sees it: asks for the next event and posts what became of it, over
 * one connection that is kept.
 *
 *   rapi_open -> { rapi_next -> rapi_respond or rapi_fail } ... -> rapi_close
 *   rapi_open -> rapi_init_fail -> exit
 *
 * An event is read straight into the caller's arena. Failures of the connection are retried as
 * far as that is safe; what is reported then is for the log, or fatal: see rapi_is_fatal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "rapi/conn.h"

#define RAPI_PATH       "/2018-06-01/runtime"
#define RAPI_BODY_MAX   (6u * 1024 * 1024 + 100) /* bytes of an event, and of an answer */
#define RAPI_RETRIES    6                        /* after a failed request, the first at once */
#define RAPI_BACKOFF_MS 100                      /* before the second; doubles each time */
#define RAPI_IDLE_MS    10                       /* between polls that get no event (status 204) */
#define RAPI_VALUE_MAX  (64u << 10)              /* bytes of a header value that is sent back */
#define RAPI_SCRATCH    16384                    /* for the API's answer to an answer */
#define RAPI_REPORT_MAX 400                      /* bytes of the API's own error text in err */

/* Text from a header: NUL-terminated, ptr NULL when the header is absent or empty. */
struct rapi_text {
    const char *ptr;
    size_t len;
};

/* An event; everything it points to is in the arena. */
struct rapi_event {
    struct rapi_text request_id, function_arn, trace_id, client_context, cognito_identity,
        tenant_id;
    struct rapi_text invocation_id; /* a nonce, sent back with the answer */
    int64_t deadline_ms;            /* Unix milliseconds; 0 when the API sent none */
    char *body;                     /* writable, NUL-terminated */
    size_t body_len;
    bool stopped;    /* there is no event: wake_fd became readable first */
    const char *odd; /* "Deadline-Ms: soon": a header that is not taken; NULL: none */
};

struct rapi {
    struct conn conn;
    char *address;      /* "HOST:PORT" */
    struct buf common;  /* headers of every request, from "HTTP/1.1" on */
    struct buf prefix;  /* path before "/runtime" */
    struct buf poll;    /* the whole request for the next event */
    struct buf request; /* the request being sent */
    const char
        *cause; /* what X-Ray is told with the next error, ASCII on one line; NULL: nothing */
    char scratch[RAPI_SCRATCH];
};

/* address is "HOST:PORT", or a URL "http://HOST:PORT/PATH". agent is the User-Agent. Does not
 * connect yet. wake_fd: readable means "stop waiting for events"; -1: none. -1 with ERR_INPUT names
 * what is wrong with the address. */
int rapi_open(struct rapi *r, const char *address, const char *agent, int wake_fd,
              struct err *err) ATTR_CHECK;
void rapi_close(struct rapi *r);

/* Waits without end for an event and reads it into the arena, with pad zeroed bytes behind the
 * body. -1 is fatal: the API is not reachable or refuses; end the process. */
int rapi_next(struct rapi *r, struct arena *arena, size_t pad, struct rapi_event *out,
              struct err *err) ATTR_CHECK;

/* Posts the answer to an event. */
int rapi_respond(struct rapi *r, const struct rapi_event *event, const void *body, size_t len,
                 struct err *err) ATTR_CHECK;

/* Posts an error document. type is the value of Lambda-Runtime-Function-Error-Type. */
int rapi_fail(struct rapi *r, const struct rapi_event *event, const char *type, const void *body,
              size_t len, struct err *err) ATTR_CHECK;

/* Posts why the function cannot be started. The process ends afterwards in any case. */
int rapi_init_fail(struct rapi *r, const char *type, const void *body, size_t len,
                   struct err *err) ATTR_CHECK;

/* Whether a failed rapi_respond or rapi_fail must end the process: the environment is broken.
 * Otherwise the answer is lost (it
 * came too late, is too large, was given already, ...) and the next event can be asked for. */
bool rapi_is_fatal(const struct err *err);
