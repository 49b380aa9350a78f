/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS  5
#define LINE_MAX 1024

struct parser {
    const char *file;
    char line[LINE_MAX]; /* the current one, cut at its columns */
    unsigned number;
    struct policy *out;
    struct err *err;
};

static int fail(struct parser *p, const char *at, const char *what, const char *value)
{
    return err_set(p->err, ERR_INPUT, "%s:%u:%u: %s '%s'", p->file, p->number,
                   (unsigned)(at - p->line) + 1, what, value);
}

static const struct {
    const char *name;
    int value;
} errors[] = {
    {"EPERM", EPERM},           {"EACCES", EACCES},
    {"EINVAL", EINVAL},         {"ENOSYS", ENOSYS},
    {"ENODEV", ENODEV},         {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"ENOENT", ENOENT},         {"EAGAIN", EAGAIN},
    {"EOPNOTSUPP", EOPNOTSUPP}, {"EPROTONOSUPPORT", EPROTONOSUPPORT},
    {"ENOMEM", ENOMEM},
};

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = 0;
    return text;
}

static int parse_verdict(struct parser *p, char *text, struct policy_rule *rule)
{
    if (strcmp(text, "allow") == 0) {
        rule->verdict = POLICY_ALLOW;
        return 0;
    }
    if (strcmp(text, "kill") == 0) {
        rule->verdict = POLICY_KILL;
        return 0;
    }
    if (strncmp(text, "errno ", 6) != 0)
        return fail(p, text, "the verdict is allow, kill or errno NAME, not", text);
    char *name = trim(text + 6);
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (strcmp(errors[i].name, name) == 0) {
            rule->verdict = POLICY_ERRNO;
            rule->error = errors[i].value;
            return 0;
        }
    return fail(p, name, "unknown error name", name);
}

static bool parse_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *out = strtoull(text, &end, 0);
    return errno == 0 && *end == 0;
}

static const struct {
    const char *name;
    enum policy_word word;
} words[] = {
    {"==", POLICY_EQUAL}, {">", POLICY_ABOVE},   {"in", POLICY_IN},
    {"any", POLICY_ANY},  {"none", POLICY_NONE},
};

/* "A..B": one comparison of the upper halves is enough */
static int parse_range(struct parser *p, char *text, struct policy_test *test)
{
    char *dots = strstr(text, "..");
    if (!dots)
        return fail(p, text, "a range is FIRST..LAST, not", text);
    *dots = 0;
    if (!parse_number(text, &test->a) || !parse_number(dots + 2, &test->b) || test->b < test->a ||
        test->a >> 32 != test->b >> 32)
        return fail(p, text, "a range goes up and has one upper half, unlike the one from", text);
    return 0;
}

static int parse_value(struct parser *p, char *text, struct policy_test *test)
{
    bool mask = test->word == POLICY_ANY || test->word == POLICY_NONE;
    if (test->word == POLICY_IN && parse_range(p, text, test) < 0)
        return -1;
    if (test->word != POLICY_IN && !parse_number(text, &test->a))
        return fail(p, text, "not a number:", text);
    if (mask && test->a == 0)
        return fail(p, text, "a mask has no bit:", text);
    if (test->low && (test->a | test->b) > UINT32_MAX)
        return fail(p, text, "an int has no more than 32 bits, unlike", text);
    return 0;
}

static bool parse_arg(const char *text, struct policy_test *test)
{
    test->low = strncmp(text, "int", 3) == 0;
    if (!test->low && strncmp(text, "arg", 3) != 0)
        return false;
    test->arg = (unsigned)(text[3] - '0');
    return text[3] >= '0' && text[3] < '0' + POLICY_ARGS_MAX && !text[4];
}

static int parse_test(struct parser *p, char *text, struct policy_test *test)
{
    char *save = NULL;
    char *arg = strtok_r(text, " \t", &save), *word = strtok_r(NULL, " \t", &save);
    char *value = strtok_r(NULL, " \t", &save), *more = strtok_r(NULL, " \t", &save);
    if (!arg || !parse_arg(arg, test))
        return fail(p, arg ? arg : text, "a test starts with arg0 to arg5 or int0 to int5, not",
                    arg ? arg : "");
    if (!word || !value || more)
        return fail(p, more ? more : arg, "a test is 'argN WORD NUMBER', not", more ? more : arg);
    size_t i = 0;
    while (i < ARRAY_LEN(words) && strcmp(words[i].name, word) != 0)
        i++;
    if (i == ARRAY_LEN(words))
        return fail(p, word, "a test compares by ==, >, in, any or none, not", word);
    test->word = words[i].word;
    return parse_value(p, value, test);
}

static int parse_tests(struct parser *p, char *text, struct policy_rule *rule)
{
    while (text && *text) {
        char *next = strchr(text, '&');
        if (next)
            *next++ = 0;
        if (rule->ntests == POLICY_TESTS_MAX)
            return fail(p, text, "at most three tests, not also", trim(text));
        if (parse_test(p, text, &rule->tests[rule->ntests++]) < 0)
            return -1;
        if (next && !*next)
            return fail(p, next, "a test is missing behind the last &", "");
        text = next;
    }
    return 0;
}

static bool is_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len < POLICY_NAME_MAX && !text[len] && !isdigit((unsigned char)*text);
}

/* The line of a call that has no test is its last one; all have the same number, or none. */
static int check_others(struct parser *p, const char *at, const struct policy_rule *rule)
{
    for (size_t i = 0; i < p->out->count; i++) {
        const struct policy_rule *other = &p->out->rules[i];
        if (strcmp(other->name, rule->name) != 0)
            continue;
        if (other->number != rule->number)
            return fail(p, at, "an earlier line has another number, or none, for", rule->name);
        if (other->ntests == 0)
            return fail(p, at, "an earlier line decides all about", rule->name);
    }
    return 0;
}

static int check_decided(struct parser *p)
{
    for (size_t i = 0; i < p->out->count; i++) {
        const struct policy_rule *rule = &p->out->rules[i];
        size_t last = i;
        for (size_t k = i + 1; k < p->out->count && rule->ntests > 0; k++)
            if (strcmp(p->out->rules[k].name, rule->name) == 0)
                last = k;
        if (p->out->rules[last].ntests > 0)
            return err_set(p->err, ERR_INPUT, "%s:%u:%u: no line without a test follows for '%s'",
                           p->file, rule->line, rule->column, rule->name);
    }
    return 0;
}

static int add_rule(struct parser *p, char *name, const struct policy_rule *like)
{
    struct policy_rule rule = *like;
    uint64_t number = 0;
    char *slash = strchr(name, '/');
    if (slash) {
        *slash = 0;
        if (!parse_number(slash + 1, &number) || number > 100000)
            return fail(p, slash + 1, "not the number of a system call:", slash + 1);
    }
    rule.number = slash ? (int)number : -1;
    if (!is_name(name))
        return fail(p, name, "not the name of a system call:", name);
    snprintf(rule.name, sizeof rule.name, "%s", name);
    rule.line = p->number;
    rule.column = (unsigned)(name - p->line) + 1;
    if (p->out->count == POLICY_RULES_MAX)
        return fail(p, name, "too many rules at", name);
    if (check_others(p, name, &rule) < 0)
        return -1;
    p->out->rules[p->out->count++] = rule;
    return 0;
}

static int parse_columns(struct parser *p, char *columns[COLUMNS])
{
    struct policy_rule rule = {.number = -1};
    if (parse_tests(p, columns[1], &rule) < 0 || parse_verdict(p, columns[2], &rule) < 0)
        return -1;
    rule.certainty = *columns[3];
    if (strlen(columns[3]) != 1 || !strchr("RDBC?", rule.certainty))
        return fail(p, columns[3], "the certainty is R, D, B, C or ?, not", columns[3]);
    if (!*columns[4])
        return fail(p, columns[4], "the reason is missing", "");
    char *save = NULL, *name = strtok_r(columns[0], ",", &save);
    if (!name)
        return fail(p, columns[0], "no system call is named", "");
    for (; name; name = strtok_r(NULL, ",", &save))
        if (add_rule(p, trim(name), &rule) < 0)
            return -1;
    return 0;
}

static int parse_line(struct parser *p, const char *text, size_t len)
{
    if (len >= sizeof p->line || memchr(text, 0, len)) {
        *p->line = 0;
        return fail(p, p->line, "the line is too long or has a NUL byte", "");
    }
    memcpy(p->line, text, len);
    p->line[len] = 0;
    char *columns[COLUMNS], *cursor = p->line;
    if (!*trim(cursor) || *trim(cursor) == '#')
        return 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        char *bar = strchr(cursor, '|');
        if (!bar && i + 1 < COLUMNS)
            return fail(p, cursor, "5 columns are needed, parted by |, after", trim(cursor));
        columns[i] = cursor;
        if (bar && i + 1 < COLUMNS) {
            *bar = 0;
            cursor = bar + 1;
        }
        columns[i] = trim(columns[i]);
    }
    return parse_columns(p, columns);
}

int policy_parse(const char *file, const char *text, size_t len, struct policy *out,
                 struct err *err)
{
    struct parser p = {.file = file, .out = out, .err = err};
    *out = (struct policy){.rules = calloc(POLICY_RULES_MAX, sizeof *out->rules)};
    if (!out->rules)
        return err_set(err, ERR_MEMORY, "no memory for the policy");
    const char *end = text + len;
    int failed = 0;
    while (text < end && failed == 0) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        p.number++;
        failed = parse_line(&p, text, (size_t)(stop - text));
        text = stop + 1;
    }
    if (failed == 0 && out->count == 0)
        failed = err_set(err, ERR_INPUT, "%s:1:1: the policy has no rule", file);
    if (failed == 0)
        failed = check_decided(&p);
    if (failed < 0)
        policy_free(out);
    return failed;
}

void policy_free(struct policy *p)
{
    free(p->rules);
    *p = (struct policy){0};
}
