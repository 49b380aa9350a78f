/* SPDX-License-Identifier: Apache-2.0 */
/* What the examining program has told, judged: does each part of the jail hold? Pure but for a look
 * at this kernel's abilities. */
#pragma once

#include <stdint.h>

#include "jail/examine.h"
#include "jail/examine_run.h"

/* "it is there, but": holds becomes false, the mechanism stays. */
void examine_refute(struct examine_finding *f, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* The run "look": all that needs no watching from outside. Where the jail has a limit of this list,
 * its mechanism is set already. */
void examine_judge_look(const struct examine_run *r, const struct jail_spec *spec,
                        struct examine_finding out[static EXAMINE_COUNT]);

/* The run "eat", of more memory than allowed. */
void examine_judge_eat(const struct examine_run *r, struct examine_finding *f);

/* The run "spin"; whether it was slow enough for a share. */
bool examine_judge_spin(const struct examine_run *r, unsigned permille, struct examine_finding *f);
