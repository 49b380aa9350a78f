/* SPDX-License-Identifier: Apache-2.0 */
/* How the files of this folder build requests: r->request is begun, gets more header lines, and is
 * sent. */
#pragma once

#include "rapi/http.h"
#include "rapi/rapi.h"

/* Writes the head of a POST to r->request, up to what says of which kind and length its body is:
 * path and action stand around the id (NULL: none), which is escaped. */
void rapi_begin_head(struct rapi *r, const char *path, const struct rapi_text *id,
                     const char *action);

/* The same, with a JSON body of known length. */
void rapi_begin_post(struct rapi *r, const char *path, const struct rapi_text *id,
                     const char *action, size_t body_len);

/* The nonce goes back as it came. One that is too long is not from Lambda: better none. */
void rapi_add_nonce(struct rapi *r, const struct rapi_event *event);

/* The type of an error, and r->cause, which is forgotten then. */
void rapi_add_error(struct rapi *r, const char *type);

/* Ends the head, sends it with the body and receives the response: head and start of the body are
 * in r->scratch. The API refuses a second answer to one event, so asking again after a connection
 * that ended without a word cannot answer twice. -1 also for a status other than 2xx. */
int rapi_send_request(struct rapi *r, const char *what, const void *body, size_t len,
                      struct http *h, struct err *err) ATTR_CHECK;

/* Sleeps before the retry of a request that has failed so many times before; not at all before the
 * first when the connection was at fault. true: wake_fd became readable. */
bool rapi_pause(const struct rapi *r, int failures, const struct err *err);

/* Puts the API's own words in err: its status alone helps nobody. Returns -1; err->sys is the
 * status. */
int rapi_report_status(const char *what, const struct http *h, const char *buf, struct err *err);
