/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the escape probe: attempts by name, and what stays behind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VERB_ARGS_MAX 4

#define ESCAPE_IPC_OWN 0x65736361 /* key of what the probe makes */

struct verb {
    const char *name;
    int args;
    const char *(*run)(char **args); /* the result's text */
};

extern const struct verb file_verbs[], rights_verbs[], net_verbs[];
extern const size_t file_verbs_count, rights_verbs_count, net_verbs_count;

/* What a system call gave: "ok", or the errno's name. */
const char *outcome(long result);

/* escape_stay.c: does what shall not outlast the jail, says "ready" and, mostly, goes on. */
int stay(const char *what);
