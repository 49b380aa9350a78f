/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>

#include "base/base64.h"
#include "base/sha256.h"

/* The files of page/ become part of the program; the build names their folder. */
#ifndef PAGE
#define PAGE "page"
#endif
#define BEGIN(name)                     \
    ".pushsection .rodata.page,\"a\"\n" \
    ".global " name "\n"                \
    ".hidden " name "\n" name ":\n"
#define INCLUDE(file) ".incbin \"" PAGE "/" file "\"\n"
#define END           ".byte 0\n.popsection\n"

__asm__(BEGIN("report_page_html") INCLUDE("page.html") END);
__asm__(BEGIN("report_page_css") INCLUDE("page.css") END);
__asm__(BEGIN("report_page_js") INCLUDE("base.js") INCLUDE("charts.js") INCLUDE("timeline.js")
            INCLUDE("axis.js") INCLUDE("messages.js") INCLUDE("differences.js") INCLUDE("main.js")
                END);

extern const char report_page_html[], report_page_css[], report_page_js[];

static void add_css(const struct tally *t, struct buf *out)
{
    (void)t;
    buf_adds(out, report_page_css);
}

static void add_js(const struct tally *t, struct buf *out)
{
    (void)t;
    buf_adds(out, report_page_js);
}

/* The content security policy lets exactly this text be used. */
static void add_hash(const char *text, struct buf *out)
{
    struct sha256 sum;
    uint8_t digest[SHA256_BYTES];
    char base64[BASE64_ENCODED(SHA256_BYTES)];
    sha256_init(&sum);
    sha256_add(&sum, text, strlen(text));
    sha256_end(&sum, digest);
    buf_adds(out, "sha256-");
    buf_add(out, base64, base64_encode(digest, sizeof digest, base64));
}

static void add_css_hash(const struct tally *t, struct buf *out)
{
    (void)t;
    add_hash(report_page_css, out);
}

static void add_js_hash(const struct tally *t, struct buf *out)
{
    (void)t;
    add_hash(report_page_js, out);
}

/* A "<" inside of JSON stands in strings only, where \u003c means the same; without it no text can
 * end the element. Done in place, from the end: a second copy may be large. */
static void escape_from(struct buf *out, size_t from)
{
    static const char escaped[] = "\\u003c";
    const size_t more = sizeof escaped - 2;
    size_t count = 0;
    for (size_t i = from; i < out->len; i++)
        count += out->ptr[i] == '<';
    if (count == 0 || !buf_reserve(out, count * more))
        return;
    char *to = out->ptr + out->len + count * more;
    *to = '\0';
    for (size_t i = out->len; i-- > from;) {
        if (out->ptr[i] == '<') {
            to -= more + 1;
            memcpy(to, escaped, more + 1);
        } else {
            *--to = out->ptr[i];
        }
    }
    out->len += count * more;
}

static void add_data(const struct tally *t, struct buf *out)
{
    size_t from = out->len;
    report_json(t, out);
    escape_from(out, from);
}

static const struct {
    const char *name;
    void (*add)(const struct tally *t, struct buf *out);
} places[] = {
    {"{{css}}", add_css},         {"{{js}}", add_js},     {"{{css_hash}}", add_css_hash},
    {"{{js_hash}}", add_js_hash}, {"{{data}}", add_data},
};

/* Bytes of the place's name; 0: it is none. */
static size_t fill_place(const struct tally *t, const char *place, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        size_t len = strlen(places[i].name);
        if (strncmp(place, places[i].name, len) != 0)
            continue;
        places[i].add(t, out);
        return len;
    }
    return 0;
}

void report_html(const struct tally *t, struct buf *out)
{
    const char *at = report_page_html, *place;
    while ((place = strstr(at, "{{"))) {
        buf_add(out, at, (size_t)(place - at));
        size_t len = fill_place(t, place, out);
        if (len == 0)
            buf_addc(out, *place);
        at = place + (len ? len : 1);
    }
    buf_adds(out, at);
}
