/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps this thread, and what it starts from then on, on one CPU: what is measured side by side is
 * measured on the same one. A host that refuses is left as it is. */
#pragma once

#include <sched.h>

struct pin {
    cpu_set_t allowed; /* before */
    int count;         /* of these; 0: not known */
};

void pin_init(struct pin *p);

/* The CPU number n of the allowed ones, counted round and round. */
void pin_take(const struct pin *p, unsigned n);

/* As before. */
void pin_release(const struct pin *p);
