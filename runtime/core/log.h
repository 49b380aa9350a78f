/* SPDX-License-Identifier: Apache-2.0 */
/* The function's log: lines on stderr, each by one write, so that lines of several threads or
 * processes never mix; as text or JSON (see entry.h). Or frames on a descriptor of Lambda's. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/entry.h"
#include "core/failure.h"
#include "lambda.h"

#define LOG_LINE_MAX (256u << 10) /* bytes of a line; CloudWatch cuts longer ones in two */
#define LOG_TIME_LEN ENTRY_TIME_LEN

struct settings;

/* Takes format, level and sink of the settings, and says what is wrong with them. */
void log_begin(const struct settings *settings);

/* Lines below level are dropped from now on. */
void log_set_level(enum lambda_level level);
bool log_has_level(enum lambda_level level);
void log_set_json(bool json);
bool log_is_json(void);

/* Where lines go instead of stderr; framed: behind a head with type, length and time, as Lambda
 * wants it on _LAMBDA_TELEMETRY_LOG_FD. */
void log_set_sink(int fd, bool framed);

/* Tenant and trace id of the lines with a request id. The texts live until the next call. */
void log_set_origin(const char *tenant_id, const char *trace_id);

/* TRACE, DEBUG, INFO, WARN, ERROR or FATAL in any case; -1 when text is none of them. */
int log_parse_level(const char *text, enum lambda_level *out) ATTR_CHECK;

/* request_id NULL: outside of an invocation. In text a line break becomes a carriage return. */
void log_line(enum lambda_level level, const char *request_id, const char *fmt, ...)
    ATTR_PRINTF(3, 4);
void log_linev(enum lambda_level level, const char *request_id, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* A failure with type and message, in JSON as members too. */
void log_failure(enum lambda_level level, const char *request_id, const struct failure *f);

/* A line with everything that it has; tenant and trace id are filled in when it has a request id
 * and none of them. */
void log_entry(const struct entry *e);

/* The same by memory of the caller, 1024 bytes at least, which is filled and emptied.
 * Async-signal-safe unless a field is a double. */
void log_entry_in(const struct entry *e, struct report *r);

/* Writes the current time, LOG_TIME_LEN bytes without NUL. Async-signal-safe. */
static inline void log_time(char out[LOG_TIME_LEN])
{
    entry_time(out);
}
