/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/assemble.h"

#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "jail/filter.h"
#include "jail/policy.h"

/* The program: the architecture, then a tree of comparisons with the call's number, whose leaves
 * are runs of calls with one answer, or the tests of one call:
 *
 *   arch == ours? -- no --> kill
 *   nr >= 120? -- yes --> nr >= 300? ...
 *      | no
 *   nr >= 41? ... --> test, else next line's test, else answer
 *
 * An unknown call looks like one of an older kernel: C libraries know what to do then. So do calls
 * of x32, whose numbers have bit 30: no distribution's kernel has them. Another architecture (int
 * 0x80, 32-bit programs) has other numbers for everything, and dies. */
#define UNKNOWN_ACTION (SECCOMP_RET_ERRNO | ENOSYS)
#define FOREIGN_ACTION SECCOMP_RET_KILL_PROCESS

/* Where a test's jumps go until it is known how far that is. A line has at most 20 instructions. */
#define TO_LINE_END 255
#define TO_TEST_END 254

struct call {
    uint32_t number;
    const struct policy_rule *rule;
};

/* Calls from this number to that of the next run. */
struct run {
    uint32_t first;
    uint32_t action;
    const struct call *calls; /* that have tests, or NULL */
    size_t count;
};

struct assembler {
    const char *file;
    struct sock_filter *code;
    size_t count; /* BPF_MAXINSNS + 1: too long */
    struct run *runs;
    size_t nruns;
};

static uint32_t action(const struct policy_rule *rule)
{
    if (rule->verdict == POLICY_ALLOW)
        return SECCOMP_RET_ALLOW;
    return rule->verdict == POLICY_KILL ? SECCOMP_RET_KILL_PROCESS
                                        : SECCOMP_RET_ERRNO | (uint32_t)rule->error;
}

static int by_number_and_line(const void *left, const void *right)
{
    const struct call *l = left, *r = right;
    if (l->number != r->number)
        return l->number < r->number ? -1 : 1;
    return l->rule < r->rule ? -1 : l->rule > r->rule;
}

/* Gives -1 for a call of another architecture. */
static int resolve(const char *file, const struct policy_rule *rule, uint32_t arch, int *out,
                   struct err *err)
{
    int number = seccomp_syscall_resolve_name_arch(arch, rule->name);
    if (number == __NR_SCMP_ERROR && rule->number < 0)
        return err_set(err, ERR_INPUT, "%s:%u:%u: unknown system call '%s' (write NAME/NUMBER)",
                       file, rule->line, rule->column, rule->name);
    if (number >= 0 && rule->number >= 0 && number != rule->number)
        return err_set(err, ERR_INPUT, "%s:%u:%u: system call '%s' has the number %d, not %d", file,
                       rule->line, rule->column, rule->name, number, rule->number);
    *out = number == __NR_SCMP_ERROR ? rule->number : number < 0 ? -1 : number;
    return 0;
}

static void add_run(struct assembler *a, struct run run)
{
    struct run *last = a->nruns ? &a->runs[a->nruns - 1] : NULL;
    if (last && !last->calls && !run.calls && last->action == run.action)
        return;
    a->runs[a->nruns++] = run;
}

/* Every number belongs to one run; neighbours with the same answer share it. */
static void make_runs(struct assembler *a, const struct call *calls, size_t count)
{
    uint32_t next = 0;
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && calls[i + n].number == calls[i].number; n++)
            ;
        if (calls[i].number > next)
            add_run(a, (struct run){.first = next, .action = UNKNOWN_ACTION});
        bool tests = calls[i].rule->ntests > 0;
        add_run(a, (struct run){.first = calls[i].number,
                                .action = action(calls[i].rule),
                                .calls = tests ? &calls[i] : NULL,
                                .count = n});
        next = calls[i].number + 1;
    }
    add_run(a, (struct run){.first = next, .action = UNKNOWN_ACTION});
}

static void emit(struct assembler *a, uint16_t op, uint32_t k, size_t yes, size_t no)
{
    if (a->count < BPF_MAXINSNS)
        a->code[a->count] = (struct sock_filter){op, (uint8_t)yes, (uint8_t)no, k};
    if (a->count <= BPF_MAXINSNS)
        a->count++;
}

static void emit_load(struct assembler *a, size_t offset)
{
    emit(a, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_jump(struct assembler *a, uint16_t how, uint32_t k, size_t yes, size_t no)
{
    emit(a, BPF_JMP | BPF_K | how, k, yes, no);
}

static void emit_answer(struct assembler *a, uint32_t value)
{
    emit(a, BPF_RET | BPF_K, value, 0, 0);
}

/* The jumps from here on that wait for this place. */
static void land(struct assembler *a, size_t from, uint8_t waiting)
{
    for (size_t i = from; i < a->count && i < BPF_MAXINSNS; i++) {
        struct sock_filter *s = &a->code[i];
        if (BPF_CLASS(s->code) != BPF_JMP)
            continue;
        assert(a->count - i - 1 < TO_TEST_END);
        s->jt = s->jt == waiting ? (uint8_t)(a->count - i - 1) : s->jt;
        s->jf = s->jf == waiting ? (uint8_t)(a->count - i - 1) : s->jf;
    }
}

/* What the upper half already decides; falls through where the lower one has to. */
static void emit_upper(struct assembler *a, const struct policy_test *t)
{
    uint32_t k = (uint32_t)(t->a >> 32);
    bool mask = t->word == POLICY_ANY || t->word == POLICY_NONE;
    if (t->low || (mask && k == 0))
        return;
    emit_load(a, offsetof(struct seccomp_data, args) + t->arg * 8 + 4);
    if (mask) {
        emit_jump(a, BPF_JSET, k, t->word == POLICY_ANY ? TO_TEST_END : TO_LINE_END, 0);
        return;
    }
    if (t->word == POLICY_ABOVE)
        emit_jump(a, BPF_JGT, k, TO_TEST_END, 0);
    emit_jump(a, BPF_JEQ, k, 0, TO_LINE_END);
}

static void emit_lower(struct assembler *a, const struct policy_test *t)
{
    static const uint16_t how[] = {[POLICY_EQUAL] = BPF_JEQ,
                                   [POLICY_ABOVE] = BPF_JGT,
                                   [POLICY_IN] = BPF_JGE,
                                   [POLICY_ANY] = BPF_JSET,
                                   [POLICY_NONE] = BPF_JSET};
    bool not = t->word == POLICY_NONE;
    emit_load(a, offsetof(struct seccomp_data, args) + t->arg * 8);
    emit_jump(a, how[t->word], (uint32_t)t->a, not ? TO_LINE_END : 0, not ? 0 : TO_LINE_END);
    if (t->word == POLICY_IN)
        emit_jump(a, BPF_JGT, (uint32_t)t->b, TO_LINE_END, 0);
}

static void emit_line(struct assembler *a, const struct policy_rule *rule)
{
    size_t line = a->count;
    for (unsigned i = 0; i < rule->ntests; i++) {
        size_t test = a->count;
        emit_upper(a, &rule->tests[i]);
        emit_lower(a, &rule->tests[i]);
        land(a, test, TO_TEST_END);
    }
    emit_answer(a, action(rule));
    land(a, line, TO_LINE_END);
}

static void emit_run(struct assembler *a, const struct run *run)
{
    if (!run->calls) {
        emit_answer(a, run->action);
        return;
    }
    assert(run->calls[run->count - 1].rule->ntests ==
           0); /* else it would go on into the next run */
    for (size_t i = 0; i < run->count; i++)
        emit_line(a, run->calls[i].rule);
}

/* A conditional jump reaches 255 instructions; for more it hops over an unconditional one. */
static void emit_tree(struct assembler *a, const struct run *runs, size_t count)
{
    if (count == 1) {
        emit_run(a, runs);
        return;
    }
    size_t half = count / 2, at = a->count;
    emit_jump(a, BPF_JGE, runs[half].first, 0, 0);
    emit_tree(a, runs, half);
    size_t far = a->count - at - 1;
    if (far > UINT8_MAX) {
        a->count = at;
        emit_jump(a, BPF_JGE, runs[half].first, 0, 1);
        emit_jump(a, BPF_JA, 0, 0, 0);
        emit_tree(a, runs, half);
        if (at + 1 < BPF_MAXINSNS)
            a->code[at + 1].k = (uint32_t)(a->count - at - 2);
    } else if (at < BPF_MAXINSNS) {
        a->code[at].jt = (uint8_t)far;
    }
    emit_tree(a, runs + half, count - half);
}

static int emit_program(struct assembler *a, uint32_t arch, struct err *err)
{
    emit_load(a, offsetof(struct seccomp_data, arch));
    emit_jump(a, BPF_JEQ, arch, 1, 0);
    emit_answer(a, FOREIGN_ACTION);
    emit_load(a, offsetof(struct seccomp_data, nr));
    emit_tree(a, a->runs, a->nruns);
    if (a->count <= BPF_MAXINSNS)
        return 0;
    return err_set(err, ERR_LIMIT, "%s: the kernel takes filters of at most %d instructions",
                   a->file, BPF_MAXINSNS);
}

int assemble_policy(const char *file, const struct policy *policy, uint32_t arch,
                    struct filter *out, struct err *err)
{
    AUTO_FREE struct call *calls = calloc(policy->count, sizeof *calls);
    /* each call has a run, and at most one before it; one follows them all */
    AUTO_FREE struct run *runs = calloc(policy->count * 2 + 1, sizeof *runs);
    AUTO_FREE struct sock_filter *code = calloc(BPF_MAXINSNS, sizeof *code);
    struct assembler a = {.file = file, .code = code, .runs = runs};
    size_t count = 0;
    if (!calls || !runs || !code)
        return err_set(err, ERR_MEMORY, "no memory for the filter");
    for (size_t i = 0; i < policy->count; i++) {
        int number = -1;
        if (resolve(file, &policy->rules[i], arch, &number, err) < 0)
            return -1;
        if (number >= 0)
            calls[count++] = (struct call){(uint32_t)number, &policy->rules[i]};
    }
    qsort(calls, count, sizeof *calls, by_number_and_line);
    make_runs(&a, calls, count);
    if (emit_program(&a, arch, err) < 0)
        return -1;
    out->count = (unsigned short)a.count;
    out->code = TAKE(code);
    return 0;
}
