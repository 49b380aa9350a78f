/* SPDX-License-Identifier: Apache-2.0 */
/* The harness itself: a failure or a skip counts wherever it happens. */
#include "check.h"

void elsewhere_fail(void);
void elsewhere_skip(void);

static void pass(void)
{
    CHECK(true);
}

static void fail(void)
{
    CHECK_STR("a", "b");
}

static const struct {
    const char *name;
    struct check_test tests[2];
    const char *must_work;
    int want;
} runs[] = {
    {"all pass", {{"a", pass}, {"b", pass}}, "0", 0},
    {"one fails", {{"a", fail}, {"b", pass}}, "0", 1},
    {"one fails in another file", {{"a", pass}, {"b", elsewhere_fail}}, "0", 1},
    {"one is skipped", {{"a", pass}, {"b", elsewhere_skip}}, "0", 0},
    {"all are skipped", {{"a", elsewhere_skip}, {"b", elsewhere_skip}}, "0", 77},
    {"skipped, but must work", {{"a", pass}, {"b", elsewhere_skip}}, "1", 1},
};

/* The results of the runs above are counted here and not by the harness, which they change. */
int main(void)
{
    int wrong = 0;
    char *argv[] = {(char[]){"test"}, NULL};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        setenv("SANDBOX_MUST_WORK", runs[i].must_work, 1);
        int got = check_main(runs[i].tests, 2, 1, argv);
        if (got != runs[i].want) {
            printf("# '%s' gives %d, expected %d\n", runs[i].name, got, runs[i].want);
            wrong++;
        }
    }
    printf("%s - the harness\n", wrong ? "not ok" : "ok");
    return wrong != 0;
}
