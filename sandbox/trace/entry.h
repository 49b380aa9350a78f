/* SPDX-License-Identifier: Apache-2.0 */
/* One invocation, recorded or about to be: the common form of everything that is read as a trace.
 * FORMAT.md has the file's own form. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_UNKNOWN (-1) /* of a time or a size */

/* Bytes, not ended by NUL. ptr NULL: not known. */
struct trace_text {
    const char *ptr;
    size_t len;
};

enum trace_status {
    TRACE_STATUS_UNKNOWN,
    TRACE_STATUS_SUCCESS,
    TRACE_STATUS_ERROR, /* the function posted an error, or ended itself */
    TRACE_STATUS_TIMEOUT,
    TRACE_STATUS_COUNT
};

extern const char *const trace_status_names[TRACE_STATUS_COUNT]; /* "success", ... */

/* Texts live as long as whoever gives the entry says. */
struct trace_entry {
    const char *source; /* file, for messages */
    size_t line;        /* from 1; 0: the file as a whole */

    struct trace_text event; /* absent: only measurements are known (a log export) */
    struct trace_text client_context, cognito_identity, trace_id;

    enum trace_status status;
    struct trace_text answer; /* response, or the error document */
    struct trace_text error_type;
    struct trace_text log; /* what the function wrote, whole lines */
    bool log_cut;          /* there was more */

    size_t untimed;  /* records of the event that do not say when they came: it has stand-ins */
    int64_t time_ms; /* wall clock when it began, since 1970 */
    int64_t duration_us, init_us; /* init_us: TRACE_UNKNOWN when warm, too */
    int64_t memory_mb, max_memory_mb;
    bool cold, cold_known;
    struct trace_text request_id, environment;
    int64_t position; /* in its environment, from 0 */
};

/* Nothing is known of it. */
extern const struct trace_entry trace_entry_none;
