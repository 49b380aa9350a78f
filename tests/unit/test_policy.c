/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files: what is read, and where a broken one is broken. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "check.h"
#include "jail/filter.h"
#include "jail/policy.h"

static int parse(const char *text, struct policy *p, struct err *err)
{
    memset(err, 0, sizeof *err);
    return policy_parse("p", text, strlen(text), p, err);
}

static void check_rule(const struct policy_rule *got, const struct policy_rule *want)
{
    CHECK_STR(got->name, want->name);
    CHECK_INT(got->number, want->number);
    CHECK_INT(got->ntests, want->ntests);
    for (unsigned i = 0; i < POLICY_TESTS_MAX; i++) {
        CHECK_INT(got->tests[i].word, want->tests[i].word);
        CHECK_INT(got->tests[i].arg, want->tests[i].arg);
        CHECK_INT(got->tests[i].low, want->tests[i].low);
        CHECK_INT(got->tests[i].a, want->tests[i].a);
        CHECK_INT(got->tests[i].b, want->tests[i].b);
    }
    CHECK_INT(got->verdict, want->verdict);
    CHECK_INT(got->error, want->error);
    CHECK_INT(got->certainty, want->certainty);
    CHECK_INT(got->line, want->line);
    CHECK_INT(got->column, want->column);
}

/* The first rule; the line that decides the rest follows. */
static void test_rules(void)
{
    static const struct {
        const char *text;
        struct policy_rule want;
    } rows[] = {
        {"a | | allow | R | x", {"a", -1, {{0}}, 0, POLICY_ALLOW, 0, 'R', 1, 1}},
        {"\n# c\n  a/452 | | kill | ? | x\n", {"a", 452, {{0}}, 0, POLICY_KILL, 0, '?', 3, 3}},
        {"a | arg1 == 0x10 | kill | ? | x\na||allow|R|x\r\n",
         {"a", -1, {{POLICY_EQUAL, 1, false, 16, 0}}, 1, POLICY_KILL, 0, '?', 1, 1}},
        {"a|arg5 > 0xffffffffffffffff|errno EPERM|B|x\na||allow|R|x",
         {"a", -1, {{POLICY_ABOVE, 5, false, UINT64_MAX, 0}}, 1, POLICY_ERRNO, EPERM, 'B', 1, 1}},
        {"a|int0 in 2..0xffffffff|errno ENOSYS|C|a | b\na||allow|R|x",
         {"a", -1, {{POLICY_IN, 0, true, 2, UINT32_MAX}}, 1, POLICY_ERRNO, ENOSYS, 'C', 1, 1}},
        {"a|arg2 any 0x6&int3 none 1 & arg4 in 0x100000001..0x1ffffffff|allow|D|x\na||allow|R|x",
         {"a",
          -1,
          {{POLICY_ANY, 2, false, 6, 0},
           {POLICY_NONE, 3, true, 1, 0},
           {POLICY_IN, 4, false, 0x100000001, 0x1ffffffff}},
          3,
          POLICY_ALLOW,
          0,
          'D',
          1,
          1}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p;
        struct err err;
        CHECK_INT(parse(rows[i].text, &p, &err), 0);
        CHECK_STR(err.msg, "");
        if (err.kind)
            continue;
        CHECK_INT(p.count, 1 + (rows[i].want.ntests > 0));
        check_rule(p.rules, &rows[i].want);
        policy_free(&p);
    }
}

static void test_lists(void)
{
    struct policy p;
    struct err err;
    CHECK_INT(parse("a, b ,c/7 | | allow | R | x\n", &p, &err), 0);
    CHECK_INT(p.count, 3);
    CHECK_STR(p.rules[1].name, "b");
    CHECK_INT(p.rules[1].column, 4);
    CHECK_INT(p.rules[2].number, 7);
    policy_free(&p);
}

static void test_broken(void)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "p:1:1: the policy has no rule"},
        {"# only\n\n", "p:1:1: the policy has no rule"},
        {"read | | allow | R", "p:1:17: 5 columns"},
        {"read", "p:1:1: 5 columns"},
        {"\nread | | alow | R | x", "p:2:10: the verdict"},
        {"read | | errno EFOO | R | x", "p:1:16: unknown error name 'EFOO'"},
        {"read | | allow | X | x", "p:1:18: the certainty"},
        {"read | | allow | | x", "p:1:18: the certainty"},
        {"read | | allow | R | ", "p:1:21: the reason is missing"},
        {" | | allow | R | x", "p:1:2: no system call is named"},
        {"re-ad | | allow | R | x", "p:1:1: not the name of a system call: 're-ad'"},
        {"a,,b d | | allow | R | x", "p:1:4: not the name of a system call: 'b d'"},
        {"a/x | | allow | R | x", "p:1:3: not the number"},
        {"a | foo | allow | R | x", "p:1:5: a test starts with"},
        {"a | int | allow | R | x", "p:1:5: a test starts with"},
        {"a | arg6 == 1 | allow | R | x", "p:1:5: a test starts with"},
        {"a | arg10 == 1 | allow | R | x", "p:1:5: a test starts with"},
        {"a | arg1 | allow | R | x", "p:1:5: a test is"},
        {"a | arg1 == | allow | R | x", "p:1:5: a test is"},
        {"a | arg1 == 1 2 | allow | R | x", "p:1:15: a test is"},
        {"a | arg1 ~ 1 | allow | R | x", "p:1:10: a test compares"},
        {"a | arg1 == one | allow | R | x", "p:1:13: not a number: 'one'"},
        {"a | arg1 == -1 | allow | R | x", "p:1:13: not a number: '-1'"},
        {"a | arg1 == 99999999999999999999999 | allow | R | x", "p:1:13: not a number"},
        {"a | arg1 in 1 | allow | R | x", "p:1:13: a range is"},
        {"a | arg1 in 4..1 | allow | R | x", "p:1:13: a range goes up"},
        {"a | arg1 in 1..0x100000000 | allow | R | x", "p:1:13: a range goes up"},
        {"a | arg1 any 0 | allow | R | x", "p:1:14: a mask has no bit"},
        {"a | int1 == 0x100000000 | allow | R | x", "p:1:13: an int has no more"},
        {"a | int1 any 0xffffffff80000000 | allow | R | x", "p:1:14: an int has no more"},
        {"a | arg1 == 1 & | allow | R | x", "p:1:16: a test is missing"},
        {"a | & arg1 == 1 | allow | R | x", "p:1:5: a test starts with"},
        {"a | arg1 == 1 && arg2 == 1 | allow | R | x", "p:1:16: a test starts with"},
        {"a | arg1 == 1 & arg2 == 1 & arg3 == 1 & arg4 == 1 | allow | R | x",
         "p:1:40: at most three tests"},
        {"a | | allow | R | x\nb, a | | kill | R | x", "p:2:4: an earlier line decides all"},
        {"a | | kill | R | x\na | arg0 == 1 | allow | R | x", "p:2:1: an earlier line decides"},
        {"a/600 | arg0 == 1 | kill | R | x\na/601 | | allow | R | x",
         "p:2:1: an earlier line has another number"},
        {"a | arg0 == 1 | kill | R | x\na/601 | | allow | R | x", "p:2:1: an earlier line has"},
        {"b | | kill | R | x\na | arg0 == 1 | allow | R | x", "p:2:1: no line without a test"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p;
        struct err err;
        CHECK_INT(parse(rows[i].text, &p, &err), -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, rows[i].error);
    }
}

static void test_limits(void)
{
    static char text[8192];
    struct policy p;
    struct err err;
    memset(text, 'x', 2000);
    CHECK_INT(parse(text, &p, &err), -1);
    CHECK_HAS(err.msg, "p:1:1: the line is too long");
    CHECK_INT(policy_parse("p", "a\0b", 3, &p, &err), -1);
    CHECK_HAS(err.msg, "NUL");
    static char many[POLICY_RULES_MAX * 40];
    size_t used = 0;
    for (int i = 0; i <= POLICY_RULES_MAX; i++)
        used += (size_t)snprintf(many + used, sizeof many - used, "a%d||allow|R|x\n", i);
    CHECK_INT(parse(many, &p, &err), -1);
    CHECK_HAS(err.msg, "too many rules");
}

static bool write_file(int folder, const char *name, const char *text)
{
    AUTO_FD int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Compiled once; a cache that is broken or somebody else's is not believed. */
static void test_cache(void)
{
    char folder[] = "/tmp/clambda-filter-XXXXXX", path[64], name[128] = "";
    struct filter first = {0}, again = {0};
    struct err err = {0};
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/policy", folder);
    AUTO_FD int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(write_file(fd, "policy",
                     "read, write | | allow | R | x\nclone3 | | errno ENOSYS | R | x\n"));
    CHECK_INT(filter_open(&first, path, fd, &err), 0);
    CHECK_STR(err.msg, "");
    CHECK(first.count > 4);
    char command[96];
    snprintf(command, sizeof command, "ls %s | grep filter-", folder);
    FILE *in = popen(command, "re");
    CHECK(in && fgets(name, sizeof name, in));
    if (in)
        pclose(in);
    name[strcspn(name, "\n")] = 0;
    CHECK_INT(filter_open(&again, path, fd, &err), 0);
    CHECK_MEM((char *)again.code, again.count * 8u, (char *)first.code, first.count * 8u);
    filter_close(&again);
    CHECK(write_file(fd, name, "broken"));
    CHECK_INT(filter_open(&again, path, fd, &err), 0);
    CHECK_INT(again.count, first.count);
    filter_close(&again);
    CHECK_INT(fchmodat(fd, name, 0666, 0), 0);
    CHECK_INT(filter_open(&again, path, -1, &err), 0);
    CHECK_INT(again.count, first.count);
    filter_close(&again);
    filter_close(&first);
    CHECK(write_file(fd, "policy", "\nrad | | allow | R | x\n"));
    CHECK_INT(filter_open(&again, path, fd, &err), -1);
    CHECK_INT(err.kind, ERR_INPUT);
    CHECK_HAS(err.msg, "policy:2:1: unknown system call 'rad'");
    unlinkat(fd, name, 0);
    unlinkat(fd, "policy", 0);
    CHECK_INT(rmdir(folder), 0);
}

static const struct check_test table[] = {
    {"rules", test_rules},   {"lists", test_lists}, {"broken", test_broken},
    {"limits", test_limits}, {"cache", test_cache},
};
CHECK_MAIN(table)
