/* SPDX-License-Identifier: Apache-2.0 */
/* An internal extension that does nothing. Lambda announces the end of an environment (SIGTERM)
 * only where an extension is registered; elsewhere the process is killed without a word. */
#pragma once

#include "base/err.h"
#include "rapi/rapi.h"

#define EXTENSION_ID_MAX 128 /* bytes of the identifier that Lambda gives; a UUID has 36 */

/* Registers under this name for no event, and asks for the next one, as every extension must, on a
 * connection of its own: what is sent is never waited for, since no event ever comes. Must be done
 * before the first rapi_next. c ends with the process, or with conn_close. -1:
 * not registered; SIGTERM may come all the same, and everything else goes on as without. */
int extension_open(struct conn *c, struct rapi *r, const char *name, struct err *err) ATTR_CHECK;
