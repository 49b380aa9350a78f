/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a filter program as the kernel does. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* What the kernel checks when a filter is loaded: known instructions, jumps that stay inside, a
 * return at every end. */
bool bpf_machine_check(const struct sock_filter *code, unsigned count);

/* Gives the action word, and how many instructions it took. The program must have been checked. */
uint32_t bpf_machine_run(const struct sock_filter *code, const struct seccomp_data *data,
                         unsigned *out_steps);
