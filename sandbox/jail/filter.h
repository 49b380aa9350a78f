/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filter: a policy file (policy.h), compiled and cached. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct filter {
    struct sock_filter *code;
    unsigned short count;
};

/* Takes the compiled policy from the cache folder, else compiles it and puts it there; works
 * without a folder (cache_fd < 0) and with a broken one. ERR_INPUT: the policy is wrong, with line
 * and column. */
int filter_open(struct filter *f, const char *policy_path, int cache_fd,
                struct err *err) ATTR_CHECK;
void filter_close(struct filter *f);

/* Whether the kernel takes filters. */
bool filter_is_possible(void);

/* Puts the calling process, and all that come of it, under the filter for good. */
int filter_load_child(const struct filter *f, struct err *err) ATTR_CHECK;
