/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda (or the sandbox) tells the runtime through the environment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "lambda.h"

#define SETTINGS_MEMORY_MIN 128 /* MB, Lambda's own bounds */
#define SETTINGS_MEMORY_MAX 10240
#define SETTINGS_MEMORY     1024 /* when AWS_LAMBDA_FUNCTION_MEMORY_SIZE is absent or no size */

/* Texts belong to the environment. */
struct settings {
    const char *api;       /* AWS_LAMBDA_RUNTIME_API */
    const char *handler;   /* _HANDLER, "" when absent */
    const char *task_root; /* LAMBDA_TASK_ROOT, else /var/task */
    size_t memory_mb;
    bool partial_failures; /* LAMBDA_PARTIAL_FAILURES is not "off" */
    enum lambda_level log_level;
    const char *bad_log_level; /* AWS_LAMBDA_LOG_LEVEL when it is none, for a warning */
};

/* -1 when the address of the Runtime API is missing: without it nothing can be reported. */
int settings_read(struct settings *out, struct err *err) ATTR_CHECK;
