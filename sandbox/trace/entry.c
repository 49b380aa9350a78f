/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/entry.h"

const char *const trace_status_names[TRACE_STATUS_COUNT] = {
    [TRACE_STATUS_UNKNOWN] = "unknown",
    [TRACE_STATUS_SUCCESS] = "success",
    [TRACE_STATUS_ERROR] = "error",
    [TRACE_STATUS_TIMEOUT] = "timeout",
};

const struct trace_entry trace_entry_none = {
    .time_ms = TRACE_UNKNOWN,
    .duration_us = TRACE_UNKNOWN,
    .init_us = TRACE_UNKNOWN,
    .memory_mb = TRACE_UNKNOWN,
    .max_memory_mb = TRACE_UNKNOWN,
    .position = TRACE_UNKNOWN,
};
