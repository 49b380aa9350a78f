/* SPDX-License-Identifier: Apache-2.0 */
/* Where the state of running jails lies. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* /run/clambda for root; else clambda below $XDG_RUNTIME_DIR or /run/user/UID; where these are
 * missing or cannot be written, /tmp/clambda-UID. */
int places_slots(char *out, size_t size, struct err *err) ATTR_CHECK;
