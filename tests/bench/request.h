/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP request on its way in, for bench_server. Bodies with a length or chunked; the body is not
 * kept apart: only where the request ends matters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REQUEST_MAX (8 << 20)

struct request {
    char *bytes;
    size_t len;
    size_t head_len; /* 0: the head is not complete yet */
    size_t body_len;
    bool chunked, continued;
};

enum request_state {
    REQUEST_PARTIAL,
    REQUEST_EXPECTS, /* the client waits for "100 Continue" */
    REQUEST_COMPLETE,
    REQUEST_BAD,
};

static inline int request_init(struct request *r)
{
    *r = (struct request){.bytes = malloc(REQUEST_MAX)};
    return r->bytes ? 0 : -1;
}

static inline void request_fini(struct request *r)
{
    free(r->bytes);
    r->bytes = NULL;
}

static inline void request_reset(struct request *r)
{
    *r = (struct request){.bytes = r->bytes};
}

/* Where the next bytes go; NULL when there is no room. */
static inline char *request_room(struct request *r, size_t *out_room)
{
    *out_room = REQUEST_MAX - 1 - r->len;
    return *out_room ? r->bytes + r->len : NULL;
}

static inline const char *request_header(const struct request *r, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = strstr(r->bytes, "\r\n"); p && p < r->bytes + r->head_len;
         p = strstr(p, "\r\n")) {
        p += 2;
        if (strncasecmp(p, name, len) == 0 && p[len] == ':')
            return p + len + 1 + strspn(p + len + 1, " \t");
    }
    return NULL;
}

static inline int request_parse_head(struct request *r)
{
    const char *end = strstr(r->bytes, "\r\n\r\n");
    if (!end)
        return r->len > 65536 ? -1 : 0;
    r->head_len = (size_t)(end + 4 - r->bytes);
    const char *coding = request_header(r, "Transfer-Encoding");
    const char *length = request_header(r, "Content-Length");
    r->chunked = coding && strncasecmp(coding, "chunked", 7) == 0;
    r->body_len = length ? strtoul(length, NULL, 10) : 0;
    return r->body_len < REQUEST_MAX ? 0 : -1;
}

/* The last chunk, without trailers, ends the request. */
static inline bool request_chunks_end(const struct request *r)
{
    static const char last[] = "0\r\n\r\n";
    size_t n = sizeof last - 1;
    return r->len >= r->head_len + n && memcmp(r->bytes + r->len - n, last, n) == 0;
}

/* Takes n bytes that were put into the room. */
static inline enum request_state request_add(struct request *r, size_t n)
{
    r->len += n;
    r->bytes[r->len] = '\0';
    if (r->head_len == 0 && request_parse_head(r) != 0)
        return REQUEST_BAD;
    if (r->head_len == 0)
        return REQUEST_PARTIAL;
    bool complete = r->chunked ? request_chunks_end(r) : r->len >= r->head_len + r->body_len;
    if (complete)
        return REQUEST_COMPLETE;
    const char *expect = request_header(r, "Expect");
    if (!expect || strncasecmp(expect, "100-continue", 12) != 0 || r->continued)
        return REQUEST_PARTIAL;
    r->continued = true;
    return REQUEST_EXPECTS;
}

/* Method, and how the path ends. */
static inline bool request_is(const struct request *r, const char *method, const char *suffix)
{
    size_t m = strlen(method), s = strlen(suffix);
    if (strncmp(r->bytes, method, m) != 0 || r->bytes[m] != ' ')
        return false;
    const char *path = r->bytes + m + 1;
    size_t len = strcspn(path, " ?\r");
    return len >= s && memcmp(path + len - s, suffix, s) == 0;
}
