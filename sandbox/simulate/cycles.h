/* SPDX-License-Identifier: Apache-2.0 */
/* Retries that go on for days are the same entries again and again: finds them, so that people read
 * them once. Pure. */
#pragma once

#include "simulate/history.h"

/* How many times more the entries at `at` come one after the other, alike but for time, numbers and
 * request ids; 0: not often enough to be worth saying. out_period: entries of one time. */
size_t cycles_find(const struct history *h, size_t at, size_t *out_period);
