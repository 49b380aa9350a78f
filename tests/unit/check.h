/* SPDX-License-Identifier: Apache-2.0 */
/* The test harness. A test file ends in a table of named tests and CHECK_MAIN(table):
 * prints TAP, knows --list and --only NAME, exits 1 on a failure, 77 when all were skipped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_test {
    const char *name;
    void (*fn)(void);
};

/* Of the running test; weak, so that a test of several source files has them once. */
__attribute__((weak)) int check_failures;
__attribute__((weak)) const char *check_skip_text; /* reason, when it was skipped */

static inline void check_report(const char *file, int line, const char *what)
{
    printf("# %s:%d: %s\n", file, line, what);
    check_failures++;
}

/* Fails the running test and goes on. */
#define CHECK(cond)                                  \
    do {                                             \
        if (!(cond))                                 \
            check_report(__FILE__, __LINE__, #cond); \
    } while (0)

#define CHECK_INT(got, want) \
    check_int_(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
#define CHECK_STR(got, want) check_str_(__FILE__, __LINE__, #got, got, want)
#define CHECK_HAS(got, part) check_has_(__FILE__, __LINE__, #got, got, part)
#define CHECK_MEM(got, got_len, want, want_len) \
    check_mem_(__FILE__, __LINE__, #got, got, got_len, want, want_len)

static inline void check_int_(const char *file, int line, const char *expr, long long got,
                              long long want)
{
    if (got == want)
        return;
    char what[512];
    snprintf(what, sizeof what, "%s is %lld, expected %lld", expr, got, want);
    check_report(file, line, what);
}

static inline void check_str_(const char *file, int line, const char *expr, const char *got,
                              const char *want)
{
    if (got == want || (got && want && strcmp(got, want) == 0))
        return;
    printf("# %s is '%s'\n# expected '%s'\n", expr, got ? got : "(null)", want ? want : "(null)");
    check_report(file, line, expr);
}

static inline void check_has_(const char *file, int line, const char *expr, const char *got,
                              const char *part)
{
    if (got && strstr(got, part))
        return;
    printf("# %s is '%s'\n# without '%s'\n", expr, got ? got : "(null)", part);
    check_report(file, line, expr);
}

static inline void check_mem_(const char *file, int line, const char *expr, const void *got,
                              size_t got_len, const void *want, size_t want_len)
{
    if (got_len == want_len && (!got_len || memcmp(got, want, got_len) == 0))
        return;
    printf("# %s is '%.*s' (%zu bytes)\n# expected '%.*s' (%zu bytes)\n", expr, (int)got_len,
           (const char *)got, got_len, (int)want_len, (const char *)want, want_len);
    check_report(file, line, expr);
}

/* Marks the running test as skipped; return from it afterwards. With SANDBOX_MUST_WORK=1 a skip is
 * a failure. */
static inline void check_skip(const char *reason)
{
    const char *must = getenv("SANDBOX_MUST_WORK");
    if (must && strcmp(must, "1") == 0)
        check_report(__FILE__, __LINE__, reason);
    else
        check_skip_text = reason;
}

static inline void check_run_test(const struct check_test *test, size_t number, int *failed,
                                  int *skipped)
{
    check_failures = 0;
    check_skip_text = NULL;
    fflush(stdout);
    test->fn();
    printf("%s %zu - %s", check_failures ? "not ok" : "ok", number, test->name);
    if (check_skip_text && !check_failures) {
        printf(" # SKIP %s", check_skip_text);
        (*skipped)++;
    }
    printf("\n");
    fflush(stdout);
    *failed += check_failures != 0;
}

static inline int check_main(const struct check_test *tests, size_t count, int argc, char **argv)
{
    const char *only = argc == 3 && strcmp(argv[1], "--only") == 0 ? argv[2] : NULL;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++)
            printf("%s\n", tests[i].name);
        return 0;
    }
    int failed = 0, skipped = 0, run = 0;
    for (size_t i = 0; i < count; i++) {
        if (only && strcmp(only, tests[i].name) != 0)
            continue;
        run++;
        check_run_test(&tests[i], (size_t)run, &failed, &skipped);
    }
    printf("1..%d\n", run);
    if (failed || run == 0)
        return 1;
    return skipped == run ? 77 : 0;
}

#define CHECK_MAIN(table)                                                      \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        return check_main(table, sizeof(table) / sizeof *(table), argc, argv); \
    }
