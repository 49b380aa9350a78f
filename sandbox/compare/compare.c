/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/compare.h"

#include <string.h>

#include "base/scan.h"
#include "compare/compare_run.h"
#include "compare/compare_value.h"

static bool is_error(const struct trace_entry *e)
{
    return e->status == TRACE_STATUS_ERROR || e->status == TRACE_STATUS_TIMEOUT;
}

static struct scan_value as_value(struct trace_text t)
{
    return (struct scan_value){t.ptr, t.len};
}

static bool is_equal(struct trace_text a, struct trace_text b)
{
    return a.ptr && b.ptr && a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The value of a document without the white space around it; absent: it is no JSON. */
static struct scan_value read_document(struct trace_text t)
{
    struct scan_fault fault;
    if (!scan_valid(t.ptr, t.len, &fault))
        return (struct scan_value){0};
    return scan_find(t.ptr, t.len, "");
}

/* To Lambda's readers of batches the same as an empty list of failures. */
static bool is_nothing(struct trace_text t, struct scan_value v)
{
    if (!v.ptr)
        return t.len == 0;
    return (v.len == 4 && memcmp(v.ptr, "null", 4) == 0) ||
           (v.len == 2 && memcmp(v.ptr, "\"\"", 2) == 0);
}

static bool has_failures(struct scan_value v)
{
    return v.ptr && *v.ptr == '{' && scan_find(v.ptr, v.len, "/batchItemFailures").ptr;
}

static bool is_equal_without_ids(const struct compare_run *r, struct trace_text a,
                                 struct trace_text b)
{
    AUTO_BUF struct buf x, y;
    buf_init(&x, a.len);
    buf_init(&y, b.len);
    compare_add_without_ids(&x, a.ptr, a.len, r->ids[0], 1);
    compare_add_without_ids(&y, b.ptr, b.len, r->ids[1], 1);
    return !x.failed && !y.failed && x.len == y.len &&
           (x.len == 0 || memcmp(x.ptr, y.ptr, x.len) == 0);
}

static void compare_plain(struct compare_run *r, const struct compare_place *root,
                          struct trace_text a, struct trace_text b)
{
    const struct compare_rule *rule = rules_find(r->rules, root->path);
    if (rule && (rule->how == COMPARE_IGNORE || rule->how == COMPARE_ANY))
        return;
    if (r->of == COMPARE_OF_ERRORS && is_equal_without_ids(r, a, b))
        return;
    compare_run_add(r, COMPARE_CHANGED, root, NULL, as_value(a), as_value(b));
}

static void compare_answers(struct compare_run *r, struct trace_text a, struct trace_text b)
{
    static const struct scan_value empty = {"{}", 2};
    const struct compare_place root = {.path = rules_begin(r->rules)};
    if (is_equal(a, b))
        return;
    if (!b.ptr) {
        compare_values(r, &root, as_value(a), as_value(b));
        return;
    }
    struct scan_value x = read_document(a), y = read_document(b);
    if (r->of == COMPARE_OF_ANSWERS && is_nothing(a, x) && has_failures(y))
        x = empty;
    else if (r->of == COMPARE_OF_ANSWERS && is_nothing(b, y) && has_failures(x))
        y = empty;
    if (x.ptr && y.ptr)
        compare_values(r, &root, x, y);
    else
        compare_plain(r, &root, a, b);
}

static void add_status(struct compare_run *r, const struct trace_entry *expected,
                       const struct trace_entry *got)
{
    compare_run_add(r, COMPARE_STATUS, NULL, "", as_value(expected->answer), as_value(got->answer));
    if (r->nitems) {
        r->items[0].expected_status = expected->status;
        r->items[0].got_status = got->status;
    }
}

static int finish(const struct compare_run *r, struct compare_result *out, struct err *err)
{
    if (r->starved)
        return err_set(err, ERR_MEMORY, "no memory to compare two answers");
    *out = (struct compare_result){r->items, r->nitems, r->count};
    return 0;
}

int compare_entries(const struct compare_rules *rules, const struct trace_entry *expected,
                    const struct trace_entry *got, struct arena *arena, struct compare_result *out,
                    struct err *err)
{
    struct compare_run r = {
        .rules = rules,
        .of = is_error(expected) || is_error(got) ? COMPARE_OF_ERRORS : COMPARE_OF_ANSWERS,
        .arena = arena,
        .ids = {&expected->request_id, &got->request_id},
    };
    rules_mark_seen(rules, expected->answer);
    rules_mark_seen(rules, got->answer);
    bool known = expected->status != TRACE_STATUS_UNKNOWN && got->status != TRACE_STATUS_UNKNOWN;
    if (known && expected->status != got->status)
        add_status(&r, expected, got);
    else if (expected->answer.ptr)
        compare_answers(&r, expected->answer, got->answer);
    else if (expected->error_type.ptr && got->error_type.ptr &&
             !is_equal(expected->error_type, got->error_type))
        compare_run_add(&r, COMPARE_CHANGED, NULL, "/errorType", as_value(expected->error_type),
                        as_value(got->error_type));
    return finish(&r, out, err);
}
