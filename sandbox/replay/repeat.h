/* SPDX-License-Identifier: Apache-2.0 */
/* What a command that does something again leaves out of the one that did it first. The one list of
 * options that write files, among others. */
#pragma once

#include <stddef.h>

enum {
    REPEAT_WRITES = 1 << 0, /* files that a repetition must not replace or add to */
    REPEAT_ROUND = 1 << 1,  /* what a single round says itself, or has no use for */
    REPEAT_TRACE = 1 << 2,  /* what belongs to the traces, when it names another one */
};

/* How many words, from this one on, are an option of these kinds with its value; 0: it is none. */
int repeat_skip(const char *word, unsigned kinds);
