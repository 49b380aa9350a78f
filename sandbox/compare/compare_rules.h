/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules name a place, while a document is walked down from its root. Pure. */
#pragma once

#include <stdint.h>

#include "base/scan.h"
#include "compare/compare.h"

/* Of a place: the rules that name a way through it, one bit each. */
struct rules_path {
    uint64_t alive;
    size_t depth;
};

struct rules_path rules_begin(const struct compare_rules *r);

/* The place below, by its raw key (between its quotes; absent in an array) or by its index. */
struct rules_path rules_enter(const struct compare_rules *r, struct rules_path path,
                              struct scan_value key, size_t index);

/* The rule for a place; NULL: none. */
const struct compare_rule *rules_find(const struct compare_rules *r, struct rules_path path);

/* Marks the rules that name something in a document. */
void rules_mark_seen(const struct compare_rules *r, struct trace_text document);

/* Whether two values that are not the same are, by a rule. */
bool rules_allow(const struct compare_rule *rule, struct scan_value expected,
                 struct scan_value got);
