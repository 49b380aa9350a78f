/* SPDX-License-Identifier: Apache-2.0 */
#include "core/prelude.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define ERROR_TYPE   "Runtime.StreamError"
#define DEFAULT_TYPE "application/octet-stream"
#define SHOWN_MAX    100 /* bytes of a wrong value in a message */
#define HEADERS_MAX  1000

static int shown(size_t len)
{
    return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

int prelude_take_head(const struct lambda_stream_head *head, size_t size,
                      struct lambda_stream_head *out, struct failure *f)
{
    memset(out, 0, sizeof *out);
    if (!head)
        return 0;
    memcpy(out, head, size < sizeof *out ? size : sizeof *out);
    const char *bytes = (const char *)head;
    for (size_t i = sizeof *out; i < size; i++)
        if (bytes[i])
            return failure_set(f, ERROR_TYPE,
                               "the head of the stream has members that this runtime does not "
                               "know: the module was built with a newer lambda.h");
    if (out->reserved_)
        return failure_set(f, ERROR_TYPE, "reserved_ of the stream's head is %u: zero it",
                           out->reserved_);
    return 0;
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_length(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && is_token(text[n]))
        n++;
    return n;
}

/* Control characters would end the header or the JSON in front of the body. */
static int check_value(const char *what, lambda_str name, lambda_str value, struct failure *f)
{
    if (value.len && !value.ptr)
        return failure_set(f, ERROR_TYPE, "%s '%.*s' is NULL and has a length of %zu", what,
                           shown(name.len), name.ptr, value.len);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return failure_set(f, ERROR_TYPE, "%s '%.*s' has byte 0x%02x at offset %zu: '%.*s'",
                               what, shown(name.len), name.ptr, c, i, shown(value.len), value.ptr);
    }
    size_t valid = value.len ? utf8_valid_prefix(value.ptr, value.len) : 0;
    if (valid < value.len)
        return failure_set(f, ERROR_TYPE, "%s '%.*s' is no UTF-8 at offset %zu: '%.*s'", what,
                           shown(name.len), name.ptr, valid, shown(value.len), value.ptr);
    return 0;
}

/* TYPE/SUBTYPE, and parameters behind it. */
static int check_content_type(const char *type, struct failure *f)
{
    size_t len = strlen(type), major = token_length(type, len), minor = 0;
    if (major && type[major] == '/')
        minor = token_length(type + major + 1, len - major - 1);
    const char *rest = type + major + 1 + minor;
    bool good = minor && (*rest == '\0' || *rest == ';' || *rest == ' ');
    for (size_t i = 0; i < len && good; i++)
        good = type[i] >= 0x20 && type[i] < 0x7f;
    if (!good)
        return failure_set(f, ERROR_TYPE, "content_type '%.*s' is no media type such as text/html",
                           shown(len), type);
    return 0;
}

static bool same_name(lambda_str a, lambda_str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

static int check_header(const struct lambda_stream_head *head, size_t at, struct failure *f)
{
    static const lambda_str content_type = {"content-type", 12};
    const lambda_pair *h = &head->http_headers[at];
    if (!h->key.ptr || !h->key.len || token_length(h->key.ptr, h->key.len) != h->key.len)
        return failure_set(f, ERROR_TYPE, "'%.*s' is no name of a header",
                           h->key.ptr ? shown(h->key.len) : 0, h->key.ptr ? h->key.ptr : "");
    bool twice = head->content_type && same_name(h->key, content_type);
    for (size_t i = 0; i < at && !twice; i++)
        twice = same_name(h->key, head->http_headers[i].key);
    if (twice)
        return failure_set(f, ERROR_TYPE,
                           "header '%.*s' is there twice: join its values with a comma (cookies "
                           "have http_cookies, content_type is a header too)",
                           shown(h->key.len), h->key.ptr);
    return check_value("the value of header", h->key, h->value, f);
}

static int check_cookie(lambda_str cookie, struct failure *f)
{
    static const lambda_str name = {"http_cookies", 12};
    size_t len = cookie.ptr ? token_length(cookie.ptr, cookie.len) : 0;
    if (!len || len == cookie.len || cookie.ptr[len] != '=')
        return failure_set(f, ERROR_TYPE, "cookie '%.*s' does not begin with NAME=",
                           cookie.ptr ? shown(cookie.len) : 0, cookie.ptr ? cookie.ptr : "");
    return check_value("a cookie of", name, cookie, f);
}

static int check_head(const struct lambda_stream_head *head, struct failure *f)
{
    if (head->content_type && check_content_type(head->content_type, f) != 0)
        return -1;
    if (!head->http_status && (head->nhttp_headers || head->nhttp_cookies))
        return failure_set(f, ERROR_TYPE,
                           "headers and cookies need an http_status: without one the answer is "
                           "the bytes alone");
    if (head->http_status && (head->http_status < 100 || head->http_status > 599))
        return failure_set(f, ERROR_TYPE, "http_status %d is not between 100 and 599",
                           head->http_status);
    if (head->nhttp_headers > HEADERS_MAX || head->nhttp_cookies > HEADERS_MAX)
        return failure_set(f, ERROR_TYPE, "%zu headers and %zu cookies: at most %d of each",
                           head->nhttp_headers, head->nhttp_cookies, HEADERS_MAX);
    for (size_t i = 0; i < head->nhttp_headers; i++)
        if (check_header(head, i, f) != 0)
            return -1;
    for (size_t i = 0; i < head->nhttp_cookies; i++)
        if (check_cookie(head->http_cookies[i], f) != 0)
            return -1;
    return 0;
}

static void add_header(struct buf *out, lambda_str name, lambda_str value, const char *before)
{
    buf_adds(out, before);
    buf_add_json_string(out, name.ptr, name.len);
    buf_addc(out, ':');
    buf_add_json_string(out, value.ptr ? value.ptr : "", value.len);
}

static void add_headers(struct buf *out, const struct lambda_stream_head *head)
{
    static const lambda_str name = {"content-type", 12};
    bool has_type = false;
    for (size_t i = 0; i < head->nhttp_headers; i++) {
        const lambda_pair *h = &head->http_headers[i];
        has_type = has_type || same_name(h->key, name);
        add_header(out, h->key, h->value, i ? "," : "");
    }
    if (has_type)
        return;
    const char *type = head->content_type ? head->content_type : DEFAULT_TYPE;
    add_header(out, name, (lambda_str){type, strlen(type)}, head->nhttp_headers ? "," : "");
}

int prelude_print(const struct lambda_stream_head *head, struct buf *out, struct failure *f)
{
    if (check_head(head, f) != 0)
        return -1;
    if (!head->http_status)
        return 0;
    buf_addf(out, "{\"statusCode\":%d,\"headers\":{", head->http_status);
    add_headers(out, head);
    buf_addc(out, '}');
    for (size_t i = 0; i < head->nhttp_cookies; i++) {
        buf_adds(out, i ? "," : ",\"cookies\":[");
        buf_add_json_string(out, head->http_cookies[i].ptr, head->http_cookies[i].len);
    }
    buf_adds(out, head->nhttp_cookies ? "]}" : "}");
    buf_add(out, "\0\0\0\0\0\0\0", 8);
    struct err err;
    if (buf_check(out, "status, headers and cookies of the stream", &err) != 0)
        return failure_set(f, ERROR_TYPE, "%s", err.msg);
    return 0;
}

const char *prelude_content_type(const struct lambda_stream_head *head)
{
    if (head->http_status)
        return PRELUDE_TYPE;
    return head->content_type ? head->content_type : DEFAULT_TYPE;
}
