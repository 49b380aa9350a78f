/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that is sent while it is made: one POST whose body is chunked.
 *
 *   rapi_stream_open -> rapi_stream_write ... -> rapi_stream_end
 *
 * Nothing is sent before the first write or the end: until then the stream may be dropped for an
 * error document. A stream in which anything fails is over, and its connection with it: nothing is
 * sent twice. */
#pragma once

#include "rapi/rapi.h"

/* Bytes of the trailers, their last line break included: the buffer that the server of Lambda (and
 * of its emulator) looks for that line break in has 4096. Longer ones cost the whole answer. */
#define RAPI_STREAM_TRAILERS_MAX 4096u

enum rapi_stream_state {
    RAPI_STREAM_NONE,
    RAPI_STREAM_OPEN,    /* nothing has been sent */
    RAPI_STREAM_STARTED, /* something has been sent */
    RAPI_STREAM_BROKEN,
};

/* All zero: no stream. */
struct rapi_stream {
    struct rapi *rapi;
    enum rapi_stream_state state;
    uint64_t sent;     /* bytes of the body, without framing */
    struct err broken; /* why it is */
};

/* first: bytes of the body that go out with the head, such as an HTTP prelude. The head waits in
 * rapi's buffer of requests: until the first write nothing else may be posted, unless the stream is
 * given up for it. */
int rapi_stream_open(struct rapi_stream *s, struct rapi *r, const struct rapi_event *event,
                     const char *content_type, const struct buf *first, struct err *err) ATTR_CHECK;

/* Hands len bytes to the system, as one chunk and by one call when there is room; waits without end
 * for a peer that reads slowly. len 0 sends the head alone. -1, then and ever after: an answer of
 * the API came early or the connection is gone; with RAPI_STREAM_NONE when there was none to be had
 * and nothing has been sent. */
int rapi_stream_write(struct rapi_stream *s, const void *bytes, size_t len,
                      struct err *err) ATTR_CHECK;

/* Ends the answer and reads what the API says to it. trailers: whole lines, "" for none. -1 as
 * rapi_respond, or why the stream broke. */
int rapi_stream_end(struct rapi_stream *s, const char *trailers, struct err *err) ATTR_CHECK;
