/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says, read off its lines one by one; and the calls that tell a right filter from a
 * wrong one. */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail/policy.h"

struct policy_model {
    struct policy policy;
    uint32_t arch; /* AUDIT_ARCH_ */
    int *numbers;  /* of each rule, -1: not in this architecture */
};

struct policy_calls {
    struct seccomp_data *data;
    size_t count;
};

/* A call, its first four arguments, what the shipped policy must say: written by hand, so that a
 * wrong line of the policy does not prove itself right. */
struct policy_row {
    const char *name;
    uint64_t args[4];
    uint32_t action;
};
extern const struct policy_row policy_rows[];
extern const size_t policy_rows_count;

/* The shipped policy. False after a failed check. */
bool policy_model_open(struct policy_model *m, const char *path, uint32_t arch);
void policy_model_close(struct policy_model *m);

/* For a policy that was parsed elsewhere: resolves its calls for m->arch. */
bool policy_model_number(struct policy_model *m);

/* The kernel's action word, as the policy's text has it. */
uint32_t policy_model_action(const struct policy_model *m, const struct seccomp_data *data);

/* Every number up to 1023 and some above, with all values around those that a line names. The
 * caller frees data. */
struct policy_calls policy_model_calls(const struct policy_model *m);

/* "allow", "kill" or the error's name. */
const char *policy_action_name(uint32_t action);
