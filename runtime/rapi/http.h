/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1.1 response, parsed as its bytes arrive, and the head of a request. No I/O, no heap.
 *
 *   http_init(&h, most, keep)
 *   until http_done(&h): put n new bytes at buf + h.fill, then http_feed(&h, buf, n, err)
 *   end of the connection: http_end(&h, err)
 *
 * Head and body stay in buf, where the parser takes the framing of chunks out:
 *
 *   buf |<- interim heads ->|<- head ->|<-------- body -------->| fill (next bytes go here)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define HTTP_HEAD_MAX    (256u << 10) /* status line and headers, interim responses included */
#define HTTP_TRAILER_MAX (64u << 10)  /* trailers of a chunked body, which are dropped */
#define HTTP_CHUNK_LINE  4096u        /* a chunk's size with its extensions */

enum http_state {
    HTTP_HEAD,
    HTTP_LENGTH, /* body of known length */
    HTTP_UNTIL_CLOSE,
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK_EXTENSION,
    HTTP_CHUNK_DATA,
    HTTP_CHUNK_CR,
    HTTP_TRAILER,
    HTTP_DONE,
};

struct http {
    enum http_state state;
    int status;
    bool close;      /* the connection ends with this response */
    size_t fill;     /* where in buf the next bytes belong */
    size_t headers;  /* offset of the first header line */
    size_t body;     /* offset of the body, and the end of the header lines */
    size_t body_len; /* bytes of it that are in buf */
    size_t body_max; /* a longer body is refused */
    size_t keep;     /* bytes of the body behind this number are read and dropped */
    /* inside the parser */
    size_t head, line, scan; /* offsets: this head, its current line, first byte not looked at */
    uint64_t left;           /* bytes of the length or chunk that are to come */
    uint64_t total;          /* bytes of the body seen */
    size_t framing;          /* bytes of the chunk line or of the trailers so far */
    unsigned digits;
    bool line_empty, after_cr, has_length, chunked;
};

struct http_header {
    char *name, *value; /* views into buf; the byte behind value may be overwritten */
    size_t name_len, value_len;
};

void http_init(struct http *h, size_t body_max, size_t keep);

/* Takes the n bytes at buf + h->fill and moves h->fill, never beyond fill + n. -1: ERR_PROTOCOL or
 * ERR_LIMIT; the connection is of no use then. Bytes behind the response set h->close. */
int http_feed(struct http *h, char *buf, size_t n, struct err *err) ATTR_CHECK;

/* The peer closed: 0 when the response is complete by that, else -1 with ERR_CLOSED. */
int http_end(struct http *h, struct err *err) ATTR_CHECK;

static inline bool http_done(const struct http *h)
{
    return h->state == HTTP_DONE;
}

/* Whether any byte of a response has arrived. */
static inline bool http_started(const struct http *h)
{
    return h->fill > 0;
}

/* Steps through the headers of a response whose head is complete: start with *at = 0. */
bool http_next_header(const struct http *h, char *buf, size_t *at, struct http_header *out);

/* Whether a header has this name, in any case. */
bool http_header_is(const struct http_header *header, const char *name, size_t len);

/* Appends text with everything but unreserved characters as %XX. */
void http_add_escaped(struct buf *out, const char *text, size_t len);
