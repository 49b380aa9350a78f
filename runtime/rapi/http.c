/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/http.h"

#include <string.h>
#include <strings.h>

static bool is_token(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void http_init(struct http *h, size_t body_max, size_t keep)
{
    *h = (struct http){.body_max = body_max, .keep = keep};
}

/* ---- the head ------------------------------------------------------------------------------ */

/* "HTTP/1.1 200 OK", the text behind the number may be missing. */
static int parse_status(struct http *h, const char *line, size_t len, struct err *err)
{
    bool good = len >= 12 && memcmp(line, "HTTP/1.", 7) == 0 && is_digit(line[7]) &&
                line[8] == ' ' && line[9] >= '1' && line[9] <= '5' && is_digit(line[10]) &&
                is_digit(line[11]) && (len == 12 || line[12] == ' ');
    if (!good)
        return err_set(err, ERR_PROTOCOL, "'%.*s' is no HTTP/1.1 status line",
                       (int)(len < 60 ? len : 60), line);
    h->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    h->close = line[7] == '0';
    return 0;
}

static int take_length(struct http *h, const struct http_header *header, struct err *err)
{
    if (h->has_length)
        return err_set(err, ERR_PROTOCOL, "more than one Content-Length");
    uint64_t value = 0;
    for (size_t i = 0; i < header->value_len; i++) {
        if (!is_digit(header->value[i]) || value > UINT64_MAX / 100)
            return err_set(err, ERR_PROTOCOL, "Content-Length '%.*s' is no length",
                           (int)(header->value_len < 60 ? header->value_len : 60), header->value);
        value = value * 10 + (uint64_t)(header->value[i] - '0');
    }
    if (!header->value_len)
        return err_set(err, ERR_PROTOCOL, "Content-Length is empty");
    h->has_length = true;
    h->left = value;
    return 0;
}

static int take_encoding(struct http *h, const struct http_header *header, struct err *err)
{
    if (h->chunked || header->value_len != 7 || strncasecmp(header->value, "chunked", 7) != 0)
        return err_set(err, ERR_PROTOCOL, "Transfer-Encoding '%.*s' is not supported",
                       (int)(header->value_len < 60 ? header->value_len : 60), header->value);
    h->chunked = true;
    return 0;
}

/* A list such as "keep-alive, close": close wins. */
static int take_connection(struct http *h, const struct http_header *header, struct err *err)
{
    (void)err;
    const char *p = header->value, *end = p + header->value_len;
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        while (p < stop && is_blank(*p))
            p++;
        size_t len = (size_t)(stop - p);
        while (len && is_blank(p[len - 1]))
            len--;
        if (len == 5 && strncasecmp(p, "close", 5) == 0) {
            h->close = true;
            return 0;
        }
        if (len == 10 && strncasecmp(p, "keep-alive", 10) == 0)
            h->close = false;
        p = comma ? comma + 1 : end;
    }
    return 0;
}

/* The headers that decide how the body is framed. */
static const struct {
    const char *name;
    size_t len;
    int (*take)(struct http *h, const struct http_header *header, struct err *err);
} framing_headers[] = {
    {"content-length", 14, take_length},
    {"transfer-encoding", 17, take_encoding},
    {"connection", 10, take_connection},
};

/* Splits a line in name and value; -1 when it is no header. */
static int split_header(char *line, size_t len, struct http_header *out)
{
    size_t name_len = 0;
    while (name_len < len && is_token((unsigned char)line[name_len]))
        name_len++;
    if (!name_len || name_len == len || line[name_len] != ':')
        return -1;
    size_t from = name_len + 1;
    while (from < len && is_blank(line[from]))
        from++;
    while (len > from && is_blank(line[len - 1]))
        len--;
    *out = (struct http_header){line, line + from, name_len, len - from};
    return 0;
}

/* The line that starts at *at without its ending; moves *at behind it. The line ends before end. */
static size_t take_line(const char *buf, size_t end, size_t *at)
{
    const char *newline = memchr(buf + *at, '\n', end - *at);
    size_t len = newline ? (size_t)(newline - buf) - *at : end - *at;
    *at += len + (newline != NULL);
    return len && buf[*at - 2] == '\r' ? len - 1 : len;
}

bool http_header_is(const struct http_header *header, const char *name, size_t len)
{
    return header->name_len == len && strncasecmp(header->name, name, len) == 0;
}

bool http_next_header(const struct http *h, char *buf, size_t *at, struct http_header *out)
{
    if (*at < h->headers)
        *at = h->headers;
    if (*at >= h->body)
        return false;
    char *line = buf + *at;
    size_t len = take_line(buf, h->body, at);
    return len && split_header(line, len, out) == 0;
}

static int take_header(struct http *h, char *line, size_t len, struct err *err)
{
    struct http_header header;
    if (split_header(line, len, &header) != 0)
        return err_set(err, ERR_PROTOCOL, "'%.*s' is no header line", (int)(len < 60 ? len : 60),
                       line);
    for (size_t i = 0; i < ARRAY_LEN(framing_headers); i++)
        if (http_header_is(&header, framing_headers[i].name, framing_headers[i].len))
            return framing_headers[i].take(h, &header, err);
    return 0;
}

/* A line that starts with a blank continues the one above: blanks instead of the line break make
 * one line of them. Blanks also stand for what no value may have (RFC 9110 section 5.5). */
static void clean_headers(char *buf, size_t from, size_t end)
{
    for (size_t i = from; i + 1 < end; i++) {
        bool folded = buf[i] == '\n' && is_blank(buf[i + 1]);
        if (folded && i > from && buf[i - 1] == '\r')
            buf[i - 1] = ' ';
        if (folded || !buf[i] || (buf[i] == '\r' && buf[i + 1] != '\n'))
            buf[i] = ' ';
    }
}

/* How the body is framed, RFC 9112 section 6.3. Both a length and chunks, or two lengths, are what
 * an attacker sends: refused. */
static int begin_body(struct http *h, struct err *err)
{
    h->fill = h->body;
    if (h->status == 204 || h->status == 304) {
        h->state = HTTP_DONE;
        return 0;
    }
    if (h->chunked && h->has_length)
        return err_set(err, ERR_PROTOCOL, "both Content-Length and Transfer-Encoding");
    if (h->has_length && h->left > h->body_max)
        return err_set(err, ERR_LIMIT, "a body of %llu bytes is over the limit of %zu",
                       (unsigned long long)h->left, h->body_max);
    if (h->chunked)
        h->state = HTTP_CHUNK_SIZE;
    else if (!h->has_length)
        h->state = HTTP_UNTIL_CLOSE;
    else
        h->state = h->left ? HTTP_LENGTH : HTTP_DONE;
    if (h->state == HTTP_UNTIL_CLOSE)
        h->close = true;
    return 0;
}

/* The head is complete: it ends at h->scan. */
static int end_head(struct http *h, char *buf, struct err *err)
{
    size_t at = h->head, end = h->scan;
    size_t len = take_line(buf, end, &at);
    if (parse_status(h, buf + h->head, len, err) != 0)
        return -1;
    h->headers = at;
    h->body = end;
    clean_headers(buf, at, end);
    while (at < end) {
        char *line = buf + at;
        len = take_line(buf, end, &at);
        if (len && take_header(h, line, len, err) != 0)
            return -1;
    }
    if (h->status == 101)
        return err_set(err, ERR_PROTOCOL, "the peer switches protocols");
    if (h->status >= 200)
        return begin_body(h, err);
    h->head = h->line = end; /* an interim response: the real one follows */
    h->has_length = h->chunked = h->close = false;
    h->left = 0;
    return 0;
}

/* Looks for the empty line that ends the head in buf[h->scan..end). */
static int feed_head(struct http *h, char *buf, size_t end, struct err *err)
{
    while (h->state == HTTP_HEAD && h->scan < end) {
        const char *newline = memchr(buf + h->scan, '\n', end - h->scan);
        h->scan = newline ? (size_t)(newline - buf) + 1 : end;
        if (h->scan > HTTP_HEAD_MAX)
            return err_set(err, ERR_LIMIT, "headers are longer than %u bytes", HTTP_HEAD_MAX);
        if (!newline)
            break;
        size_t len = h->scan - 1 - h->line;
        if (len && buf[h->line + len - 1] == '\r')
            len--;
        bool first = h->line == h->head;
        h->line = h->scan;
        if (len == 0 && first)
            return err_set(err, ERR_PROTOCOL, "an empty line where a response should start");
        if (len == 0 && end_head(h, buf, err) != 0)
            return -1;
    }
    if (h->state == HTTP_HEAD)
        h->fill = h->scan;
    return 0;
}

/* ---- the body ------------------------------------------------------------------------------ */

/* Moves n bytes of the body from buf + *at down to the end of what is there. */
static int take_data(struct http *h, char *buf, size_t *at, size_t n, struct err *err)
{
    if (n > h->body_max - h->total)
        return err_set(err, ERR_LIMIT, "the body is over the limit of %zu bytes", h->body_max);
    h->total += n;
    size_t room = h->keep - h->body_len;
    size_t kept = n < room ? n : room;
    if (kept && *at != h->fill)
        memmove(buf + h->fill, buf + *at, kept);
    h->fill += kept;
    h->body_len += kept;
    *at += n;
    return 0;
}

static int feed_counted(struct http *h, char *buf, size_t *at, size_t end, struct err *err)
{
    size_t n = end - *at;
    if (n > h->left)
        n = (size_t)h->left;
    if (take_data(h, buf, at, n, err) != 0)
        return -1;
    h->left -= n;
    if (h->left == 0)
        h->state = h->state == HTTP_LENGTH ? HTTP_DONE : HTTP_CHUNK_CR;
    return 0;
}

static int feed_until_close(struct http *h, char *buf, size_t *at, size_t end, struct err *err)
{
    return take_data(h, buf, at, end - *at, err);
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void begin_trailer_line(struct http *h)
{
    h->line_empty = true;
    h->after_cr = false;
}

/* The line break behind a chunk's size. */
static int end_chunk_line(struct http *h, struct err *err)
{
    if (h->left > h->body_max - h->total)
        return err_set(err, ERR_LIMIT, "the body is over the limit of %zu bytes", h->body_max);
    h->state = h->left ? HTTP_CHUNK_DATA : HTTP_TRAILER;
    h->framing = h->digits = 0;
    begin_trailer_line(h);
    return 0;
}

static int feed_chunk_size(struct http *h, char *buf, size_t *at, size_t end, struct err *err)
{
    (void)end;
    char c = buf[*at];
    int value = hex_value(c);
    if (value >= 0 && h->digits < 15) {
        h->left = h->left << 4 | (uint64_t)value;
        h->digits++;
        (*at)++;
        return 0;
    }
    if (!h->digits || !(c == ';' || c == '\r' || c == '\n' || is_blank(c)))
        return err_set(err, ERR_PROTOCOL, "a chunk size has byte 0x%02x", (unsigned char)c);
    h->state = HTTP_CHUNK_EXTENSION;
    h->framing = 0;
    h->after_cr = false;
    return 0;
}

static int feed_chunk_extension(struct http *h, char *buf, size_t *at, size_t end, struct err *err)
{
    (void)end;
    char c = buf[(*at)++];
    if (c == '\n')
        return end_chunk_line(h, err);
    if (h->after_cr)
        return err_set(err, ERR_PROTOCOL, "a chunk size has a carriage return inside");
    h->after_cr = c == '\r';
    if (++h->framing > HTTP_CHUNK_LINE)
        return err_set(err, ERR_LIMIT, "a chunk's extensions are longer than %u bytes",
                       HTTP_CHUNK_LINE);
    return 0;
}

static int feed_chunk_cr(struct http *h, char *buf, size_t *at, size_t end, struct err *err)
{
    (void)end;
    char c = buf[(*at)++];
    if (c == '\r' && !h->framing) {
        h->framing = 1;
        return 0;
    }
    if (c != '\n')
        return err_set(err, ERR_PROTOCOL, "a chunk is longer than its size says");
    h->state = HTTP_CHUNK_SIZE;
    h->framing = h->digits = 0;
    h->left = 0;
    return 0;
}

/* Trailers are dropped: nothing in the Runtime API's answers uses them. */
static int feed_trailer(struct http *h, char *buf, size_t *at, size_t end, struct err *err)
{
    (void)end;
    char c = buf[(*at)++];
    if (++h->framing > HTTP_TRAILER_MAX)
        return err_set(err, ERR_LIMIT, "trailers are longer than %u bytes", HTTP_TRAILER_MAX);
    if (c == '\n') {
        if (h->line_empty)
            h->state = HTTP_DONE;
        begin_trailer_line(h);
        return 0;
    }
    if (c != '\r' || h->after_cr)
        h->line_empty = false;
    h->after_cr = c == '\r';
    return 0;
}

typedef int (*feed_fn)(struct http *h, char *buf, size_t *at, size_t end, struct err *err);

static const feed_fn feeds[] = {
    [HTTP_LENGTH] = feed_counted,        [HTTP_UNTIL_CLOSE] = feed_until_close,
    [HTTP_CHUNK_SIZE] = feed_chunk_size, [HTTP_CHUNK_EXTENSION] = feed_chunk_extension,
    [HTTP_CHUNK_DATA] = feed_counted,    [HTTP_CHUNK_CR] = feed_chunk_cr,
    [HTTP_TRAILER] = feed_trailer,
};

int http_feed(struct http *h, char *buf, size_t n, struct err *err)
{
    size_t at = h->fill, end = h->fill + n;
    if (h->state == HTTP_HEAD) {
        if (feed_head(h, buf, end, err) != 0)
            return -1;
        at = h->scan;
    }
    while (at < end && h->state != HTTP_DONE)
        if (feeds[h->state](h, buf, &at, end, err) != 0)
            return -1;
    if (at < end)
        h->close = true; /* nobody asked for more: what follows cannot be trusted */
    return 0;
}

int http_end(struct http *h, struct err *err)
{
    if (h->state == HTTP_UNTIL_CLOSE)
        h->state = HTTP_DONE;
    if (h->state == HTTP_DONE)
        return 0;
    if (!http_started(h))
        return err_set(err, ERR_CLOSED, "the connection was closed without a response");
    return err_set(err, ERR_CLOSED,
                   "the connection was closed inside a response, after %llu bytes"
                   " of its body",
                   (unsigned long long)h->total);
}

void http_add_escaped(struct buf *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit((char)c) ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            buf_addc(out, (char)c);
        else
            buf_add(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
}
