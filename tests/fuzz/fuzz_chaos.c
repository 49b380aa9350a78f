/* SPDX-License-Identifier: Apache-2.0 */
/* --chaos: what is read can be written and read again, plans hold only what can be, the same seed
 * plans the same. */
#include "simulate/faults.h"

#include "fuzz.h"

static struct chaos chaos, again;
static struct faults plan, other;

static void check_same(const struct faults *a, const struct faults *b)
{
    FUZZ_CHECK(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct fault *x = &a->items[i], *y = &b->items[i];
        FUZZ_CHECK(x->kind == y->kind && x->record == y->record && x->delivery == y->delivery &&
                   x->value == y->value);
    }
}

static void check_written(const struct faults *f)
{
    struct err err = {0};
    struct buf text;
    buf_init(&text, FUZZ_SIZE_MAX);
    chaos_print(f, &text);
    if (f->count) {
        FUZZ_CHECK(chaos_parse(text.ptr, &again, &err) == 0);
        FUZZ_CHECK(!again.seeded);
        check_same(f, &again.given);
    }
    buf_free(&text);
}

static void check_plan(struct fuzz_input *in)
{
    struct mapping_settings s;
    mapping_settings_default((enum mapping_source)(fuzz_byte(in) % MAPPING_SOURCE_COUNT), &s);
    s.fifo = s.source == MAPPING_SQS && fuzz_byte(in) % 2;
    if (fuzz_byte(in) % 4 == 0)
        s.batch = 1;
    uint32_t n = fuzz_byte(in);
    uint64_t round = fuzz_byte(in) * UINT64_C(0x1000000000000001);
    faults_plan(&chaos, round, &s, n, &plan);
    faults_plan(&chaos, round, &s, n, &other);
    check_same(&plan, &other);
    for (size_t i = 0; i < plan.count && chaos.seeded; i++) {
        FUZZ_CHECK(chaos.kinds[plan.items[i].kind]);
        FUZZ_CHECK(plan.items[i].record < n);
        FUZZ_CHECK(!fault_impossible(plan.items[i].kind, &s));
    }
    check_written(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct err err = {0};
    size_t len;
    char *text = fuzz_text(&in, &len);
    if (chaos_parse(text, &chaos, &err) == 0) {
        check_written(&chaos.given);
        check_plan(&in);
    } else {
        FUZZ_CHECK(err.kind == ERR_USAGE && err.msg[0]);
    }
    free(text);
    return 0;
}
