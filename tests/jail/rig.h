/* SPDX-License-Identifier: Apache-2.0 */
/* What the jail's tests share: a jail with its own cache folder, runs of the probe inside, and a
 * look at what a jail has left on the host. */
#pragma once

#include <stdbool.h>

#include "check.h"
#include "jail/jail.h"

#define RIG_OUTPUT_MAX  262144
#define RIG_PATIENCE_MS 180000 /* nothing is expected to last so long */
#define RIG_ARGS_MAX    16

struct rig {
    char folder[64]; /* private, on a disk; cache is below */
    char cache[80];
    struct jail_spec spec;
    struct jail *jail;
    struct jail_io io;
    struct jail_exit exit;
    char output[RIG_OUTPUT_MAX]; /* stdout and stderr of the last run */
    size_t output_len;
};

/* A spec with small limits and the probe at /var/task/probe; for an ordinary user memory and CPU
 * are relaxed. False after a failed check. */
bool rig_init(struct rig *r);

/* A file of the build: where it was built, or of the same name in $JAIL_TEST_FILES, a folder that
 * an ordinary user may enter. */
const char *rig_file(const char *built);

/* Opens the jail; false after a failed check. */
bool rig_open(struct rig *r);

/* The same; false also, with a note, when no control group enforces the limit. */
bool rig_open_with_group(struct rig *r, enum jail_limit limit);

/* Whether the program's processes are the caller's own to the host. */
bool rig_has_own_id(const struct rig *r);

/* Starts the probe with arguments (up to a NULL). */
bool rig_start(struct rig *r, ...);

/* Collects output until it has text (NULL: until the program ends). False when it never came. */
bool rig_wait_output(struct rig *r, const char *text);

/* Waits for the end of the program and fills r->exit. */
bool rig_finish(struct rig *r);

/* rig_start and rig_finish. */
bool rig_run(struct rig *r, ...);

/* Closes the jail, checks that nothing of it is left, removes the folder. */
void rig_close(struct rig *r);

/* Removes the folder only. */
void rig_remove(struct rig *r);

/* Counts what a jail of this slot (SLOT_COUNT: any), process and cache folder has left: processes,
 * control groups, loop devices. Waits a moment for what the kernel clears on its own. */
int rig_count_left(unsigned slot, int pid, const char *cache);

int64_t rig_now_ms(void);
