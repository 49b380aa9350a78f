/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a system call policy. Pure: text in, rules out. One line per rule:
 *
 *   names | test | verdict | certainty | reason
 *
 *   names      comma-separated; NAME/NUMBER for a call that the filter library does not know yet
 *   test       empty, or  argN == V   argN > V   argN in A..B   argN any MASK   argN none MASK
 *              (any: some bit of MASK is set, none: no bit is)
 *   verdict    allow, kill, or errno NAME
 *   certainty  R recorded on Lambda, D documented, B from the behaviour of a platform alike,
 *              C reported by users, ? assumed
 *   reason     text, not empty
 *
 * Empty lines and lines that start with # are skipped. A call that no rule names gets ENOSYS, one
 * whose tests all fail too. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define POLICY_BYTES_MAX 262144
#define POLICY_RULES_MAX 1024
#define POLICY_NAME_MAX  32
#define POLICY_RANGE_MAX 64

enum policy_test { POLICY_ALWAYS, POLICY_EQUAL, POLICY_ABOVE, POLICY_IN, POLICY_ANY, POLICY_NONE };
enum policy_verdict { POLICY_ALLOW, POLICY_ERRNO, POLICY_KILL };

struct policy_rule {
    char name[POLICY_NAME_MAX];
    int number; /* as written behind the name, or -1 */
    enum policy_test test;
    unsigned arg;
    uint64_t a, b;
    enum policy_verdict verdict;
    int error;
    char certainty;
    unsigned line, column; /* of the name */
};

struct policy {
    struct policy_rule *rules;
    size_t count;
};

/* The caller frees with policy_free. ERR_INPUT: "FILE:LINE:COLUMN: what is wrong". */
int policy_parse(const char *file, const char *text, size_t len, struct policy *out,
                 struct err *err) ATTR_CHECK;
void policy_free(struct policy *p);

/* The rules that come of one with a range or bits: each compares once. Gives their number, fills at
 * most POLICY_RANGE_MAX. */
size_t policy_expand(const struct policy_rule *rule, struct policy_rule out[POLICY_RANGE_MAX]);
