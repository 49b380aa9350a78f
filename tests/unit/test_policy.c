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

static void test_rules(void)
{
    static const struct {
        const char *text;
        struct policy_rule want;
    } rows[] = {
        {"read | | allow | R | x",
         {"read", -1, POLICY_ALWAYS, 0, 0, 0, POLICY_ALLOW, 0, 'R', 1, 1}},
        {"\n# c\n  a | arg1 == 0x10 | kill | ? | x",
         {"a", -1, POLICY_EQUAL, 1, 16, 0, POLICY_KILL, 0, '?', 3, 3}},
        {"a|arg5 > 7|errno EPERM|B|x",
         {"a", -1, POLICY_ABOVE, 5, 7, 0, POLICY_ERRNO, EPERM, 'B', 1, 1}},
        {"a|arg0 in 2..4|errno ENOSYS|C|a | b",
         {"a", -1, POLICY_IN, 0, 2, 4, POLICY_ERRNO, ENOSYS, 'C', 1, 1}},
        {"a/452|arg2 any 0x6|allow|D|x\n",
         {"a", 452, POLICY_ANY, 2, 6, 0, POLICY_ALLOW, 0, 'D', 1, 1}},
        {"a|arg2 none 1|allow|D|x\r\n",
         {"a", -1, POLICY_NONE, 2, 1, 0, POLICY_ALLOW, 0, 'D', 1, 1}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p;
        struct err err;
        CHECK_INT(parse(rows[i].text, &p, &err), 0);
        CHECK_STR(err.msg, "");
        if (err.kind)
            continue;
        const struct policy_rule *got = p.rules, *want = &rows[i].want;
        CHECK_INT(p.count, 1);
        CHECK_STR(got->name, want->name);
        CHECK_INT(got->number, want->number);
        CHECK_INT(got->test, want->test);
        CHECK_INT(got->arg, want->arg);
        CHECK_INT(got->a, want->a);
        CHECK_INT(got->b, want->b);
        CHECK_INT(got->verdict, want->verdict);
        CHECK_INT(got->error, want->error);
        CHECK_INT(got->certainty, want->certainty);
        CHECK_INT(got->line, want->line);
        CHECK_INT(got->column, want->column);
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
        {"a | arg6 == 1 | allow | R | x", "p:1:5: a test starts with"},
        {"a | arg1 | allow | R | x", "p:1:5: a test is"},
        {"a | arg1 == | allow | R | x", "p:1:5: a test is"},
        {"a | arg1 == 1 2 | allow | R | x", "p:1:15: a test is"},
        {"a | arg1 ~ 1 | allow | R | x", "p:1:10: a test compares"},
        {"a | arg1 == one | allow | R | x", "p:1:13: not a number: 'one'"},
        {"a | arg1 == 99999999999999999999999 | allow | R | x", "p:1:13: not a number"},
        {"a | arg1 in 1 | allow | R | x", "p:1:13: a range is"},
        {"a | arg1 in 4..1 | allow | R | x", "p:1:13: a range must"},
        {"a | arg1 in 0..64 | allow | R | x", "p:1:13: a range must"},
        {"a | arg1 any 0 | allow | R | x", "p:1:14: a mask has no bit"},
        {"a | | allow | R | x\nb, a | | kill | R | x", "p:2:4: there is a rule already for 'a'"},
        {"a | arg0 == 1 | allow | R | x\na | | kill | R | x", "p:2:1: there is a rule already"},
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

static void test_expand(void)
{
    static const struct {
        struct policy_rule rule;
        size_t count;
        uint64_t first, last;
    } rows[] = {
        {{.test = POLICY_ALWAYS}, 1, 0, 0},
        {{.test = POLICY_IN, .a = 3, .b = 9}, 7, 3, 9},
        {{.test = POLICY_ANY, .a = 0x7e020080}, 8, 0x80, 0x40000000},
        {{.test = POLICY_ANY, .a = UINT64_MAX}, 64, 1, 1ull << 63},
        {{.test = POLICY_NONE, .a = 0x7e020080}, 1, 0x7e020080, 0x7e020080},
        {{.test = POLICY_IN, .a = UINT64_MAX - 1, .b = UINT64_MAX}, 2, UINT64_MAX - 1, UINT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_rule out[POLICY_RANGE_MAX];
        CHECK_INT(policy_expand(&rows[i].rule, out), rows[i].count);
        CHECK(out[0].a == rows[i].first && out[rows[i].count - 1].a == rows[i].last);
    }
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
    {"rules", test_rules},   {"lists", test_lists},   {"broken", test_broken},
    {"limits", test_limits}, {"expand", test_expand}, {"cache", test_cache},
};
CHECK_MAIN(table)
