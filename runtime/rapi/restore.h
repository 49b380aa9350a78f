/* SPDX-License-Identifier: Apache-2.0 */
/* SnapStart's part of the Runtime API: the request inside of which the snapshot is taken.
 *
 *   init, hooks -> restore_wait |<- snapshot, then hours later, in every copy ->| hooks ->
 * rapi_next
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "rapi/rapi.h"

/* Says that the process is ready for its snapshot and waits, without end, until it is a copy that
 * was restored, or until wake_fd says to stop (*out_stopped). Asked on a connection of its own, and
 * never twice: the platform counts the request. No connection is open behind it, since whatever was
 * there belongs to the process that the snapshot was taken of. -1 is fatal: any status but 200, or
 * the connection was lost. */
int restore_wait(struct rapi *r, bool *out_stopped, struct err *err) ATTR_CHECK;

/* Posts why the copy cannot go on. The process ends afterwards in any case. */
int restore_fail(struct rapi *r, const char *type, const void *body, size_t len,
                 struct err *err) ATTR_CHECK;
