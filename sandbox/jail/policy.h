/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a system call policy. Pure: text in, rules out. One line per rule:
 *
 *   names | tests | verdict | certainty | reason
 *
 *   names      comma-separated; NAME/NUMBER for a call that the filter library does not know yet
 *   tests      empty, or up to three joined by &:
 *                argN == V   argN > V   argN in A..B   argN any MASK   argN none MASK
 *              (any: some bit of MASK is set, none: no bit is). argN is all 64 bits of it, intN the
 *              lower 32: for those that the kernel takes as an int, whatever stands above them
 *   verdict    allow, kill, or errno NAME
 *   certainty  R recorded on Lambda, D documented, B from the behaviour of a platform alike,
 *              C reported by users, ? assumed
 *   reason     text, not empty
 *
 * Of the lines of one call the first whose tests all hold decides; the last one must have no test.
 * Empty lines and lines that start with # are skipped. A call that no rule names gets ENOSYS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define POLICY_BYTES_MAX 262144
#define POLICY_RULES_MAX 1024
#define POLICY_NAME_MAX  32
#define POLICY_TESTS_MAX 3
#define POLICY_ARGS_MAX  6

enum policy_word { POLICY_EQUAL, POLICY_ABOVE, POLICY_IN, POLICY_ANY, POLICY_NONE };
enum policy_verdict { POLICY_ALLOW, POLICY_ERRNO, POLICY_KILL };

struct policy_test {
    enum policy_word word;
    unsigned arg;
    bool low;      /* the lower half only; a and b are below 2^32 then */
    uint64_t a, b; /* b: the end of a range, whose upper half is that of a */
};

struct policy_rule {
    char name[POLICY_NAME_MAX];
    int number; /* as written behind the name, or -1 */
    struct policy_test tests[POLICY_TESTS_MAX];
    unsigned ntests;
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
