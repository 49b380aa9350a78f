/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of event sources as rows of a table: settings, a script of what happens, and what the rules
 * do about it.
 *
 * Script, words between spaces:
 *   @T           the clock goes to T (200 is milliseconds; 30s, 5m, 6h, 4d), stopping whenever the
 *                mapping wants to be asked
 *   +            a record comes; behind the plus: gN of group N, bN of N bytes, x no filter lets it
 *                pass, | a poll ends before it, *N N of them, @T it comes later
 *   N=ok  N=err  N=throttled  N=refused  N=part:0.2   invocation N is over; places that failed
 * Log:
 *   30s          the clock
 *   N[0 1x2]     invocation N with records 0 and 1, record 1 for the second time; N'2[..] attempt 2
 *   done[..] filtered[..] again60s[..] dlq:REASON/COUNT[..] lost:REASON/COUNT[..]
 *   asked        it wanted to be asked, and had nothing to say
 *   refused      mapping_finish refused the step */
#pragma once

#include "mapping/mapping.h"

struct rules_row {
    const char *name; /* what it shows, with the fact */
    const char *settings;
    int64_t timeout_ms;
    const char *script;
    const char *log;
};

void rules_script_run(const struct rules_row *rows, size_t n);
