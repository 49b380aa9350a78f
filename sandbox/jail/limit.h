/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that a caller may leave out by name where a host cannot enforce them. Everything else
 * that makes a jail is never left out. */
#pragma once

#include "base/err.h"

enum jail_limit {
    JAIL_LIMIT_MEMORY,
    JAIL_LIMIT_CPU,
    JAIL_LIMIT_PIDS, /* processes and threads */
    JAIL_LIMIT_TMP,
    JAIL_LIMIT_SECCOMP,
    JAIL_LIMIT_FREEZE,
    JAIL_LIMIT_COUNT,
};

#define JAIL_WHY_MAX 200

/* Whether a limit is enforced in a jail, and how. */
struct jail_hold {
    const char *mechanism;  /* "cgroup v2"; NULL: it is not enforced */
    char why[JAIL_WHY_MAX]; /* then: what is missing, and what helps */
};

/* The names of --relax, by limit: "memory", "cpu", "pids", "tmp", "seccomp", "freeze". */
extern const char *const limit_names[JAIL_LIMIT_COUNT];

/* What a message says when one is missing: "memory is not limited", ... */
extern const char *const limit_missing[JAIL_LIMIT_COUNT];

/* "memory,cpu" to a set of 1u << limit, added to *set. ERR_INPUT names the word that is none. */
int limit_parse(const char *list, unsigned *set, struct err *err) ATTR_CHECK;

/* The names of a set, "memory,cpu", cut at size. */
void limit_list(unsigned set, char *out, size_t size);
