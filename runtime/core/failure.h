/* SPDX-License-Identifier: Apache-2.0 */
/* Why an invocation, a record or the start of the function failed, as callers see it: an errorType
 * and a message. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define FAILURE_TYPE_MAX     127
#define FAILURE_MESSAGE_MAX  4095
#define FAILURE_CATEGORY_MAX (FAILURE_TYPE_MAX + 10)
#define FAILURE_DOCUMENT_MAX (64u << 10)
#define FAILURE_CAUSE_MAX    (60u << 10) /* Lambda crops more than 64 KiB */
#define FAILURE_FOLDER_MAX   4096        /* of the working directory in it */

struct failure {
    bool set;
    char type[FAILURE_TYPE_MAX + 1];
    char message[FAILURE_MESSAGE_MAX + 1];
};

/* Fills f and returns -1. Longer texts are cut, never inside a character. */
int failure_set(struct failure *f, const char *type, const char *fmt, ...) ATTR_PRINTF(3, 4);
int failure_setv(struct failure *f, const char *type, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Appends the Runtime API's error document. request_id NULL: there is none. */
int failure_print(const struct failure *f, const char *request_id, struct buf *out,
                  struct err *err) ATTR_CHECK;

/* The value of Lambda-Runtime-Function-XRay-Error-Cause in out, which is empty and has a limit of
 * FAILURE_CAUSE_MAX at least: one line of JSON in ASCII, as X-Ray shows it. NULL when memory is
 * short. */
const char *failure_print_cause(const struct failure *f, struct buf *out) ATTR_CHECK;

/* The value of Lambda-Runtime-Function-Error-Type: Lambda keeps only "Function.Xyz" and
 * "Runtime.Xyz" with letters. */
void failure_category(const char *type, char out[FAILURE_CATEGORY_MAX + 1]);
