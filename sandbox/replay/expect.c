/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "compare/compare.h"
#include "replay/work.h"
#include "simulate/history_lines.h"

#define FILE_MAX    ((size_t)512 << 20)
#define MESSAGE_MAX ((size_t)48 << 20) /* bytes of all that happened to one message */

struct replay_expected {
    char *text; /* heap: what lines point into */
    struct history_lines lines;
};

struct pair {
    const struct history_lines *was, *is;
    size_t was_at, is_at, number;
    struct buf texts[2];
};

static void add_plain_error(struct buf *out, const char *error, size_t len, const char *request_id)
{
    const struct trace_text id = {request_id, strlen(request_id)};
    compare_add_error(out, error, len, &id);
}

static int add_pair(struct replay *r, struct pair *p, struct err *err)
{
    struct trace_entry expected = trace_entry_none, got;
    struct compare_result differences;
    bool was = p->was_at < p->was->nmentions, is = p->is_at < p->is->nmentions;
    int order = !was  ? 1
                : !is ? -1
                      : history_lines_order(p->was->mentions[p->was_at].name,
                                            p->is->mentions[p->is_at].name);
    struct scan_value name =
        order <= 0 ? p->was->mentions[p->was_at].name : p->is->mentions[p->is_at].name;
    for (size_t i = 0; i < ARRAY_LEN(p->texts); i++) {
        buf_reset(&p->texts[i]);
        buf_adds(&p->texts[i], "[]");
    }
    if (order <= 0)
        history_lines_tell(p->was, &p->was_at, &p->texts[0]);
    if (order >= 0)
        history_lines_tell(p->is, &p->is_at, &p->texts[1]);
    if (buf_check(&p->texts[0], "what happened to a message", err) < 0 ||
        buf_check(&p->texts[1], "what happened to a message", err) < 0)
        return -1;
    expected.source = r->options.mapping.expect;
    expected.request_id = (struct trace_text){name.ptr + 1, name.len - 2};
    expected.status = TRACE_STATUS_SUCCESS;
    got = expected;
    expected.answer = (struct trace_text){p->texts[0].ptr, p->texts[0].len};
    got.answer = (struct trace_text){p->texts[1].ptr, p->texts[1].len};
    arena_reset(&r->arena);
    if (compare_entries(&r->options.rules, &expected, &got, &r->arena, &differences, err) < 0)
        return -1;
    tally_add(&r->tally, ++p->number, &expected, &got, &differences);
    return 0;
}

static int compare(struct replay *r, const struct history_lines *was,
                   const struct history_lines *is, struct err *err)
{
    struct pair p = {.was = was, .is = is};
    int status = 0;
    buf_init(&p.texts[0], MESSAGE_MAX);
    buf_init(&p.texts[1], MESSAGE_MAX);
    while (status == 0 && (p.was_at < was->nmentions || p.is_at < is->nmentions))
        status = add_pair(r, &p, err);
    buf_free(&p.texts[0]);
    buf_free(&p.texts[1]);
    return status;
}

int replay_expect_open(const struct replay_options *o, struct replay_expected **out,
                       struct err *err)
{
    const char *path = o->mapping.expect;
    size_t len;
    *out = NULL;
    if (!path)
        return 0;
    AUTO_FREE struct replay_expected *e = calloc(1, sizeof *e);
    AUTO_FREE char *text = file_read(path, FILE_MAX, &len, err);
    if (!text) {
        err_place(err);
        return err_wrap(err, "--expect");
    }
    if (!e)
        return err_set(err, ERR_MEMORY, "no memory for a history");
    if (!history_lines_begin(text, len))
        return err_set(err, ERR_INPUT,
                       "'%.200s' is not a history: 'clambda replay --history FILE' writes one",
                       path);
    if (history_lines_read(&e->lines, text, len, add_plain_error, err) < 0) {
        err_wrap(err, "'%.200s', line %zu", path, e->lines.nlines + 1);
        history_lines_fini(&e->lines);
        return -1;
    }
    e->text = TAKE(text);
    *out = TAKE(e);
    return 0;
}

void replay_expect_close(struct replay_expected *e)
{
    if (!e)
        return;
    history_lines_fini(&e->lines);
    free(e->text);
    free(e);
}

int replay_expect(struct replay *r, const struct buf *lines, struct err *err)
{
    struct history_lines is = {0};
    int status =
        history_lines_read(&is, lines->ptr ? lines->ptr : "", lines->len, add_plain_error, err);
    if (status == 0)
        status = compare(r, &r->expected->lines, &is, err);
    history_lines_fini(&is);
    return status;
}
