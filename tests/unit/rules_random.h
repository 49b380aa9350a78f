/* SPDX-License-Identifier: Apache-2.0 */
/* Random histories through the rules of a source: settings, arrivals, outcomes and durations by a
 * seed, checked against what has to hold for all of them. RULES_SEED=N runs that one alone. */
#pragma once

#include "mapping/mapping.h"

/* Draws a number from 0 to below n. */
uint32_t rules_random_below(uint64_t *seed, uint32_t n);

/* fill makes settings of one history. Fewer histories under a sanitizer. */
void rules_random_run(void (*fill)(uint64_t *seed, struct mapping_settings *out),
                      uint64_t histories);
