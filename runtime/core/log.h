/* SPDX-License-Identifier: Apache-2.0 */
/* The function's log: lines on stderr, each by one write, so that lines of several threads or
 * processes never mix. Format: time, request id, level and text with tabs between. */
#pragma once

#include <stdarg.h>

#include "base/err.h"
#include "lambda.h"

#define LOG_LINE_MAX (256u << 10) /* bytes of a line; CloudWatch cuts longer ones in two */
#define LOG_TIME_LEN 24           /* "2026-01-02T03:04:05.678Z" */

/* Lines below level are dropped from now on. */
void log_set_level(enum lambda_level level);

/* TRACE, DEBUG, INFO, WARN, ERROR or FATAL in any case; -1 when text is none of them. */
int log_parse_level(const char *text, enum lambda_level *out) ATTR_CHECK;

/* request_id NULL: outside of an invocation. A line break in the text becomes a carriage return. */
void log_line(enum lambda_level level, const char *request_id, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
void log_linev(enum lambda_level level, const char *request_id, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Writes the current time, LOG_TIME_LEN bytes without NUL. Async-signal-safe. */
void log_time(char out[LOG_TIME_LEN]);
