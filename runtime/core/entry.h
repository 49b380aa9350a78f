/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of the log as a line of text or of JSON, in a buffer of fixed size. Async-signal-safe
 * but for fields with a double.
 *
 *   2026-01-02T03:04:05.678Z <tab> request id <tab> LEVEL <tab> text key=value ...
 *   {"timestamp":..,"level":..,"requestId":..,"message":..,"key":value,..}
 */
#pragma once

#include <stddef.h>

#include "core/report.h"
#include "lambda.h"

#define ENTRY_TIME_LEN   24  /* "2026-01-02T03:04:05.678Z" */
#define ENTRY_FIELDS_MAX 128 /* further ones are dropped */

struct entry {
    enum lambda_level level;
    const char *request_id, *tenant_id, *trace_id; /* NULL or "": none; only the first is in text */
    const char *text;
    size_t len;
    const struct lambda_kv *fields;
    size_t nfields;
    /* Only in JSON: what failed. error_type NULL: nothing did. */
    const char *error_type, *error_message;
    const char *stack; /* a JSON array; NULL: an empty one */
    size_t stack_len;
};

/* "INFO", NULL when it is no level. */
const char *entry_level_name(unsigned level);

/* Append the entry with its line break to r, which has room for 1024 bytes at least. What does not
 * fit is left out between characters and members, and r->cut says so. */
void entry_print_text(const struct entry *e, struct report *r);
void entry_print_json(const struct entry *e, struct report *r);

/* Writes the current time, ENTRY_TIME_LEN bytes without NUL. */
void entry_time(char out[ENTRY_TIME_LEN]);
