/* SPDX-License-Identifier: Apache-2.0 */
/* Why a kernel refuses a step of building a jail, told by its errno and the settings of this host:
 * names the setting and what sets it. */
#pragma once

#include <stddef.h>

enum examine_cause_kind {
    EXAMINE_CAUSE_USER, /* a new user namespace */
    EXAMINE_CAUSE_IDS,  /* a map of ids */
    EXAMINE_CAUSE_PROC, /* a mount of /proc */
    EXAMINE_CAUSE_ROOT, /* pivot_root */
    EXAMINE_CAUSE_OTHER,
};

/* quota: the kernel's number of namespaces of this kind, "max_net_namespaces", or NULL. */
void examine_explain(enum examine_cause_kind kind, const char *quota, int error, char *out,
                     size_t size);
