/* SPDX-License-Identifier: Apache-2.0 */
/* What this host and this caller can do decides by which mechanism each limit holds. */
#pragma once

#include "jail/build.h"

/* Reserves what outlives a spawn and fills the jail's holds. On failure, what was reserved stays
 * for jail_close. */
int plan_make_host(struct build *b, struct err *err) ATTR_CHECK;
