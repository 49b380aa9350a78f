/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a jail hold on this host: opens one with all limits relaxed, asks it by which
 * mechanism each is enforced, and has a program inside (examine_inside.c) prove it. Where no jail
 * can be built, finds out which step is refused, and by which setting. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "jail/limit.h"
#include "jail/spec.h"

/* The first ones are the limits of jail/limit.h. */
enum examine_item {
    EXAMINE_USER = JAIL_LIMIT_COUNT, /* another user than the host's, in a user namespace */
    EXAMINE_ROOT,                    /* a read-only root of its own */
    EXAMINE_PROCESSES,               /* no other processes in sight */
    EXAMINE_FILES,                   /* open files */
    EXAMINE_RIGHTS,                  /* no capabilities, none to get */
    EXAMINE_NETWORK,                 /* JAIL_NETWORK_NONE */
    EXAMINE_METADATA,                /* with the host's network: no link-local addresses */
    EXAMINE_SOCKETS,                 /* with the host's network: no abstract Unix sockets */
    EXAMINE_OWNERS,                  /* the host's files are root's */
    EXAMINE_COUNT,
};

#define EXAMINE_MECHANISM_MAX 160

struct examine_finding {
    bool holds;
    char mechanism[EXAMINE_MECHANISM_MAX]; /* empty: none */
    char why[ERR_MSG_MAX]; /* when it does not hold: what was seen, what helps; else a remark */
};

struct examine_options {
    struct jail_spec spec;    /* what is to be examined; sizes are made smaller, all is relaxed */
    const char *program_path; /* the program that runs inside */
    int stop_fd;              /* readable: give up; -1: none */
};

/* Tells a finding for each item. What this host cannot do is a finding, no failure; -1 is
 * ERR_CLOSED (stopped), ERR_INPUT (a file of the installation is missing) or ERR_MEMORY. Leaves
 * nothing behind. */
int examine_host(const struct examine_options *o, struct examine_finding out[static EXAMINE_COUNT],
                 struct err *err) ATTR_CHECK;
