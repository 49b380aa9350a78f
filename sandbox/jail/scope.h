/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a jail that shares the host's network away from the host's abstract Unix sockets (desktop
 * bus, X server, ...), by a Landlock scope: Linux 6.12. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Whether this kernel can. */
bool scope_is_there(void);

/* For the calling process and all that come of it. After no_new_privs. */
int scope_enter_child(struct err *err) ATTR_CHECK;
