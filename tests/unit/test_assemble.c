/* SPDX-License-Identifier: Apache-2.0 */
/* The filter program of the shipped policy, for both architectures, against what its lines say. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>

#include "bpf_machine.h"
#include "check.h"
#include "jail/assemble.h"
#include "jail/filter.h"
#include "policy_model.h"

/* The kernel runs it before each call that it cannot decide once and for all. */
#define COUNT_MAX 400
#define STEPS_MAX 48

static const struct {
    const char *name;
    uint32_t arch, foreign;
} machines[] = {{"x86_64", AUDIT_ARCH_X86_64, AUDIT_ARCH_I386},
                {"aarch64", AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM}};

static bool assemble(const struct policy_model *m, struct filter *f)
{
    struct err err = {0};
    bool ok = assemble_policy("lambda.policy", &m->policy, m->arch, f, &err) == 0;
    CHECK_STR(err.msg, "");
    CHECK(ok && bpf_machine_check(f->code, f->count));
    return ok;
}

static void check_calls(const struct policy_model *m, const struct filter *f)
{
    struct policy_calls calls = policy_model_calls(m);
    unsigned steps, longest = 0, wrong = 0;
    for (size_t i = 0; i < calls.count; i++) {
        const struct seccomp_data *d = &calls.data[i];
        uint32_t got = bpf_machine_run(f->code, d, &steps), want = policy_model_action(m, d);
        longest = steps > longest ? steps : longest;
        if (got != want && wrong++ < 10)
            printf("# %x(%llx, %llx, %llx) gives %s, not %s\n", d->nr, d->args[0], d->args[1],
                   d->args[2], policy_action_name(got), policy_action_name(want));
    }
    printf("# %zu calls, %u instructions, at most %u steps\n", calls.count, f->count, longest);
    CHECK_INT(wrong, 0);
    CHECK(calls.count > 1700);
    CHECK(f->count <= COUNT_MAX && longest <= STEPS_MAX);
    free(calls.data);
}

static void test_calls(void)
{
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        struct policy_model m;
        struct filter f = {0};
        if (policy_model_open(&m, POLICY_PATH, machines[i].arch) && assemble(&m, &f))
            check_calls(&m, &f);
        filter_close(&f);
        policy_model_close(&m);
    }
}

static void test_rows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        struct policy_model m;
        struct filter f = {0};
        bool ready = policy_model_open(&m, POLICY_PATH, machines[i].arch) && assemble(&m, &f);
        for (size_t r = 0; ready && r < policy_rows_count; r++) {
            const struct policy_row *row = &policy_rows[r];
            int number = seccomp_syscall_resolve_name_arch(m.arch, row->name);
            struct seccomp_data d = {
                .nr = number,
                .arch = m.arch,
                .args = {row->args[0], row->args[1], row->args[2], row->args[3]}};
            unsigned steps;
            uint32_t got = number < 0 ? row->action : bpf_machine_run(f.code, &d, &steps);
            if (got != row->action)
                printf("# %s row %zu, %s: %s, not %s\n", machines[i].name, r, row->name,
                       policy_action_name(got), policy_action_name(row->action));
            CHECK_INT(got, row->action);
        }
        filter_close(&f);
        policy_model_close(&m);
    }
}

/* Whatever the number: another architecture's call is not looked at. */
static void test_foreign(void)
{
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        struct policy_model m;
        struct filter f = {0};
        bool ready = policy_model_open(&m, POLICY_PATH, machines[i].arch) && assemble(&m, &f);
        for (int number = -1; ready && number < 1024; number++) {
            const uint32_t others[] = {machines[i].foreign, machines[!i].arch, 0};
            for (size_t k = 0; k < ARRAY_LEN(others); k++) {
                struct seccomp_data d = {.nr = number, .arch = others[k]};
                unsigned steps;
                CHECK_INT(bpf_machine_run(f.code, &d, &steps), SECCOMP_RET_KILL_PROCESS);
            }
        }
        filter_close(&f);
        policy_model_close(&m);
    }
}

/* Jumps further than a byte; and one program too long. */
static void test_size(void)
{
    static char text[POLICY_BYTES_MAX];
    static const struct {
        int calls, lines, failed;
    } rows[] = {{1, 0, 0},   {2, 1, 0},   {200, 0, 0}, {60, 5, 0},
                {12, 30, 0}, {200, 1, 0}, {24, 40, -1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy_model m = {.arch = AUDIT_ARCH_X86_64};
        struct filter f = {0};
        struct err err = {0};
        size_t used = 0;
        for (int c = 0; c < rows[i].calls; c++) {
            for (int l = 0; l < rows[i].lines; l++)
                used += (size_t)snprintf(text + used, sizeof text - used,
                                         "zz%d/%d|arg0 in %d..%d&arg5 > 0x5%08x|kill|R|x\n", c,
                                         600 + c * 3, l * 9, l * 9 + c % 7, l);
            used += (size_t)snprintf(text + used, sizeof text - used, "zz%d/%d||%s|R|x\n", c,
                                     600 + c * 3, c % 2 ? "allow" : "errno EPERM");
        }
        CHECK_INT(policy_parse("p", text, used, &m.policy, &err), 0);
        CHECK_STR(err.msg, "");
        CHECK(policy_model_number(&m));
        CHECK_INT(assemble_policy("p", &m.policy, m.arch, &f, &err), rows[i].failed);
        unsigned steps;
        for (int n = 590; f.code && n < 2200; n++)
            for (uint64_t v = 0; v < 300; v += 7) {
                struct seccomp_data d = {.nr = n, .arch = m.arch, .args = {v}};
                d.args[5] = (0x500000000 + v / 9) << (v % 3);
                CHECK_INT(bpf_machine_run(f.code, &d, &steps), policy_model_action(&m, &d));
            }
        CHECK(!f.code || bpf_machine_check(f.code, f.count));
        filter_close(&f);
        policy_model_close(&m);
    }
}

static void test_names(void)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"\n  rad | | allow | R | x", "p:2:3: unknown system call 'rad' (write NAME/NUMBER)"},
        {"read/7 | | allow | R | x", "p:1:1: system call 'read' has the number 0, not 7"},
        {"read/0, rad/900 | | allow | R | x", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p;
        struct filter f = {0};
        struct err err = {0};
        CHECK_INT(policy_parse("p", rows[i].text, strlen(rows[i].text), &p, &err), 0);
        CHECK_INT(assemble_policy("p", &p, AUDIT_ARCH_X86_64, &f, &err), *rows[i].error ? -1 : 0);
        CHECK_STR(err.msg, rows[i].error);
        filter_close(&f);
        policy_free(&p);
    }
}

static const struct check_test table[] = {
    {"calls", test_calls}, {"rows", test_rows},   {"foreign", test_foreign},
    {"size", test_size},   {"names", test_names},
};
CHECK_MAIN(table)
