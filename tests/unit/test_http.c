/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/http.h"

#include "check.h"

#define BODY_MAX 64

/* Text with its own length: some cases hold NUL bytes. */
#define TEXT(s) s, sizeof(s) - 1

struct good_case {
    const char *what, *text;
    size_t len;
    int status;
    const char *body;
    bool close, ends_by_close;
};

static const struct good_case good_cases[] = {
    {"length", TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 200, "hello", 0, 0},
    {"empty", TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 200, "", 0, 0},
    {"case", TEXT("HTTP/1.1 200 OK\r\ncOnTeNt-LENGTH:2\r\n\r\nhi"), 200, "hi", 0, 0},
    {"blanks", TEXT("HTTP/1.1 200 OK\r\nContent-Length: \t 2 \t\r\n\r\nhi"), 200, "hi", 0, 0},
    {"no reason", TEXT("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi"), 200, "hi", 0, 0},
    {"empty reason", TEXT("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi"), 200, "hi", 0, 0},
    {"bare newlines", TEXT("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"), 200, "hi", 0, 0},
    {"folded", TEXT("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 1\r\n\r\nz"), 200, "z",
     0, 0},
    {"no content", TEXT("HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"), 204, "", 0, 0},
    {"no content with a length", TEXT("HTTP/1.1 204 -\r\nContent-Length: 9\r\n\r\n"), 204, "", 0,
     0},
    {"not modified", TEXT("HTTP/1.1 304 -\r\nContent-Length: 9\r\n\r\n"), 304, "", 0, 0},
    {"close", TEXT("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"), 200, "x",
     1, 0},
    {"close in a list",
     TEXT("HTTP/1.1 200 OK\r\nConnection: keep-alive , Close\r\nContent-Length: 1\r\n\r\nx"), 200,
     "x", 1, 0},
    {"1.0", TEXT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"), 200, "x", 1, 0},
    {"1.0 kept", TEXT("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx"),
     200, "x", 0, 0},
    {"until close", TEXT("HTTP/1.1 500 Oh\r\n\r\nall of it"), 500, "all of it", 1, 1},
    {"chunks",
     TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
          "world\r\n0\r\n\r\n"),
     200, "hello world", 0, 0},
    {"chunks of one",
     TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
          "Chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"),
     200, "abc", 0, 0},
    {"chunk with zeros and capitals",
     TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00A\r\n0123456789\r\n000\r\n\r\n"),
     200, "0123456789", 0, 0},
    {"chunk extensions",
     TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
          "chunked\r\n\r\n3;a=b;c=\"d\"\r\nabc\r\n0;last\r\n\r\n"),
     200, "abc", 0, 0},
    {"trailers",
     TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\nC: "
          "d\r\n\r\n"),
     200, "abc", 0, 0},
    {"empty chunks", TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 200,
     "", 0, 0},
    {"chunks with bare newlines",
     TEXT("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nab\n0\n\n"), 200, "ab", 0, 0},
    {"interim",
     TEXT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n"
          "HTTP/1.1 202 OK\r\nContent-Length: 1\r\n\r\nx"),
     202, "x", 0, 0},
    {"surplus", TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n"), 200, "x",
     1, 0},
    {"as long as allowed",
     TEXT("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n"
          "0123456789012345678901234567890123456789012345678901234567890123"),
     200, "0123456789012345678901234567890123456789012345678901234567890123", 0, 0},
};

struct bad_case {
    const char *what, *text;
    size_t len;
    enum err_kind kind;
    const char *message;
};

#define OK      "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct bad_case bad_cases[] = {
    {"other protocol", TEXT("SSH-2.0-OpenSSH\r\n\r\n"), ERR_PROTOCOL, "no HTTP/1.1 status line"},
    {"HTTP/2", TEXT("HTTP/2 200 OK\r\n\r\n"), ERR_PROTOCOL, "no HTTP/1.1 status line"},
    {"status of two digits", TEXT("HTTP/1.1 20 OK\r\n\r\n"), ERR_PROTOCOL, "status line"},
    {"status of four digits", TEXT("HTTP/1.1 2000 OK\r\n\r\n"), ERR_PROTOCOL, "status line"},
    {"status 900", TEXT("HTTP/1.1 900 OK\r\n\r\n"), ERR_PROTOCOL, "status line"},
    {"empty first line", TEXT("\r\nHTTP/1.1 200 OK\r\n\r\n"), ERR_PROTOCOL, "an empty line"},
    {"switching", TEXT("HTTP/1.1 101 Go\r\n\r\n"), ERR_PROTOCOL, "switches protocols"},
    {"no colon", TEXT(OK "Content-Length\r\n\r\n"), ERR_PROTOCOL, "no header line"},
    {"no name", TEXT(OK ": x\r\n\r\n"), ERR_PROTOCOL, "no header line"},
    {"blank before the colon", TEXT(OK "A : x\r\n\r\n"), ERR_PROTOCOL, "no header line"},
    {"folded first line", TEXT(OK " A: x\r\n\r\n"), ERR_PROTOCOL, "no header line"},
    {"NUL in a name", TEXT(OK "A\0: x\r\n\r\n"), ERR_PROTOCOL, "no header line"},
    {"carriage return in a name", TEXT(OK "A\r: x\r\n\r\n"), ERR_PROTOCOL, "no header line"},
    {"NUL in a length",
     TEXT(OK "Content-Length: 1\0"
             "2\r\n\r\n"),
     ERR_PROTOCOL, "is no length"},
    {"carriage return in a length", TEXT(OK "Content-Length: 1\r2\r\n\r\n"), ERR_PROTOCOL,
     "is no length"},
    {"length of letters", TEXT(OK "Content-Length: ten\r\n\r\n"), ERR_PROTOCOL, "is no length"},
    {"negative length", TEXT(OK "Content-Length: -1\r\n\r\n"), ERR_PROTOCOL, "is no length"},
    {"signed length", TEXT(OK "Content-Length: +1\r\n\r\n"), ERR_PROTOCOL, "is no length"},
    {"empty length", TEXT(OK "Content-Length:\r\n\r\n"), ERR_PROTOCOL, "is empty"},
    {"length beyond 64 bits", TEXT(OK "Content-Length: 99999999999999999999\r\n\r\n"), ERR_PROTOCOL,
     "is no length"},
    {"two lengths", TEXT(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), ERR_PROTOCOL,
     "more than one"},
    {"the same length twice", TEXT(OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
     ERR_PROTOCOL, "more than one"},
    {"a list of lengths", TEXT(OK "Content-Length: 1, 1\r\n\r\nx"), ERR_PROTOCOL, "is no length"},
    {"length and chunks",
     TEXT(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), ERR_PROTOCOL,
     "both"},
    {"other encoding", TEXT(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), ERR_PROTOCOL,
     "not supported"},
    {"chunked twice", TEXT(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
     ERR_PROTOCOL, "not supported"},
    {"body too long", TEXT(OK "Content-Length: 65\r\n\r\n"), ERR_LIMIT, "over the limit of 64"},
    {"chunk too long", TEXT(CHUNKED "41\r\n"), ERR_LIMIT, "over the limit of 64"},
    {"chunks too long together", TEXT(CHUNKED "1\r\nx\r\n40\r\n"), ERR_LIMIT, "over the limit"},
    {"chunk without a size", TEXT(CHUNKED "\r\n"), ERR_PROTOCOL, "a chunk size has byte 0x0d"},
    {"chunk size of letters", TEXT(CHUNKED "xyz\r\n"), ERR_PROTOCOL, "a chunk size has byte 0x78"},
    {"chunk size beyond 60 bits", TEXT(CHUNKED "1111111111111111\r\n"), ERR_PROTOCOL,
     "a chunk size"},
    {"chunk longer than its size", TEXT(CHUNKED "1\r\nxy\r\n"), ERR_PROTOCOL, "longer than"},
    {"carriage return in a chunk size", TEXT(CHUNKED "1\rx\n"), ERR_PROTOCOL, "carriage return"},
    {"nothing", TEXT(""), ERR_CLOSED, "without a response"},
    {"half a head", TEXT("HTTP/1.1 200 OK\r\nConte"), ERR_CLOSED, "inside a response"},
    {"half a body", TEXT(OK "Content-Length: 5\r\n\r\nhel"), ERR_CLOSED, "after 3 bytes"},
    {"half the chunks", TEXT(CHUNKED "5\r\nhello\r\n"), ERR_CLOSED, "after 5 bytes"},
    {"no last line", TEXT(CHUNKED "5\r\nhello\r\n0\r\n"), ERR_CLOSED, "inside a response"},
};

/* Feeds text in pieces that end at the given offsets, into memory that is exactly as large as it
 * has to be. */
static int feed(struct http *h, char *buf, const char *text, size_t len, const size_t *cuts,
                size_t ncuts, struct err *err)
{
    size_t at = 0;
    for (size_t i = 0; i <= ncuts; i++) {
        size_t end = i < ncuts ? cuts[i] : len;
        if (end <= at)
            continue;
        memcpy(buf + h->fill, text + at, end - at);
        size_t before = h->fill;
        if (http_feed(h, buf, end - at, err) != 0)
            return -1;
        CHECK(h->fill <= before + (end - at));
        at = end;
    }
    return http_done(h) ? 0 : http_end(h, err);
}

static void check_good(const struct good_case *c, const size_t *cuts, size_t ncuts)
{
    struct http h;
    struct err err = {0};
    char *buf = malloc(c->len + 1);
    http_init(&h, BODY_MAX, BODY_MAX);
    int failed = feed(&h, buf, c->text, c->len, cuts, ncuts, &err);
    if (failed || h.status != c->status || h.close != c->close || h.body_len != strlen(c->body))
        printf("# case '%s', cut at %zu: %s\n", c->what, ncuts ? cuts[0] : 0, err.msg);
    CHECK_INT(failed, 0);
    CHECK_INT(h.status, c->status);
    CHECK_INT(h.close, c->close);
    if (!failed)
        CHECK_MEM(buf + h.body, h.body_len, c->body, strlen(c->body));
    free(buf);
}

static void check_bad(const struct bad_case *c, const size_t *cuts, size_t ncuts)
{
    struct http h;
    struct err err = {0};
    char *buf = malloc(c->len + 1);
    http_init(&h, BODY_MAX, BODY_MAX);
    int failed = feed(&h, buf, c->text, c->len, cuts, ncuts, &err);
    if (!failed || err.kind != c->kind)
        printf("# case '%s', cut at %zu\n", c->what, ncuts ? cuts[0] : 0);
    CHECK_INT(failed, -1);
    CHECK_INT(err.kind, c->kind);
    CHECK_HAS(err.msg, c->message);
    free(buf);
}

/* Fills cuts with 1, 2, 3, ... */
static size_t every_byte(size_t *cuts, size_t len)
{
    for (size_t i = 0; i < len; i++)
        cuts[i] = i + 1;
    return len;
}

static void test_good(void)
{
    size_t cuts[512];
    for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        check_good(c, NULL, 0);
        check_good(c, cuts, every_byte(cuts, c->len));
        for (size_t cut = 1; cut < c->len; cut++)
            check_good(c, &cut, 1);
    }
}

static void test_bad(void)
{
    size_t cuts[512];
    for (size_t i = 0; i < ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        check_bad(c, NULL, 0);
        check_bad(c, cuts, every_byte(cuts, c->len));
        for (size_t cut = 1; cut < c->len; cut++)
            check_bad(c, &cut, 1);
    }
}

/* Two cuts at any places: where the states of the parser follow each other. */
static void test_two_cuts(void)
{
    for (size_t i = 0; i < ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        for (size_t a = 1; a < c->len; a += 3)
            for (size_t b = a + 1; b < c->len; b += 2)
                check_good(c, (size_t[]){a, b}, 2);
    }
}

static void test_headers(void)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nFirst: 1\r\nEmpty:\r\nfolded: a\r\n  b\r\n"
                               "Odd: a\0b\rc\x01\x7f\xff\r\n"
                               "Content-Length: 0\r\n\r\n";
    static const struct {
        const char *name, *value;
    } want[] = {{"First", "1"},
                {"Empty", ""},
                {"folded", "a    b"},
                {"Odd", "a b c\x01\x7f\xff"},
                {"Content-Length", "0"}};
    struct http h;
    struct err err;
    char buf[sizeof text];
    http_init(&h, BODY_MAX, BODY_MAX);
    CHECK_INT(feed(&h, buf, text, sizeof text - 1, NULL, 0, &err), 0);
    struct http_header header;
    size_t at = 0, n = 0;
    for (; http_next_header(&h, buf, &at, &header) && n < ARRAY_LEN(want); n++) {
        CHECK_MEM(header.name, header.name_len, want[n].name, strlen(want[n].name));
        CHECK_MEM(header.value, header.value_len, want[n].value, strlen(want[n].value));
    }
    CHECK_INT(n, ARRAY_LEN(want));
    CHECK(http_header_is(&header, "CONTENT-length", 14));
    CHECK(!http_header_is(&header, "CONTENT-lengt", 13));
}

/* A head of len bytes with an empty body. */
static int feed_head_of(size_t len, struct err *err)
{
    static const char start[] = "HTTP/1.1 204 OK\r\nX: ";
    struct http h;
    char *text = malloc(len), *buf = malloc(len);
    memset(text, 'a', len);
    memcpy(text, start, sizeof start - 1);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    http_init(&h, BODY_MAX, BODY_MAX);
    int failed = feed(&h, buf, text, len, (size_t[]){1000, 200000}, 2, err);
    free(text);
    free(buf);
    return failed;
}

static void test_limits(void)
{
    struct err err;
    CHECK_INT(feed_head_of(HTTP_HEAD_MAX, &err), 0);
    CHECK_INT(feed_head_of(HTTP_HEAD_MAX + 1, &err), -1);
    CHECK_INT(err.kind, ERR_LIMIT);
    CHECK_HAS(err.msg, "headers are longer than");
}

/* A chunk line or trailers without end. */
static void test_framing_limits(void)
{
    static const struct {
        const char *start, *message;
        size_t most;
    } cases[] = {{CHUNKED "1;", "extensions are longer", HTTP_CHUNK_LINE},
                 {CHUNKED "0\r\n", "trailers are longer", HTTP_TRAILER_MAX}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http h;
        struct err err = {0};
        char buf[512];
        size_t len = strlen(cases[i].start), n = 0;
        http_init(&h, BODY_MAX, BODY_MAX);
        memcpy(buf, cases[i].start, len);
        CHECK_INT(http_feed(&h, buf, len, &err), 0);
        for (; n <= cases[i].most + 1; n++) {
            buf[h.fill] = 'x';
            if (http_feed(&h, buf, 1, &err) != 0)
                break;
        }
        CHECK(n >= cases[i].most - 1 && n <= cases[i].most);
        CHECK_INT(err.kind, ERR_LIMIT);
        CHECK_HAS(err.msg, cases[i].message);
    }
}

/* What is behind the kept part of a body is read and dropped. */
static void test_keep(void)
{
    static const char *const texts[] = {OK "Content-Length: 11\r\n\r\nhello world",
                                        CHUNKED "7\r\nhello w\r\n4\r\norld\r\n0\r\n\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct http h;
        struct err err;
        char buf[256];
        size_t cuts[256], len = strlen(texts[i]);
        http_init(&h, BODY_MAX, 4);
        CHECK_INT(feed(&h, buf, texts[i], len, cuts, every_byte(cuts, len), &err), 0);
        CHECK_MEM(buf + h.body, h.body_len, "hell", 4);
        CHECK_INT(h.close, 0);
    }
}

static void test_escape(void)
{
    AUTO_BUF struct buf out;
    buf_init(&out, 100);
    http_add_escaped(&out, TEXT("aZ09-._~ /?%\r\n\xC3\xA4"));
    CHECK_STR(out.ptr, "aZ09-._~%20%2F%3F%25%0D%0A%C3%A4");
}

static const struct check_test tests[] = {
    {"responses at every cut", test_good}, {"refused at every cut", test_bad},
    {"two cuts", test_two_cuts},           {"headers", test_headers},
    {"head limit", test_limits},           {"framing limits", test_framing_limits},
    {"kept part of a body", test_keep},    {"escaped paths", test_escape},
};
CHECK_MAIN(tests)
