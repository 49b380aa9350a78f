/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function whenever a descriptor is readable. Each watch is a heap block that the loop
 * frees, so that its owner may forget it at once. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct uv_loop_s;
struct watch;

/* fd is taken over when owned, also on failure. NULL with ERR_SYSTEM or ERR_MEMORY. */
struct watch *watch_open(struct uv_loop_s *loop, int fd, bool owned, void (*ready)(void *cls),
                         void *cls, struct err *err) ATTR_CHECK;

int watch_fd(const struct watch *w);

/* No call of ready comes any more; an owned fd is closed. Accepts NULL. */
void watch_close(struct watch *w);
