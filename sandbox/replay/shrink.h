/* SPDX-License-Identifier: Apache-2.0 */
/* From a round that fails to the smallest trace and faults that do, and the command that repeats
 * it. */
#pragma once

#include "replay/found.h"

/* Looks for the smallest, writes it, makes sure that its command fails, too, and tells all that in
 * the tally. -1 with ERR_CLOSED: interrupted, the round itself has been told. */
int replay_shrink(struct replay *r, struct chaos_found *found, struct err *err) ATTR_CHECK;
