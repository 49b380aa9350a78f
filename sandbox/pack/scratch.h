/* SPDX-License-Identifier: Apache-2.0 */
/* Where a zip is unpacked for one run, without a cache: $TMPDIR, /var/tmp or /tmp. The folders
 * there are made by store_begin, and store_sweep removes those of dead processes; nothing else of
 * these places is touched. */
#pragma once

#include "pack/store.h"

/* The first of them that we may write to and run programs from. -1 with ERR_HOST naming all when
 * there is none. store_close it. */
int scratch_open(struct store *s, struct err *err) ATTR_CHECK;
