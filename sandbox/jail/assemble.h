/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the kernel's filter program of a policy. Pure, and for any of the known architectures. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct filter;
struct policy;

/* Of the program that is made; a cached one of another number is not used. */
#define ASSEMBLE_VERSION 1

/* Fills the filter, which the caller closes. arch is an AUDIT_ARCH_ number of linux/audit.h; calls
 * that this architecture does not have are left out. ERR_INPUT: a name that nothing knows, with
 * file, line and column. */
int assemble_policy(const char *file, const struct policy *policy, uint32_t arch,
                    struct filter *out, struct err *err) ATTR_CHECK;
