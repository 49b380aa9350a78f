/* SPDX-License-Identifier: Apache-2.0 */
/* One of 1024 numbers, held by a locked file: decides the outer ids, and tells the living from the
 * dead. The file lists what must be removed when its owner was killed. The kernel frees the lock
 * with the process. */
#pragma once

#include "base/err.h"

#define SLOT_COUNT     1024
#define SLOT_FOLDER    "/run/clambda"
#define SLOT_NOTES_MAX 8192 /* bytes of one file */

/* Removes what one line of a dead owner's file names; a line that is already gone is no error. */
typedef int slot_remove_fn(const char *note, struct err *err);

struct slot {
    const char *folder; /* lives longer than the slot */
    int fd;             /* -1: none */
    unsigned index;
};

/* Takes a free slot of the folder, which is made when missing; what a dead owner of it left is
 * removed first. ERR_LIMIT when all are taken.
 */
int slot_take(struct slot *s, const char *folder, slot_remove_fn *remove,
              struct err *err) ATTR_CHECK;

/* Adds a line to the slot's file, before the thing it names is made. */
int slot_note(const struct slot *s, const char *note, struct err *err) ATTR_CHECK;

/* Removes the file: nothing is left to clean. Safe to call twice. */
void slot_give(struct slot *s);

/* Closes the file and keeps it: a sweep will clean up. */
void slot_abandon(struct slot *s);

/* Cleans up after all dead owners. Gives their number; -1 when something could not be removed. */
int slot_sweep(const char *folder, slot_remove_fn *remove, struct err *err) ATTR_CHECK;
