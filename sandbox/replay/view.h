/* SPDX-License-Identifier: Apache-2.0 */
/* How far a replay is: one line on a terminal's stderr that is written over, nothing anywhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay_view {
    bool on;
    int64_t began_us, shown_us;
    size_t width; /* of what stands there */
};

struct replay_progress {
    size_t done, differing;
    uint64_t read, total; /* bytes; total 0: not known */
};

void replay_view_begin(struct replay_view *v);

/* At most ten times a second. */
void replay_view_show(struct replay_view *v, const struct replay_progress *p);

/* The same with a line of the caller's own, part of it done (below 0: nobody knows). */
void replay_view_tell(struct replay_view *v, double part, const char *text);

/* Before anything else is written there, and at the end. */
void replay_view_clear(struct replay_view *v);
