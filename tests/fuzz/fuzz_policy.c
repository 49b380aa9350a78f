/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a policy: no crash; what is read has a program that the kernel takes, and that
 * program answers as the lines say. The input is the text; its last bytes also make the arguments.
 */
#include <linux/audit.h>
#include <string.h>

#include "bpf_machine.h"
#include "fuzz.h"
#include "jail/assemble.h"
#include "jail/filter.h"
#include "policy_model.h"

#define TRIES 64

/* A value that some line compares with, or close to one. */
static uint64_t pick(const struct policy *p, const uint8_t *data, size_t size, unsigned salt)
{
    uint64_t noise = 0x9e3779b97f4a7c15u * (salt + 1);
    for (size_t i = size > 8 ? size - 8 : 0; i < size; i++)
        noise = (noise ^ data[i]) * 0x100000001b3u;
    const struct policy_rule *rule = &p->rules[noise % p->count];
    const struct policy_test *test = &rule->tests[rule->ntests ? noise / 7 % rule->ntests : 0];
    uint64_t value = noise / 11 % 2 ? test->a : test->b;
    static const uint64_t change[] = {0, 1, UINT64_MAX, 1ull << 32, 1ull << 63};
    value += change[noise / 13 % ARRAY_LEN(change)];
    return noise / 17 % 8 ? value : noise;
}

static void compare(const struct policy_model *m, const struct filter *f, const uint8_t *data,
                    size_t size)
{
    for (unsigned t = 0; t < TRIES; t++) {
        size_t rule = t * 31u % m->policy.count;
        struct seccomp_data d = {.nr = m->numbers[rule] + (t % 8 == 0), .arch = m->arch};
        unsigned steps;
        for (unsigned i = 0; i < POLICY_ARGS_MAX; i++)
            d.args[i] = pick(&m->policy, data, size, t * 6 + i);
        FUZZ_CHECK(bpf_machine_run(f->code, &d, &steps) == policy_model_action(m, &d));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t machines[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64};
    struct policy_model m = {0};
    struct err err = {0};
    if (policy_parse("fuzz", (const char *)data, size, &m.policy, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_INPUT && memcmp(err.msg, "fuzz:", 5) == 0);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        struct filter f = {0};
        m.arch = machines[i];
        FUZZ_CHECK(policy_model_number(&m));
        if (assemble_policy("fuzz", &m.policy, m.arch, &f, &err) == 0) {
            FUZZ_CHECK(bpf_machine_check(f.code, f.count));
            compare(&m, &f, data, size);
        }
        free(f.code);
    }
    policy_model_close(&m);
    return 0;
}
