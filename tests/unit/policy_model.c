/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_model.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>

#include "check.h"

#define NUMBERS_MAX 1024
#define VALUES_MAX  1024
#define X32_BIT     0x40000000u

struct values {
    uint64_t list[VALUES_MAX];
    size_t count;
};

bool policy_model_number(struct policy_model *m)
{
    int *numbers = realloc(m->numbers, (m->policy.count + 1) * sizeof *numbers);
    if (!numbers)
        return false;
    m->numbers = numbers;
    for (size_t i = 0; i < m->policy.count; i++) {
        int number = seccomp_syscall_resolve_name_arch(m->arch, m->policy.rules[i].name);
        if (number == __NR_SCMP_ERROR)
            number = m->policy.rules[i].number;
        numbers[i] = number < 0 ? -1 : number;
    }
    return true;
}

bool policy_model_open(struct policy_model *m, const char *path, uint32_t arch)
{
    struct err err = {0};
    AUTO_FREE char *text = malloc(POLICY_BYTES_MAX);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 || !text ? -1 : read(fd, text, POLICY_BYTES_MAX);
    *m = (struct policy_model){.arch = arch};
    if (len < 0 || policy_parse(path, text, (size_t)len, &m->policy, &err) < 0) {
        check_report(__FILE__, __LINE__, len < 0 ? path : err.msg);
        return false;
    }
    return policy_model_number(m);
}

void policy_model_close(struct policy_model *m)
{
    policy_free(&m->policy);
    free(m->numbers);
    *m = (struct policy_model){0};
}

static bool holds(const struct policy_test *t, const struct seccomp_data *data)
{
    uint64_t v = t->low ? (uint32_t)data->args[t->arg] : data->args[t->arg];
    return (t->word == POLICY_EQUAL && v == t->a) || (t->word == POLICY_ABOVE && v > t->a) ||
           (t->word == POLICY_IN && v >= t->a && v <= t->b) ||
           (t->word == POLICY_ANY && (v & t->a)) || (t->word == POLICY_NONE && !(v & t->a));
}

uint32_t policy_model_action(const struct policy_model *m, const struct seccomp_data *data)
{
    if (data->arch != m->arch)
        return SECCOMP_RET_KILL_PROCESS;
    for (size_t i = 0; i < m->policy.count; i++) {
        const struct policy_rule *rule = &m->policy.rules[i];
        bool all = m->numbers[i] >= 0 && m->numbers[i] == data->nr;
        for (unsigned k = 0; all && k < rule->ntests; k++)
            all = holds(&rule->tests[k], data);
        if (all)
            return rule->verdict == POLICY_ALLOW  ? SECCOMP_RET_ALLOW
                   : rule->verdict == POLICY_KILL ? SECCOMP_RET_KILL_PROCESS
                                                  : SECCOMP_RET_ERRNO | (uint32_t)rule->error;
    }
    return SECCOMP_RET_ERRNO | ENOSYS;
}

static void add_value(struct values *v, uint64_t value)
{
    const uint64_t around[] = {value, value | 1ull << 32, value | 1ull << 63,
                               (uint64_t)(int64_t)(int32_t)value};
    for (size_t i = 0; i < ARRAY_LEN(around); i++) {
        size_t k = 0;
        while (k < v->count && v->list[k] != around[i])
            k++;
        if (k == v->count && v->count < VALUES_MAX)
            v->list[v->count++] = around[i];
    }
}

/* Around each value that a line compares this argument with. */
static void collect(const struct policy_model *m, int number, unsigned arg, struct values *out)
{
    for (size_t i = 0; i < m->policy.count; i++)
        for (unsigned k = 0; m->numbers[i] == number && k < m->policy.rules[i].ntests; k++) {
            const struct policy_test *t = &m->policy.rules[i].tests[k];
            if (t->arg != arg)
                continue;
            const uint64_t ends[] = {0, UINT64_MAX, t->a, t->a - 1, t->a + 1, t->b, t->b + 1};
            for (size_t e = 0; e < ARRAY_LEN(ends); e++)
                add_value(out, ends[e]);
            bool mask = t->word == POLICY_ANY || t->word == POLICY_NONE;
            for (unsigned bit = 0; mask && bit < 64; bit++)
                add_value(out, 1ull << bit);
        }
    if (out->count == 0)
        out->list[out->count++] = UINT64_MAX;
}

static void add_call(struct policy_calls *c, const struct seccomp_data *data)
{
    if (c->count % 1024 == 0) {
        struct seccomp_data *more = realloc(c->data, (c->count + 1024) * sizeof *more);
        if (!more)
            abort();
        c->data = more;
    }
    c->data[c->count++] = *data;
}

/* All pairs of the values of two arguments; more than two are not compared by the lines of a call.
 */
static void add_number(const struct policy_model *m, int number, struct policy_calls *out)
{
    static struct values values[POLICY_ARGS_MAX];
    unsigned used[2] = {0, 1}, n = 0;
    for (unsigned arg = 0; arg < POLICY_ARGS_MAX; arg++) {
        values[arg].count = 0;
        collect(m, number, arg, &values[arg]);
        if (values[arg].count > 1 && n < 2)
            used[n++] = arg;
        else if (values[arg].count > 1)
            abort();
    }
    if (n == 1)
        used[1] = used[0] == 0;
    for (size_t i = 0; i < values[used[0]].count; i++)
        for (size_t k = 0; k < values[used[1]].count; k++) {
            struct seccomp_data data = {.nr = number, .arch = m->arch};
            memset(data.args, 0xff, sizeof data.args);
            data.args[used[0]] = values[used[0]].list[i];
            data.args[used[1]] = values[used[1]].list[k];
            add_call(out, &data);
        }
}

struct policy_calls policy_model_calls(const struct policy_model *m)
{
    static const uint32_t odd[] = {0xffffffff, 0x7fffffff, 0x80000000, 5000, 65536, X32_BIT | 1023};
    struct policy_calls out = {0};
    for (int number = 0; number < NUMBERS_MAX; number++)
        add_number(m, number, &out);
    for (uint32_t number = 0; number < 600; number++)
        add_number(m, (int)(X32_BIT | number), &out);
    for (size_t i = 0; i < ARRAY_LEN(odd); i++)
        add_number(m, (int)odd[i], &out);
    return out;
}

const char *policy_action_name(uint32_t action)
{
    if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
        return strerrorname_np((int)(action & SECCOMP_RET_DATA));
    return action == SECCOMP_RET_ALLOW ? "allow" : "kill";
}
