/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's first process: builds the jail around itself, starts the program, reaps. */
#pragma once

#include "jail/build.h"

/* Runs in the cloned child with all signals blocked. */
_Noreturn void init_main_child(struct build *b);
