/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "trace/needles.h"
#include "trace/read.h"
#include "trace/redact.h"
#include "trace/walk.h"

#define LAYERS_MAX 4 /* documents in texts of documents */

/* First all values that are to go are found, in event and answer; then both are written anew, and
 * the other texts, without them. */
struct redactor {
    const struct redact *redact;
    struct needles needles;
    struct walk walk;
    /* a string without its escapes; what stands in for a value; nothing, but it fails when one of
     * the texts that were looked into did */
    struct buf plain, with, lost;
    struct buf event, answer, context, identity, log, type;
};

#define EACH_BUF(r)                                                                    \
    {                                                                                  \
        &(r)->plain, &(r)->with, &(r)->lost, &(r)->event, &(r)->answer, &(r)->context, \
            &(r)->identity, &(r)->log, &(r)->type                                      \
    }

struct redactor *redactor_open(const struct redact *redact, struct err *err)
{
    struct redactor *r = calloc(1, sizeof *r);
    if (!r) {
        err_set(err, ERR_MEMORY, "no memory for pseudonyms");
        return NULL;
    }
    struct buf *bufs[] = EACH_BUF(r);
    for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
        buf_init(bufs[i], TRACE_LINE_MAX);
    needles_init(&r->needles, TRACE_LINE_MAX);
    r->redact = redact;
    return r;
}

void redactor_close(struct redactor *r)
{
    if (!r)
        return;
    struct buf *bufs[] = EACH_BUF(r);
    for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
        buf_free(bufs[i]);
    needles_fini(&r->needles);
    free(r);
}

/* The content of a string, as r->plain where it has escapes. */
static struct trace_text content(struct redactor *r, struct scan_value raw)
{
    struct trace_text text = {raw.ptr + 1, raw.len - 2};
    if (!memchr(raw.ptr, '\\', raw.len))
        return text;
    buf_reset(&r->plain);
    char *out = buf_reserve(&r->plain, raw.len);
    long len = out ? scan_unescape(raw, out) : -1;
    buf_inherit(&r->lost, &r->plain);
    return (struct trace_text){out, len < 0 ? 0 : (size_t)len};
}

/* The stand-in for a scalar to out, as JSON. */
static void add_pseudonym(struct redactor *r, const struct walk_token *t, struct buf *out)
{
    const struct pseudonym_key *key = &r->redact->key;
    if (t->kind == WALK_NUMBER) {
        pseudonym_add_number(key, t->raw.ptr, t->raw.len, out);
    } else if (t->kind == WALK_STRING) {
        struct trace_text text = content(r, t->raw);
        buf_addc(out, '"');
        pseudonym_add_text(key, text.ptr, text.len, out);
        buf_addc(out, '"');
    } else if (*t->raw.ptr == 'n') {
        buf_adds(out, "null");
    } else {
        buf_adds(out, pseudonym_bool(key, *t->raw.ptr == 't') ? "true" : "false");
    }
}

/* Without its sign, and without a fraction of zeros: 12.0 and -12 are 12. */
static struct trace_text bare_number(struct scan_value raw)
{
    struct trace_text t = {raw.ptr, raw.len};
    if (*t.ptr == '-') {
        t.ptr++;
        t.len--;
    }
    size_t end = t.len;
    while (end && t.ptr[end - 1] == '0')
        end--;
    if (end && t.ptr[end - 1] == '.')
        t.len = end - 1;
    return t;
}

static void collect_number(struct redactor *r, struct trace_text number)
{
    if (number.len < REDACT_TEXT_MIN)
        return;
    buf_reset(&r->with);
    pseudonym_add_number(&r->redact->key, number.ptr, number.len, &r->with);
    needles_add(&r->needles, number.ptr, number.len, r->with.ptr, r->with.len);
}

static void collect_text(struct redactor *r, struct trace_text text)
{
    if (text.len < REDACT_TEXT_MIN)
        return;
    buf_reset(&r->with);
    pseudonym_add_text(&r->redact->key, text.ptr, text.len, &r->with);
    needles_add(&r->needles, text.ptr, text.len, r->with.ptr, r->with.len);
}

static bool is_json(struct trace_text text)
{
    struct scan_fault fault;
    return scan_valid(text.ptr, text.len, &fault);
}

static void begin(struct redactor *r, struct trace_text text)
{
    walk_init(&r->walk, text.ptr, text.len, r->redact->pointers, r->redact->count);
}

static struct trace_text trim(struct trace_text t)
{
    while (t.len && memchr(" \t\r\n", t.ptr[t.len - 1], 4))
        t.len--;
    for (; t.len && memchr(" \t\r\n", *t.ptr, 4); t.len--)
        t.ptr++;
    return t;
}

static bool is_container(struct trace_text text)
{
    return text.len > 2 && (*text.ptr == '{' || *text.ptr == '[') && is_json(text);
}

/* What is in base64 to out, without white space around it; false: it is none, or no text. */
static bool decode(struct trace_text text, struct buf *out)
{
    char *bytes = text.len < 4 ? NULL : buf_reserve(out, text.len + 3);
    long len = bytes ? base64_decode(text.ptr, text.len, bytes) : -1;
    if (len <= 0)
        return false;
    struct trace_text plain = trim((struct trace_text){bytes, (size_t)len});
    out->len = plain.len;
    memmove(out->ptr, plain.ptr, plain.len);
    if (utf8_valid_prefix(out->ptr, out->len) != out->len)
        out->len = 0;
    return out->len != 0;
}

static void collect_string(struct redactor *r, struct trace_text text, size_t layers);

/* A text that is a document: a function that reads it logs the values in it. */
static void collect_inner(struct redactor *r, struct trace_text text, size_t layers)
{
    static const struct buf starved = {.failed = true, .starved = true};
    AUTO_FREE struct walk *inner = malloc(sizeof *inner);
    struct walk_token found;
    if (!inner) {
        buf_inherit(&r->lost, &starved);
        return;
    }
    for (walk_init(inner, text.ptr, text.len, NULL, 0); walk_next(inner, &found);)
        if (found.kind == WALK_NUMBER) {
            collect_number(r, (struct trace_text){found.raw.ptr, found.raw.len});
            collect_number(r, bare_number(found.raw));
        } else if (found.kind == WALK_STRING) {
            collect_string(r, content(r, found.raw), layers);
        }
}

/* And what is in it, as it is or in base64. text may be r->plain. */
static void collect_string(struct redactor *r, struct trace_text text, size_t layers)
{
    AUTO_BUF struct buf inner;
    buf_init(&inner, TRACE_LINE_MAX);
    collect_text(r, text);
    struct trace_text bare = trim(text);
    if (!layers)
        return;
    if (is_container(bare)) {
        buf_add(&inner, bare.ptr, bare.len);
    } else if (decode(bare, &inner)) {
        collect_text(r, (struct trace_text){inner.ptr, inner.len});
    }
    buf_inherit(&r->lost, &inner);
    bare = (struct trace_text){inner.ptr, inner.len};
    if (!inner.failed && is_container(bare))
        collect_inner(r, bare, layers - 1);
}

static void collect(struct redactor *r, struct trace_text text)
{
    struct walk_token t;
    if (!text.ptr)
        return;
    if (!is_json(text)) { /* it goes as a whole */
        if (text.len >= REDACT_KEY_MIN)
            collect_text(r, text);
        return;
    }
    for (begin(r, text); walk_next(&r->walk, &t);) {
        if (!t.covered || t.kind == WALK_KEY)
            continue;
        if (t.kind == WALK_NUMBER) {
            collect_number(r, (struct trace_text){t.raw.ptr, t.raw.len});
            collect_number(r, bare_number(t.raw));
        } else if (t.kind == WALK_STRING) {
            collect_string(r, content(r, t.raw), LAYERS_MAX);
        }
    }
}

/* Puts the stand-ins for what occurs in a token into r->with, as JSON. False: nothing does. */
static bool replace_inside(struct redactor *r, const struct walk_token *t)
{
    buf_reset(&r->with);
    if (t->kind == WALK_NUMBER) {
        struct trace_text bare = bare_number(t->raw);
        if (!needles_has(&r->needles, bare.ptr, bare.len) &&
            !needles_has(&r->needles, t->raw.ptr, t->raw.len))
            return false;
        pseudonym_add_number(&r->redact->key, t->raw.ptr, t->raw.len, &r->with);
        return true;
    }
    if (t->kind == WALK_WORD)
        return false;
    struct trace_text text = content(r, t->raw);
    size_t least = t->kind == WALK_KEY ? REDACT_KEY_MIN : REDACT_TEXT_MIN;
    AUTO_BUF struct buf replaced;
    buf_init(&replaced, TRACE_LINE_MAX);
    if (!needles_replace(&r->needles, text.ptr, text.len, least, &replaced))
        return false;
    buf_add_json_string(&r->with, replaced.ptr, replaced.len);
    buf_inherit(&r->with, &replaced);
    return true;
}

static void rewrite(struct redactor *r, struct trace_text text, struct buf *out)
{
    const char *copied = text.ptr;
    struct walk_token t;
    for (begin(r, text); walk_next(&r->walk, &t);) {
        bool hidden = t.covered && t.kind != WALK_KEY;
        if (!hidden && (!r->needles.count || !replace_inside(r, &t)))
            continue;
        buf_add(out, copied, (size_t)(t.raw.ptr - copied));
        copied = t.raw.ptr + t.raw.len;
        if (hidden) {
            add_pseudonym(r, &t, out);
        } else {
            buf_add(out, r->with.ptr, r->with.len);
            buf_inherit(out, &r->with);
        }
    }
    buf_add(out, copied, (size_t)(text.ptr + text.len - copied));
    buf_inherit(out, &r->lost);
}

/* Writes *text anew. A text that is no document is replaced as a whole. */
static int hide(struct redactor *r, struct trace_text *text, struct buf *out, struct err *err)
{
    if (!text->ptr || !text->len)
        return 0;
    buf_reset(out);
    if (is_json(*text))
        rewrite(r, *text, out);
    else
        pseudonym_add_text(&r->redact->key, text->ptr, text->len, out);
    *text = (struct trace_text){out->ptr, out->len};
    return buf_check(out, "a redacted text", err);
}

/* The same for a text that is not known to be a document. */
static int hide_text(struct redactor *r, struct trace_text *text, struct buf *out, struct err *err)
{
    if (!text->ptr)
        return 0;
    buf_reset(out);
    if (!needles_replace(&r->needles, text->ptr, text->len, REDACT_TEXT_MIN, out))
        return 0;
    *text = (struct trace_text){out->ptr, out->len};
    return buf_check(out, "a redacted text", err);
}

int redactor_apply(struct redactor *r, struct trace_entry *e, struct err *err)
{
    needles_clear(&r->needles);
    buf_reset(&r->plain);
    buf_reset(&r->lost);
    collect(r, e->event);
    collect(r, e->answer);
    if (buf_check(&r->lost, "a redacted value", err) < 0 || needles_ready(&r->needles, err) < 0)
        return -1;
    if (hide(r, &e->event, &r->event, err) < 0 || hide(r, &e->answer, &r->answer, err) < 0 ||
        hide_text(r, &e->client_context, &r->context, err) < 0 ||
        hide_text(r, &e->cognito_identity, &r->identity, err) < 0)
        return -1;
    return hide_text(r, &e->log, &r->log, err) < 0 ? -1
                                                   : hide_text(r, &e->error_type, &r->type, err);
}
