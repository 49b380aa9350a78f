/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda (or the sandbox) tells the runtime through the environment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "lambda.h"

#define SETTINGS_MEMORY_MIN 128 /* MB, Lambda's own bounds */
#define SETTINGS_MEMORY_MAX 10240
#define SETTINGS_MARGIN_MAX 900000 /* ms: no deadline is further away */
#define SETTINGS_MEMORY     1024   /* when AWS_LAMBDA_FUNCTION_MEMORY_SIZE is absent or no size */

#define SETTINGS_WORKERS_MAX 1000 /* Lambda allows 1024 processes */

/* Texts belong to the environment. */
struct settings {
    const char *api;       /* AWS_LAMBDA_RUNTIME_API */
    const char *handler;   /* _HANDLER, "" when absent: then the program's argument */
    const char *task_root; /* LAMBDA_TASK_ROOT, else /var/task */
    size_t memory_mb;
    bool partial_failures;  /* LAMBDA_PARTIAL_FAILURES is not "off" */
    bool crash_recovery;    /* LAMBDA_CRASH_RECOVERY is not "off" */
    int64_t margin_ms;      /* LAMBDA_DEADLINE_MARGIN_MS; 0: none */
    const char *bad_margin; /* the same when it is no number in range, for a warning */
    enum lambda_level log_level;
    bool log_json; /* AWS_LAMBDA_LOG_FORMAT is "JSON" in any case */
    int log_fd;    /* _LAMBDA_TELEMETRY_LOG_FD, taken out of the environment; -1: none */
    const char *bad_log_level; /* AWS_LAMBDA_LOG_LEVEL when it is none, for a warning */
    bool snap_start;           /* AWS_LAMBDA_INITIALIZATION_TYPE is "snap-start" */
    /* AWS_LAMBDA_MAX_CONCURRENCY: events at a time on Managed Instances, from 1 to
     * SETTINGS_WORKERS_MAX and to the number of MB of memory. 0: absent, an ordinary function. */
    unsigned workers;
    const char *bad_workers; /* its text when it was no number or too large, for a warning */
    const char *log_socket;  /* _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET, or NULL */
};

/* -1 when the address of the Runtime API is missing: without it nothing can be reported. */
int settings_read(struct settings *out, struct err *err) ATTR_CHECK;
