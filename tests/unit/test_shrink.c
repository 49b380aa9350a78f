/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "simulate/shrink.h"

#define RECORDS 60
#define FAULTS  12
#define RULES   3

/* What fails: all of the records and faults of any rule are there. */
struct rule {
    uint64_t records; /* bits */
    unsigned faults;
};

static struct faults all;
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static uint64_t record_bits(const struct shrink_candidate *c)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < c->nrecords; i++)
        bits |= UINT64_C(1) << c->records[i];
    return bits;
}

static unsigned fault_bits(const struct shrink_candidate *c)
{
    unsigned bits = 0;
    for (size_t i = 0; i < c->faults->count; i++)
        for (unsigned k = 0; k < all.count; k++)
            if (faults_find(&all, c->faults->items[i].kind, c->faults->items[i].record,
                            c->faults->items[i].delivery) == &all.items[k])
                bits |= 1u << k;
    return bits;
}

static bool fails(const struct rule *rules, uint64_t records, unsigned faults)
{
    for (size_t i = 0; i < RULES; i++)
        if ((rules[i].records & ~records) == 0 && (rules[i].faults & ~faults) == 0)
            return true;
    return false;
}

static bool is_sane(const struct shrink_candidate *c)
{
    uint64_t bits = record_bits(c);
    for (size_t i = 1; i < c->nrecords; i++)
        if (c->records[i - 1] >= c->records[i])
            return false;
    for (size_t i = 0; i < c->faults->count; i++)
        if (!(bits & UINT64_C(1) << c->faults->items[i].record))
            return false;
    return c->nrecords > 0;
}

/* Nothing that is left can be left out; a record takes its faults with it. */
static bool is_minimal(const struct rule *rules, uint64_t records, unsigned faults)
{
    for (unsigned r = 0; r < RECORDS; r++) {
        uint64_t less = records & ~(UINT64_C(1) << r);
        unsigned kept = faults;
        for (unsigned k = 0; k < all.count; k++)
            if (all.items[k].record == r)
                kept &= ~(1u << k);
        if (less && less != records && fails(rules, less, kept))
            return false;
    }
    for (unsigned k = 0; k < all.count; k++)
        if (faults & 1u << k && fails(rules, records, faults & ~(1u << k)))
            return false;
    return true;
}

static void make_faults(void)
{
    all.count = 0;
    while (all.count < FAULTS) {
        struct fault f = {.kind = (enum fault_kind)draw(FAULT_KIND_COUNT),
                          .record = draw(RECORDS),
                          .delivery = 1 + draw(2)};
        if (!faults_find(&all, f.kind, f.record, f.delivery))
            all.items[all.count++] = f;
    }
}

static struct rule make_rule(void)
{
    struct rule rule = {0};
    for (uint32_t n = 1 + draw(4); n > 0; n--)
        rule.records |= UINT64_C(1) << draw(RECORDS);
    for (uint32_t n = draw(4); n > 0; n--) {
        unsigned k = draw(FAULTS);
        rule.faults |= 1u << k;
        rule.records |= UINT64_C(1) << all.items[k].record;
    }
    return rule;
}

static void one_history(void)
{
    enum { KEPT = 4096 };
    static struct {
        uint64_t records;
        unsigned faults;
    } tried[KEPT];
    uint32_t records[RECORDS];
    struct err err = {0};
    struct rule rules[RULES];
    for (uint32_t i = 0; i < RECORDS; i++)
        records[i] = i;
    make_faults();
    for (size_t i = 0; i < RULES; i++)
        rules[i] = make_rule();
    struct shrink *s = shrink_new(records, RECORDS, &all, KEPT, &err);
    struct shrink_candidate c;
    size_t n = 0;
    while (shrink_next(s, &c)) {
        uint64_t r = record_bits(&c);
        unsigned f = fault_bits(&c);
        if (!is_sane(&c))
            check_report(__FILE__, __LINE__, "a candidate with holes");
        for (size_t i = 0; i < n; i++)
            if (tried[i].records == r && tried[i].faults == f)
                check_report(__FILE__, __LINE__, "the same candidate twice");
        tried[n].records = r;
        tried[n++].faults = f;
        shrink_tell(s, fails(rules, r, f));
    }
    shrink_best(s, &c);
    CHECK(shrink_is_minimal(s));
    CHECK_INT(shrink_tries(s), n);
    CHECK(is_sane(&c));
    CHECK(fails(rules, record_bits(&c), fault_bits(&c)));
    CHECK(is_minimal(rules, record_bits(&c), fault_bits(&c)));
    shrink_free(s);
}

static void test_random(void)
{
    for (uint64_t i = 0; i < 3000 && !check_failures; i++) {
        seed = i;
        one_history();
        if (check_failures)
            printf("# seed %llu\n", (unsigned long long)i);
    }
}

/* A million records of which two matter are found in a few tries. */
static void test_large(void)
{
    enum { N = 1000000 };
    struct err err = {0};
    uint32_t *records = malloc(N * sizeof *records);
    struct shrink_candidate c;
    for (uint32_t i = 0; i < N; i++)
        records[i] = i;
    all.count = 2;
    all.items[0] = (struct fault){.kind = FAULT_CRASH, .record = 777777, .delivery = 1};
    all.items[1] = (struct fault){.kind = FAULT_POISON, .record = 3, .delivery = 1};
    struct shrink *s = shrink_new(records, N, &all, 1000, &err);
    while (shrink_next(s, &c)) {
        bool needed = false;
        for (size_t i = 0; i < c.nrecords; i++)
            needed = needed || c.records[i] == 500001;
        shrink_tell(s, needed && faults_find(c.faults, FAULT_CRASH, 777777, 1));
    }
    shrink_best(s, &c);
    CHECK_INT(c.nrecords, 2);
    CHECK_INT(c.records[0], 500001);
    CHECK_INT(c.faults->count, 1);
    CHECK(shrink_is_minimal(s));
    CHECK(shrink_tries(s) < 120);
    shrink_free(s);
    free(records);
}

static void test_most(void)
{
    uint32_t records[] = {1, 5, 9, 11};
    struct err err = {0};
    struct shrink_candidate c;
    all.count = 0;
    struct shrink *s = shrink_new(records, 4, &all, 2, &err);
    while (shrink_next(s, &c))
        shrink_tell(s, true);
    CHECK_INT(shrink_tries(s), 2);
    CHECK(!shrink_is_minimal(s));
    shrink_best(s, &c);
    CHECK_INT(c.nrecords, 1);
    shrink_free(s);
}

static void check_end(bool fails, size_t nrecords, size_t nfaults)
{
    uint32_t records[] = {2, 4};
    struct err err = {0};
    struct shrink_candidate c;
    all.count = 1;
    all.items[0] = (struct fault){.kind = FAULT_CRASH, .record = 4, .delivery = 1};
    struct shrink *s = shrink_new(records, 2, &all, 100, &err);
    while (shrink_next(s, &c))
        shrink_tell(s, fails);
    shrink_best(s, &c);
    CHECK_INT(c.nrecords, nrecords);
    CHECK_INT(c.faults->count, nfaults);
    CHECK(shrink_is_minimal(s));
    shrink_free(s);
}

/* Only what depends on nothing is left with one record and no fault. */
static void test_always(void)
{
    check_end(true, 1, 0);
}

static void test_never(void)
{
    check_end(false, 2, 1);
    shrink_free(NULL);
}

static const struct check_test tests[] = {
    {"random", test_random}, {"large", test_large}, {"most", test_most},
    {"always", test_always}, {"never", test_never},
};

CHECK_MAIN(tests)
