/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS  5
#define LINE_MAX 1024
#define ARGS_MAX 6

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
    {"EPERM", EPERM},   {"EACCES", EACCES}, {"EINVAL", EINVAL},
    {"ENOSYS", ENOSYS}, {"ENODEV", ENODEV}, {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"ENOENT", ENOENT}, {"EAGAIN", EAGAIN}, {"EOPNOTSUPP", EOPNOTSUPP},
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
    const char *word;
    enum policy_test test;
} tests[] = {
    {"==", POLICY_EQUAL}, {">", POLICY_ABOVE},   {"in", POLICY_IN},
    {"any", POLICY_ANY},  {"none", POLICY_NONE},
};

/* "A..B" */
static int parse_range(struct parser *p, char *text, struct policy_rule *rule)
{
    char *dots = strstr(text, "..");
    if (!dots)
        return fail(p, text, "a range is FIRST..LAST, not", text);
    *dots = 0;
    if (!parse_number(text, &rule->a) || !parse_number(dots + 2, &rule->b) || rule->b < rule->a ||
        rule->b - rule->a >= POLICY_RANGE_MAX)
        return fail(p, text, "a range must have up to 64 numbers, from", text);
    return 0;
}

static int parse_test(struct parser *p, char *text, struct policy_rule *rule)
{
    rule->test = POLICY_ALWAYS;
    if (!*text)
        return 0;
    char *save = NULL;
    char *arg = strtok_r(text, " \t", &save), *word = strtok_r(NULL, " \t", &save);
    char *value = strtok_r(NULL, " \t", &save), *more = strtok_r(NULL, " \t", &save);
    if (strncmp(arg, "arg", 3) != 0 || arg[3] < '0' || arg[3] >= '0' + ARGS_MAX || arg[4])
        return fail(p, arg, "a test starts with arg0 to arg5, not", arg);
    rule->arg = (unsigned)(arg[3] - '0');
    if (!word || !value || more)
        return fail(p, more ? more : arg, "a test is 'argN WORD NUMBER', not", more ? more : arg);
    size_t i = 0;
    while (i < ARRAY_LEN(tests) && strcmp(tests[i].word, word) != 0)
        i++;
    if (i == ARRAY_LEN(tests))
        return fail(p, word, "a test compares by ==, >, in, any or none, not", word);
    rule->test = tests[i].test;
    if (rule->test == POLICY_IN)
        return parse_range(p, value, rule);
    if (!parse_number(value, &rule->a))
        return fail(p, value, "not a number:", value);
    bool mask = rule->test == POLICY_ANY || rule->test == POLICY_NONE;
    return mask && rule->a == 0 ? fail(p, value, "a mask has no bit:", value) : 0;
}

static bool is_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len > 0 && len < POLICY_NAME_MAX && !text[len] && !isdigit((unsigned char)*text);
}

/* A call has either one rule for all arguments or several with tests. */
static int check_twice(struct parser *p, const char *at, const struct policy_rule *rule)
{
    for (size_t i = 0; i < p->out->count; i++) {
        const struct policy_rule *other = &p->out->rules[i];
        bool always = rule->test == POLICY_ALWAYS || other->test == POLICY_ALWAYS;
        if (always && strcmp(other->name, rule->name) == 0)
            return fail(p, at, "there is a rule already for", rule->name);
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
    if (check_twice(p, name, &rule) < 0)
        return -1;
    p->out->rules[p->out->count++] = rule;
    return 0;
}

static int parse_columns(struct parser *p, char *columns[COLUMNS])
{
    struct policy_rule rule = {.number = -1};
    if (parse_test(p, columns[1], &rule) < 0 || parse_verdict(p, columns[2], &rule) < 0)
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
    if (failed < 0)
        policy_free(out);
    return failed;
}

void policy_free(struct policy *p)
{
    free(p->rules);
    *p = (struct policy){0};
}

size_t policy_expand(const struct policy_rule *rule, struct policy_rule out[POLICY_RANGE_MAX])
{
    size_t n = 0;
    if (rule->test == POLICY_IN) {
        for (; n < POLICY_RANGE_MAX && n <= rule->b - rule->a; n++) {
            out[n] = *rule;
            out[n].test = POLICY_EQUAL;
            out[n].a = rule->a + n;
        }
        return n;
    }
    if (rule->test != POLICY_ANY) {
        out[0] = *rule;
        return 1;
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!(rule->a >> bit & 1))
            continue;
        out[n] = *rule;
        out[n++].a = 1ull << bit;
    }
    return n;
}
