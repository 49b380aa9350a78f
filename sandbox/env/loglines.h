/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that Lambda itself writes to a function's log, as text or as JSON objects. Pure: time
 * and measurements come in, one or more whole lines are appended. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "env/settings.h"

#define LOGLINES_NO_INIT -1 /* init_us of an invocation that was not the first */

enum loglines_status {
    LOGLINES_SUCCESS,
    LOGLINES_HANDLED, /* the function posted an error itself */
    LOGLINES_ERROR,
    LOGLINES_TIMEOUT,
};

enum loglines_phase {
    LOGLINES_PHASE_INIT,
    LOGLINES_PHASE_INVOKE, /* an init that is repeated inside an invocation */
};

/* Whose lines they are; all of it outlives the calls. */
struct loglines {
    const struct settings *settings;
    const char *log_stream;
};

/* What one invocation took. */
struct report {
    const char *request_id;
    int64_t duration_us;
    int64_t init_us; /* LOGLINES_NO_INIT: none to report */
    unsigned memory_mb, max_memory_mb;
    enum loglines_status status;
    const char *error_type; /* NULL: none */
};

/* Whole milliseconds that are paid for: duration and a first init together, rounded up. */
int64_t loglines_billed_ms(const struct report *r);

void loglines_init_start(const struct loglines *l, int64_t now_ms, enum loglines_phase phase,
                         struct buf *out);
void loglines_start(const struct loglines *l, int64_t now_ms, const char *request_id,
                    struct buf *out);
/* END and REPORT. */
void loglines_report(const struct loglines *l, int64_t now_ms, const struct report *r,
                     struct buf *out);
/* An init that failed; one that succeeds writes nothing. */
void loglines_init_report(const struct loglines *l, int64_t now_ms, enum loglines_phase phase,
                          int64_t init_us, enum loglines_status status, const char *error_type,
                          struct buf *out);
