/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices that free themselves when nobody holds them. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define LOOP_NAME_MAX 32

/* Whether this host lets the caller bind one; else says what is missing. */
bool loop_is_there(struct err *err) ATTR_CHECK;

/* Binds an image to a free device, whose path is written to name. The device goes with the last
 * descriptor and mount. -1 with ERR_HOST where loop devices are missing. Needs Linux 5.8. */
int loop_open(int image_fd, char name[LOOP_NAME_MAX], struct err *err) ATTR_CHECK;
