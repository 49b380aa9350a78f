/* SPDX-License-Identifier: Apache-2.0 */
#include "compare/budget.h"

#include <math.h>
#include <string.h>

#define DRAWS       2000
#define SEED        0x9e3779b97f4a7c15u
#define BETA_COUNT  40  /* above, a median is placed by the normal distribution */
#define EXACT_COUNT 200 /* the same for ranks, which costs less */
#define SURE        0.95
#define PERCENT_MAX 1e6

static const char *const names[BUDGET_COUNT] = {"duration", "memory", "init"};

/* "+20%" to 1.2 */
static int parse_most(const char *text, size_t len, double *out, struct err *err)
{
    char copy[32], *end = copy;
    double percent = 0;
    if (len < sizeof copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
        if (copy[0] == '+' || copy[0] == '-')
            percent = strtod(copy, &end);
    }
    if (end == copy || strcmp(end, "%") != 0 || !isfinite(percent))
        return err_set(err, ERR_USAGE,
                       "'%.*s' is no budget: it is a percentage with its sign, like duration=+20%%",
                       (int)(len < 100 ? len : 100), text);
    if (percent <= -100 || percent > PERCENT_MAX)
        return err_set(err, ERR_USAGE, "'%s' is not above -100%% and at most +%.0f%%", copy,
                       PERCENT_MAX);
    *out = 1 + percent / 100;
    return 0;
}

static int parse_part(struct budget *b, const char *text, size_t len, struct err *err)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    size_t i = 0;
    while (i < BUDGET_COUNT &&
           (strlen(names[i]) != name_len || memcmp(names[i], text, name_len) != 0))
        i++;
    int shown = (int)(len < 100 ? len : 100);
    if (i == BUDGET_COUNT)
        return err_set(err, ERR_USAGE,
                       "'%.*s' begins with none of duration=, memory= and init=", shown, text);
    if (!equals)
        return err_set(err, ERR_USAGE, "'%.*s' lacks how much: %s=+20%%", shown, text, names[i]);
    if (b->set[i])
        return err_set(err, ERR_USAGE, "the budget of %s is given twice", names[i]);
    if (parse_most(equals + 1, len - name_len - 1, &b->most[i], err) < 0)
        return -1;
    b->set[i] = true;
    return 0;
}

int budget_parse(struct budget *b, const char *text, struct err *err)
{
    struct budget parsed = *b;
    for (const char *part = text;; part++) {
        size_t len = strcspn(part, ",");
        if (parse_part(&parsed, part, len, err) < 0)
            return -1;
        part += len;
        if (!*part)
            break;
    }
    *b = parsed;
    return 0;
}

/* Above 0, below 1. */
static double draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return ((double)(*state * 0x2545f4914f6cdd1du >> 11) + 0.5) / 9007199254740992.0;
}

static double draw_normal(uint64_t *state)
{
    double length = sqrt(-2 * log(draw(state)));
    return length * cos(6.283185307179586 * draw(state));
}

/* Sum of count exponential values. */
static double draw_gamma(uint64_t *state, size_t count)
{
    double sum = 0;
    for (; count; count--)
        sum -= log(draw(state));
    return sum;
}

/* Which quantile of count samples is the median of as many that are drawn from them: the bootstrap
 * without drawing each. The median of count even draws has a beta distribution. */
static double draw_median(uint64_t *state, size_t count)
{
    double even;
    if (count > BETA_COUNT) {
        even = 0.5 + draw_normal(state) * 0.5 / sqrt((double)count + 2);
    } else {
        size_t rank = (count + 1) / 2;
        if (count % 2 == 0 && draw(state) < 0.5)
            rank++;
        double below = draw_gamma(state, rank), above = draw_gamma(state, count + 1 - rank);
        even = below / (below + above);
    }
    double at = even * (double)count - 0.5;
    return fmin(fmax(at / ((double)count - 1), 0), 1);
}

static double divide(double now, double before)
{
    if (before > 0)
        return now / before;
    return now > 0 ? HUGE_VAL : 1;
}

static int compare_values(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static enum verdict judge(const struct budget_verdict *v, double most)
{
    if (v->count < BUDGET_COUNT_LEAST)
        return VERDICT_UNSURE;
    if (v->low > most)
        return VERDICT_OVER;
    return v->high <= most ? VERDICT_WITHIN : VERDICT_UNSURE;
}

static void find_interval(struct budget_verdict *v, const struct samples *before,
                          const struct samples *now)
{
    double old[DRAWS], ratios[DRAWS];
    uint64_t state = SEED;
    for (size_t i = 0; i < DRAWS; i++) {
        old[i] = draw_median(&state, before->count);
        ratios[i] = draw_median(&state, now->count);
    }
    samples_quantiles(before, old, DRAWS, old);
    samples_quantiles(now, ratios, DRAWS, ratios);
    for (size_t i = 0; i < DRAWS; i++)
        ratios[i] = divide(ratios[i], old[i]);
    qsort(ratios, DRAWS, sizeof *ratios, compare_values);
    v->low = ratios[(size_t)(DRAWS * (1 - SURE) / 2)];
    v->high = ratios[(size_t)(DRAWS * (1 + SURE) / 2)];
}

struct budget_verdict budget_judge(const struct samples *before, const struct samples *now,
                                   double most)
{
    struct budget_verdict v = {
        .before = samples_quantile(before, 0.5),
        .now = samples_quantile(now, 0.5),
        .count = before->count < now->count ? before->count : now->count,
    };
    v.ratio = divide(v.now, v.before);
    if (v.count >= BUDGET_COUNT_LEAST) {
        find_interval(&v, before, now);
    } else if (v.count) {
        v.low = divide(now->least, before->most);
        v.high = divide(now->most, before->least);
    } else {
        v.ratio = 1;
        v.high = HUGE_VAL;
    }
    v.verdict = judge(&v, most);
    return v;
}

/* The rank, from 1, below which the median is with at most (1 - SURE) / 2: of count fair coins so
 * many show heads. */
static double find_low_rank(size_t count)
{
    double n = (double)count, sum = 0;
    if (count > EXACT_COUNT)
        return floor(n / 2 - 0.98 * sqrt(n));
    for (double k = 0; k < n; k++) {
        sum += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2));
        if (sum > (1 - SURE) / 2)
            return fmax(k, 1);
    }
    return 1;
}

struct budget_verdict budget_judge_pairs(const struct samples *ratios, double before, double now,
                                         double most)
{
    struct budget_verdict v = {.before = before, .now = now, .count = ratios->count, .ratio = 1};
    if (v.count == 0) {
        v.high = HUGE_VAL;
    } else {
        double last = (double)v.count - 1;
        double low = v.count < BUDGET_COUNT_LEAST ? 0 : (find_low_rank(v.count) - 1) / last;
        v.ratio = samples_quantile(ratios, 0.5);
        v.low = samples_quantile(ratios, low);
        v.high = samples_quantile(ratios, 1 - low);
    }
    v.verdict = judge(&v, most);
    return v;
}
