/* SPDX-License-Identifier: Apache-2.0 */
/* What grows and what does not, over kinds of measurements, with noise of several seeds. */
#include "compare/growth.h"

#include <math.h>
#include <stdint.h>

#include "base/attr.h"
#include "check.h"

static uint64_t state;

static double chance(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 33) / (double)(1u << 31);
}

static double of_leak(size_t i)
{
    return 3 + (double)i;
}

static double of_slow_leak(size_t i)
{
    return 3 + (double)(i / 8);
}

static double of_noisy_leak(size_t i)
{
    return 1e6 + 4096 * (double)i + 20000 * chance();
}

static double of_constant(size_t i)
{
    (void)i;
    return 7;
}

static double of_noise(size_t i)
{
    (void)i;
    return 1e6 + 1e5 * chance();
}

static double of_pool(size_t i)
{
    return i < 8 ? (double)i : 8;
}

static double of_cache(size_t i)
{
    return 1e6 * (1 - exp(-(double)i / 10));
}

/* The highest of what was ever needed, as heaps keep it. */
static double of_high_water(size_t i)
{
    static double most;
    double now = chance();
    most = i == 0 || now > most ? now : most;
    return 1e6 * most;
}

static double of_saw(size_t i)
{
    return (double)(i % 7);
}

static double of_one_step(size_t i)
{
    return i < 25 ? 3 : 4;
}

static double of_fall(size_t i)
{
    return 1e6 - 4096 * (double)i;
}

static const struct {
    const char *name;
    double (*value)(size_t i);
    double least;
    bool grows;
    double each; /* about */
} rows[] = {
    {"one each time", of_leak, 2, true, 1},
    {"one every eighth time", of_slow_leak, 1.5, true, 0.125},
    {"a page each time, with noise", of_noisy_leak, 16384, true, 4096},
    {"constant", of_constant, 1, false, 0},
    {"noise", of_noise, 16384, false, 0},
    {"a pool that fills", of_pool, 1, false, 0},
    {"a cache that fills", of_cache, 16384, false, 0},
    {"a heap's highest water", of_high_water, 16384, false, 0},
    {"up and down", of_saw, 1, false, 0},
    {"one step", of_one_step, 1, false, 0},
    {"less and less", of_fall, 1, false, 0},
};

static struct growth fill(double (*value)(size_t i), size_t count)
{
    struct growth g = {0};
    for (size_t i = 0; i < count; i++)
        growth_add(&g, value(i));
    return g;
}

static void test_kinds(void)
{
    static const size_t counts[] = {40, 100, 511, 512, 513, 3000};
    for (size_t r = 0; r < ARRAY_LEN(rows); r++)
        for (size_t c = 0; c < ARRAY_LEN(counts); c++)
            for (state = 1; state < 100; state += 33) {
                uint64_t seed = state;
                struct growth g = fill(rows[r].value, counts[c]);
                struct growth_verdict v = growth_judge(&g, rows[r].least);
                state = seed;
                CHECK(v.enough);
                if (v.grows != rows[r].grows)
                    printf("# %s, %zu invocations, seed %d\n", rows[r].name, counts[c], (int)seed);
                CHECK_INT(v.grows, rows[r].grows);
                if (rows[r].grows)
                    CHECK(fabs(v.each - rows[r].each) <= 0.3 * rows[r].each);
            }
}

/* By chance alone: of a thousand series of noise hardly one. */
static void test_chance(void)
{
    size_t accused = 0;
    state = 5;
    for (int i = 0; i < 1000; i++) {
        struct growth g = fill(of_noise, 20 + (size_t)i % 30);
        accused += growth_judge(&g, 1).grows;
    }
    CHECK(accused <= 2);
}

static void test_too_few(void)
{
    for (size_t n = 0; n <= 25; n++) {
        struct growth g = fill(of_leak, n);
        struct growth_verdict v = growth_judge(&g, 2);
        CHECK_INT(v.enough, n >= GROWTH_LEAST);
        CHECK_INT(v.grows, n >= GROWTH_LEAST);
    }
}

static const struct check_test tests[] = {
    {"what grows and what does not", test_kinds},
    {"chance", test_chance},
    {"too few", test_too_few},
};

CHECK_MAIN(tests)
