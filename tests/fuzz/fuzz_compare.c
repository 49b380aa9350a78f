/* SPDX-License-Identifier: Apache-2.0 */
/* Two answers: what is equal to itself has no difference, order of the two does not change whether
 * there is one, differences are views of what was compared, and all of them can be shown. */
#include "base/scan.h"
#include "compare/compare.h"
#include "fuzz.h"

#define ARENA ((size_t)1 << 20)

static struct arena arena;

static void add_rules(struct fuzz_input *in, struct compare_rules *rules)
{
    for (int count = fuzz_byte(in) % 4; count > 0; count--) {
        struct err err;
        size_t len;
        bool match = fuzz_byte(in) & 1;
        char *text = fuzz_text(in, &len);
        int status =
            match ? compare_add_match(rules, text, &err) : compare_add_ignore(rules, text, &err);
        FUZZ_CHECK(status == 0 || (err.kind == ERR_USAGE && *err.msg));
        free(text);
    }
}

static bool is_view(struct trace_text part, struct trace_text whole)
{
    return !part.ptr || (part.len == 2 && memcmp(part.ptr, "{}", 2) == 0) ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_result(const struct compare_result *r, struct trace_text a, struct trace_text b)
{
    struct buf out;
    buf_init(&out, FUZZ_SIZE_MAX);
    FUZZ_CHECK(r->nitems <= r->count && r->nitems <= COMPARE_DIFFERENCES_MAX);
    FUZZ_CHECK((r->nitems == 0) == (r->count == 0));
    for (size_t i = 0; i < r->nitems; i++) {
        const struct compare_difference *d = &r->items[i];
        FUZZ_CHECK(d->pointer && is_view(d->expected, a) && is_view(d->got, b));
        FUZZ_CHECK((d->kind == COMPARE_ADDED) == !d->expected.ptr || d->kind == COMPARE_STATUS);
        FUZZ_CHECK((d->kind == COMPARE_GONE) == !d->got.ptr || d->kind == COMPARE_STATUS);
        compare_print(d, i & 1, &out);
    }
    FUZZ_CHECK(!out.failed);
    for (size_t i = 0; i < out.len; i++) {
        bool colour = out.ptr[i] == '\033' && i + 1 < out.len && out.ptr[i + 1] == '[';
        FUZZ_CHECK((unsigned char)out.ptr[i] >= 0x20 || out.ptr[i] == '\n' || out.ptr[i] == '\t' ||
                   colour);
    }
    buf_free(&out);
}

static size_t compare(const struct compare_rules *rules, const struct trace_entry *a,
                      const struct trace_entry *b)
{
    struct compare_result answers, logs;
    struct err err;
    arena_reset(&arena);
    FUZZ_CHECK(compare_entries(rules, a, b, &arena, &answers, &err) == 0);
    FUZZ_CHECK(compare_logs(a, b, &arena, &logs, &err) == 0);
    check_result(&answers, a->answer, b->answer);
    check_result(&logs, a->log, b->log);
    return answers.count;
}

static struct trace_entry make(struct trace_text text, enum trace_status status)
{
    struct trace_entry e = trace_entry_none;
    e.answer = e.log = text;
    e.status = status;
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct compare_rules none;
    struct fuzz_input in = {data, size};
    struct compare_rules rules = {0};
    struct err err;
    if (!arena.base)
        FUZZ_CHECK(arena_init(&arena, ARENA, &err) == 0);
    enum trace_status status = fuzz_byte(&in) % TRACE_STATUS_COUNT;
    add_rules(&in, &rules);
    /* The rest is both texts: what stands before and behind the first NUL. */
    const char *rest = (const char *)in.at;
    const char *end = in.left ? memchr(rest, 0, in.left) : NULL;
    size_t len = end ? (size_t)(end - rest) : in.left;
    char *a = malloc(len + 1), *b = malloc(in.left - len + 1);
    FUZZ_CHECK(a && b);
    struct trace_text left = {a, len}, right = {b, end ? in.left - len - 1 : 0};
    memcpy(a, rest, left.len);
    memcpy(b, end ? end + 1 : rest, right.len);
    const struct trace_entry x = make(left, status), y = make(right, status);
    FUZZ_CHECK(compare(&none, &x, &x) == 0);
    bool differs = compare(&none, &x, &y) != 0;
    FUZZ_CHECK(differs == (compare(&none, &y, &x) != 0));
    size_t with_rules = compare(&rules, &x, &y);
    FUZZ_CHECK(differs || with_rules == 0);
    compare_rules_fini(&rules);
    free(a);
    free(b);
    return 0;
}
