/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/attr.h"
#include "check.h"
#include "compare/budget.h"

static uint64_t state;

static double draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

/* Like durations: a long tail to the right. */
static double draw_duration(double median, double spread)
{
    double normal = sqrt(-2 * log(draw())) * cos(6.283185307179586 * draw());
    return median * exp(spread * normal);
}

static struct samples make(void)
{
    struct samples s;
    struct err err;
    CHECK_INT(samples_init(&s, &err), 0);
    return s;
}

static void fill(struct samples *s, size_t count, double median, double spread)
{
    for (size_t i = 0; i < count; i++)
        samples_add(s, draw_duration(median, spread));
}

static bool is_near(double got, double want, double tolerance)
{
    if (fabs(got - want) <= tolerance)
        return true;
    printf("# %.9g is not within %g of %.9g\n", got, tolerance, want);
    return false;
}

static void test_quantiles(void)
{
    static const struct {
        double values[6];
        size_t count;
        double q, want;
    } rows[] = {
        {{0}, 0, 0.5, 0},
        {{7}, 1, 0.5, 7},
        {{7}, 1, 1, 7},
        {{3, 1}, 2, 0.5, 2},
        {{3, 1, 2}, 3, 0.5, 2},
        {{3, 1, 2}, 3, 0, 1},
        {{3, 1, 2}, 3, 1, 3},
        {{30, 10, 20, 40}, 4, 0.25, 17.5},
        {{30, 10, 20, 40}, 4, -1, 10},
        {{30, 10, 20, 40}, 4, 2, 40},
        {{1, 2, __builtin_nan(""), -1, HUGE_VAL, 3}, 6, 0.5, 2},
        {{0, 0, 5}, 3, 0.5, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct samples s = make();
        for (size_t k = 0; k < rows[i].count; k++)
            samples_add(&s, rows[i].values[k]);
        CHECK(is_near(samples_quantile(&s, rows[i].q), rows[i].want, 1e-9));
        samples_fini(&s);
    }
}

/* What the histogram says is within its step of what sorting says. */
static void test_histogram(void)
{
    static const double medians[] = {0.02, 1, 250, 3e6};
    static const double quantiles[] = {0, 0.01, 0.1, 0.5, 0.9, 0.99, 1};
    for (size_t i = 0; i < ARRAY_LEN(medians); i++) {
        struct samples few = make(), many = make();
        state = 7 + i;
        fill(&few, SAMPLES_EXACT, medians[i], 0.5);
        for (size_t k = 0; k < 3 * SAMPLES_EXACT; k++)
            samples_add(&many, few.exact[k % SAMPLES_EXACT]);
        CHECK_INT(many.count, 3 * SAMPLES_EXACT);
        for (size_t k = 0; k < ARRAY_LEN(quantiles); k++) {
            double exact = samples_quantile(&few, quantiles[k]);
            CHECK(is_near(samples_quantile(&many, quantiles[k]), exact, exact * 0.011));
        }
        CHECK(is_near(samples_mean(&many), samples_mean(&few), medians[i] * 1e-6));
        samples_fini(&few);
        samples_fini(&many);
    }
}

static void test_edges(void)
{
    static const double values[] = {0, 1e-9, 1e-3, 5, 1e10, 1e300};
    struct samples s = make();
    for (size_t i = 0; i < SAMPLES_EXACT; i++)
        for (size_t k = 0; k < ARRAY_LEN(values); k++)
            samples_add(&s, values[k]);
    CHECK(samples_quantile(&s, 0) == 0 && samples_quantile(&s, 1) == 1e300);
    CHECK(is_near(samples_quantile(&s, 0.55), 5, 0.1));
    uint64_t all = 0;
    for (size_t i = 0; i < SAMPLES_BUCKETS; i++)
        all += s.buckets[i];
    CHECK_INT(all, s.count);
    samples_fini(&s);
    samples_fini(&s);
}

/* Sets from one distribution, over and over: how often which verdict. */
struct verdicts {
    int counts[3], covered;
};

static struct verdicts judge_many(size_t count, double slower, double spread, double most,
                                  bool pairs)
{
    enum { RUNS = 200 };
    struct verdicts out = {{0}, 0};
    for (int run = 0; run < RUNS; run++) {
        struct samples before = make(), now = make();
        state = 88172645463325252u + (uint64_t)run * 977;
        for (size_t i = 0; i < count; i++) {
            double machine = pairs ? draw_duration(1, 1) : 1; /* how busy it is just now */
            double old = machine * draw_duration(100, spread);
            double new = machine *draw_duration(100 * slower, spread);
            samples_add(&before, pairs ? 1 : old);
            samples_add(&now, pairs ? new / old : new);
        }
        struct budget_verdict v =
            pairs ? budget_judge_pairs(&now, 100, 100, most) : budget_judge(&before, &now, most);
        CHECK(v.low <= v.ratio && v.ratio <= v.high && v.count == count);
        out.counts[v.verdict]++;
        out.covered += v.low <= slower && slower <= v.high;
        samples_fini(&before);
        samples_fini(&now);
    }
    for (int i = 0; i < 3; i++)
        out.counts[i] = out.counts[i] * 100 / RUNS;
    out.covered = out.covered * 100 / RUNS;
    return out;
}

/* Percent of many runs. The bounds leave room for chance: the seeds are fixed, the code is not. */
static void test_judge(void)
{
    static const struct {
        const char *name;
        size_t count;
        double slower, spread, most;
        bool pairs;
        enum verdict verdict;
        int least, most_percent; /* runs with that verdict */
    } rows[] = {
        {"same, few", 20, 1, 0.3, 1, false, VERDICT_OVER, 0, 5},
        {"same", 200, 1, 0.3, 1, false, VERDICT_OVER, 0, 5},
        {"same, many", 5000, 1, 0.3, 1, false, VERDICT_OVER, 0, 5},
        {"same, odd", 7, 1, 0.3, 1, false, VERDICT_OVER, 0, 5},
        {"same, with a budget", 200, 1, 0.3, 1.2, false, VERDICT_WITHIN, 90, 100},
        {"30 % slower", 200, 1.3, 0.3, 1, false, VERDICT_OVER, 95, 100},
        {"30 % slower, budget 10 %", 200, 1.3, 0.3, 1.1, false, VERDICT_OVER, 95, 100},
        {"30 % slower, allowed", 200, 1.3, 0.3, 1.6, false, VERDICT_WITHIN, 95, 100},
        {"30 % slower, many", 5000, 1.3, 0.5, 1.2, false, VERDICT_OVER, 95, 100},
        {"ten of noise", 10, 1, 0.8, 1.2, false, VERDICT_UNSURE, 85, 100},
        {"three", 3, 3, 0.01, 1.2, false, VERDICT_UNSURE, 100, 100},
        {"pairs, same", 200, 1, 0.3, 1, true, VERDICT_OVER, 0, 5},
        {"pairs, few", 9, 1, 0.3, 1, true, VERDICT_OVER, 0, 5},
        {"pairs, 30 % slower", 200, 1.3, 0.3, 1.1, true, VERDICT_OVER, 95, 100},
        {"pairs, many", 5000, 1.3, 0.3, 1.2, true, VERDICT_OVER, 95, 100},
        {"pairs, three", 3, 3, 0.01, 1.2, true, VERDICT_UNSURE, 100, 100},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct verdicts v =
            judge_many(rows[i].count, rows[i].slower, rows[i].spread, rows[i].most, rows[i].pairs);
        int got = v.counts[rows[i].verdict];
        bool covered = rows[i].count < BUDGET_COUNT_LEAST || v.covered >= 91;
        printf("# %s: within %d %%, over %d %%, unsure %d %%; covered %d %%\n", rows[i].name,
               v.counts[VERDICT_WITHIN], v.counts[VERDICT_OVER], v.counts[VERDICT_UNSURE],
               v.covered);
        CHECK(got >= rows[i].least && got <= rows[i].most_percent && covered);
    }
}

static void test_judge_edges(void)
{
    static const struct {
        double before, now;
        size_t nbefore, nnow;
        enum verdict verdict;
    } rows[] = {
        {1, 1, 0, 0, VERDICT_UNSURE},     {1, 1, 0, 50, VERDICT_UNSURE},
        {1, 1, 50, 0, VERDICT_UNSURE},    {1, 9, 1, 1, VERDICT_UNSURE},
        {30, 30, 50, 50, VERDICT_WITHIN}, {30, 33, 50, 50, VERDICT_WITHIN},
        {30, 37, 50, 50, VERDICT_OVER},   {0, 0, 50, 50, VERDICT_WITHIN},
        {0, 1, 50, 50, VERDICT_OVER},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct samples before = make(), now = make();
        for (size_t k = 0; k < rows[i].nbefore; k++)
            samples_add(&before, rows[i].before);
        for (size_t k = 0; k < rows[i].nnow; k++)
            samples_add(&now, rows[i].now);
        struct budget_verdict v = budget_judge(&before, &now, 1.2);
        struct budget_verdict again = budget_judge(&before, &now, 1.2);
        CHECK_INT(v.verdict, rows[i].verdict);
        CHECK(!isnan(v.ratio) && !isnan(v.low) && !isnan(v.high));
        CHECK(v.low == again.low && v.high == again.high);
        samples_fini(&before);
        samples_fini(&now);
    }
}

static void test_budget(void)
{
    static const struct {
        const char *text, *fault; /* fault NULL: right */
        double duration, memory, init;
    } rows[] = {
        {"duration=+20%", NULL, 1.2, 0, 0},
        {"duration=+20%,memory=+10%,init=+7.5%", NULL, 1.2, 1.1, 1.075},
        {"memory=-10%", NULL, 0, 0.9, 0},
        {"init=+0%", NULL, 0, 0, 1},
        {"", "''", 0, 0, 0},
        {"speed=+20%", "'speed=+20%' begins with none of duration=", 0, 0, 0},
        {"duration=+20%,", "''", 0, 0, 0},
        {"duration", "'duration' lacks how much: duration=+20%", 0, 0, 0},
        {"duration=20%", "'20%' is no budget", 0, 0, 0},
        {"duration=+20", "'+20' is no budget", 0, 0, 0},
        {"duration=+%", "'+%' is no budget", 0, 0, 0},
        {"duration=50ms", "'50ms' is no budget", 0, 0, 0},
        {"duration=+nan%", "no budget", 0, 0, 0},
        {"duration=+inf%", "no budget", 0, 0, 0},
        {"duration=-100%", "not above -100%", 0, 0, 0},
        {"duration=+1e9%", "at most +1000000%", 0, 0, 0},
        {"duration=+1%,duration=+2%", "duration is given twice", 0, 0, 0},
        {"duration=+00000000000000000000000000000000000000001%", "no budget", 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct budget b = {{false}, {0}};
        struct err err = {0};
        const double want[] = {rows[i].duration, rows[i].memory, rows[i].init};
        CHECK_INT(budget_parse(&b, rows[i].text, &err), rows[i].fault ? -1 : 0);
        if (rows[i].fault)
            CHECK_HAS(err.msg, rows[i].fault);
        for (int k = 0; k < BUDGET_COUNT; k++) {
            CHECK_INT(b.set[k], want[k] > 0);
            CHECK(is_near(b.most[k], want[k], 1e-12));
        }
    }
}

static const struct check_test tests[] = {
    {"quantiles", test_quantiles}, {"histogram", test_histogram},     {"edges", test_edges},
    {"judge", test_judge},         {"judge_edges", test_judge_edges}, {"budget", test_budget},
};
CHECK_MAIN(tests)
