/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the examining program in a jail: what it prints, how it ends, all with a deadline. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "jail/jail.h"

#define EXAMINE_PROGRAM     "/var/task/examine" /* inside */
#define EXAMINE_OUTPUT_MAX  8192
#define EXAMINE_NONE        UINT64_MAX
#define EXAMINE_PATIENCE_MS 30000 /* a machine that is emulated, and busy, takes seconds */

struct examine_run {
    struct jail *jail;
    struct jail_io io;
    int stop_fd;
    bool oom; /* the kernel, or jail_sample, killed something for memory */
    char output[EXAMINE_OUTPUT_MAX];
    size_t len;
};

/* Starts the program with arguments (up to a NULL). -1: no jail can be built, or ERR_INPUT when the
 * program is missing. */
int examine_run_start(struct examine_run *r, struct jail *jail, int stop_fd,
                      const char *const *arguments, struct err *err) ATTR_CHECK;

/* Collects output until the program has ended. -1: ERR_LIMIT after EXAMINE_PATIENCE_MS, ERR_CLOSED
 * when stop_fd became readable. */
int examine_run_finish(struct examine_run *r, struct err *err) ATTR_CHECK;

/* Collects output for so long. True when there was any. */
bool examine_run_listen(struct examine_run *r, int ms);

/* Forgets what the pipes hold. */
void examine_run_drain(struct examine_run *r);

/* The number behind a word of the output, or EXAMINE_NONE. */
uint64_t examine_run_number(const struct examine_run *r, const char *word);

/* Kills what runs and closes the pipes. Safe to call twice. */
void examine_run_end(struct examine_run *r);
