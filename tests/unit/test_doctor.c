/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's table and JSON. */
#include "base/json.h"
#include "check.h"
#include "cmd/doctor_table.h"

static struct doctor_row rows[] = {
    {"memory", "of all processes", true, {true, "cgroup v1", ""}},
    {"cpu", "one for 1769 MB of memory", true, {true, "cgroup v1", ""}},
    {"network", "none", false, {true, "network namespace", "a remark"}},
};
static const struct doctor_report report = {"root", "Linux 6.1", rows, ARRAY_LEN(rows)};
static struct doctor_row saved[ARRAY_LEN(rows)];

static char *table(bool colour)
{
    static char text[16384];
    AUTO_BUF struct buf b;
    buf_init(&b, sizeof text - 1);
    doctor_print_table(&report, colour, &b);
    CHECK(!b.failed);
    snprintf(text, sizeof text, "%s", b.ptr);
    return text;
}

static void miss(size_t row, const char *mechanism, const char *why)
{
    rows[row].found.holds = false;
    strcpy(rows[row].found.mechanism, mechanism);
    strcpy(rows[row].found.why, why);
}

static void test_good(void)
{
    CHECK(doctor_holds(&report));
    const char *text = table(false);
    CHECK_HAS(text, "user root, Linux 6.1\n");
    CHECK_HAS(text, "runs functions with all of Lambda's limits here.\n");
    CHECK(!strchr(text, '\033'));
    CHECK_HAS(table(true), "\033[32myes\033[0m");
}

static void test_extra(void)
{
    miss(2, "", "no such thing");
    CHECK(doctor_holds(&report));
    CHECK_HAS(table(false), "with all of Lambda's limits");
}

static void test_missing(void)
{
    miss(0, "", "run it as root");
    miss(1, "", "run it as root");
    CHECK(!doctor_holds(&report));
    const char *text = table(false);
    CHECK_HAS(text, "-                 run it as root\n");
    CHECK_HAS(text, "-                 as above\n");
    CHECK_HAS(text, "exit code 3 here; with --relax memory,cpu it runs");
    CHECK_HAS(table(true), "\033[31mno\033[0m");
}

/* There, but it did not hold: --relax does not help. */
static void test_refuted(void)
{
    miss(0, "cgroup v1", "it did not hold");
    CHECK(!doctor_holds(&report));
    CHECK(!strstr(table(false), "--relax"));
    CHECK_HAS(table(false), "see above");
}

static void test_width(void)
{
    char why[ERR_MSG_MAX] = "", word[160];
    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = 0;
    snprintf(why, sizeof why, "%s and a\033[2J\nsentence with many words, %s", word,
             "each of which is short, so that they are broken at blanks alone, line after line");
    miss(0, "a mechanism with a name longer than its column", why);
    char *text = table(false), *save = NULL;
    CHECK(!strchr(text, '\033'));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        CHECK(strlen(line) <= 100);
        CHECK(line[strlen(line) - 1] != ' ');
    }
}

static void test_json(void)
{
    struct err err = {0};
    AUTO_BUF struct buf b;
    buf_init(&b, 16384);
    miss(1, "", "say \"x\"\n\033[2J");
    CHECK_INT(doctor_print_json(&report, &b, &err), 0);
    CHECK_INT(b.ptr[b.len - 1], '\n');
    CHECK(memchr(b.ptr, '\n', b.len) == b.ptr + b.len - 1);
    struct json *root = json_parse(b.ptr, b.len, &err);
    CHECK(!json_bool(json_get(root, "holds")));
    CHECK_STR(json_string(json_get(root, "user")), "root");
    CHECK_STR(json_string(json_get(root, "kernel")), "Linux 6.1");
    const struct json *list = json_get(root, "limits");
    CHECK_INT(json_count(list), ARRAY_LEN(rows));
    const struct json *cpu = json_next(json_first(list));
    CHECK_STR(json_string(json_get(cpu, "name")), "cpu");
    CHECK_INT(json_kind(json_get(cpu, "mechanism")), JSON_NULL);
    CHECK_STR(json_string(json_get(cpu, "advice")), rows[1].found.why);
    CHECK(json_bool(json_get(cpu, "required")));
    CHECK(!json_bool(json_get(cpu, "holds")));
    json_free(root);
}

#define WITH_ROWS(name)                   \
    static void name##_with_rows(void)    \
    {                                     \
        memcpy(saved, rows, sizeof rows); \
        name();                           \
        memcpy(rows, saved, sizeof rows); \
    }

WITH_ROWS(test_extra)
WITH_ROWS(test_missing)
WITH_ROWS(test_refuted)
WITH_ROWS(test_width)
WITH_ROWS(test_json)

static const struct check_test tests[] = {
    {"good", test_good},
    {"extra", test_extra_with_rows},
    {"missing", test_missing_with_rows},
    {"refuted", test_refuted_with_rows},
    {"width", test_width_with_rows},
    {"json", test_json_with_rows},
};
CHECK_MAIN(tests)
