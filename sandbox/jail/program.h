/* SPDX-License-Identifier: Apache-2.0 */
/* The program: its arguments, and the jail's second process up to its exec. */
#pragma once

#include "jail/build.h"

#define PROGRAM_STRINGS_MAX 8192
#define PROGRAM_BYTES_MAX   (2u * 1024 * 1024)

/* A copy in one block, which the caller frees: the original may lie in the caller's command line,
 * which the jail's first process overwrites. ERR_LIMIT when it is too big to be run. */
struct jail_program *program_copy_host(const struct jail_program *program,
                                       struct err *err) ATTR_CHECK;

_Noreturn void program_main(struct build *b);
