/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf_machine.h"

#include <stdint.h>
#include <string.h>

static bool check_jump(const struct sock_filter *s, unsigned left)
{
    switch (BPF_OP(s->code)) {
    case BPF_JA:
        return s->k < left;
    case BPF_JEQ:
    case BPF_JGT:
    case BPF_JGE:
    case BPF_JSET:
        return BPF_SRC(s->code) == BPF_K && s->jt < left && s->jf < left;
    default:
        return false;
    }
}

bool bpf_machine_check(const struct sock_filter *code, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned left = count - i - 1;
        bool load = code[i].code == (BPF_LD | BPF_W | BPF_ABS) &&
                    code[i].k + 4 <= sizeof(struct seccomp_data) && code[i].k % 4 == 0 && left > 0;
        bool jump = BPF_CLASS(code[i].code) == BPF_JMP && check_jump(&code[i], left);
        if (!load && !jump && code[i].code != (BPF_RET | BPF_K))
            return false;
    }
    return count > 0 && count <= BPF_MAXINSNS && BPF_CLASS(code[count - 1].code) == BPF_RET;
}

static bool taken(const struct sock_filter *s, uint32_t a)
{
    switch (BPF_OP(s->code)) {
    case BPF_JEQ:
        return a == s->k;
    case BPF_JGT:
        return a > s->k;
    case BPF_JGE:
        return a >= s->k;
    default:
        return a & s->k;
    }
}

uint32_t bpf_machine_run(const struct sock_filter *code, const struct seccomp_data *data,
                         unsigned *out_steps)
{
    uint32_t a = 0;
    *out_steps = 0;
    for (const struct sock_filter *s = code;; s++) {
        ++*out_steps;
        if (BPF_CLASS(s->code) == BPF_RET)
            return s->k;
        if (BPF_CLASS(s->code) == BPF_LD)
            memcpy(&a, (const char *)data + s->k, sizeof a);
        else if (BPF_OP(s->code) == BPF_JA)
            s += s->k;
        else
            s += taken(s, a) ? s->jt : s->jf;
    }
}
