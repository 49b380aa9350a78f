/* SPDX-License-Identifier: Apache-2.0 */
/* One line that Lambda writes to a log, as text or in its JSON format. Pure. */
#pragma once

#include "trace/import.h"

enum report_line {
    REPORT_NONE,  /* the function's */
    REPORT_OTHER, /* Lambda's, says nothing that is needed */
    REPORT_START,
    REPORT_END,         /* the measurements: REPORT, platform.report */
    REPORT_FAILED_INIT, /* the next invocation has the second attempt in its duration */
    REPORT_TIMEOUT,     /* what Lambda has logged of errors before they were in REPORT */
    REPORT_EXIT,
};

struct report {
    enum report_line line;
    struct scan_value id;
    int64_t time_ms; /* of a JSON line; else TRACE_UNKNOWN */
    bool restored;   /* from a snapshot */
};

/* Of REPORT_END fills what out has of measurements. -1 with ERR_INPUT: it begins as REPORT does,
 * and goes on otherwise. */
int report_read(const char *text, size_t len, struct report *report, struct trace_entry *out,
                struct err *err) ATTR_CHECK;
