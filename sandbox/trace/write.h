/* SPDX-License-Identifier: Apache-2.0 */
/* Appends invocations to a recording: one line of JSON each, written whole, so that a recording
 * that was cut off by kill -9 has at most one torn line at its end. FORMAT.md describes the line.
 */
#pragma once

#include "base/err.h"
#include "trace/entry.h"
#include "trace/redact.h"

#define TRACE_FORMAT  1          /* version of the line */
#define TRACE_LOG_MAX (1u << 20) /* bytes of one invocation's log that are kept */

struct trace_writer;

struct trace_write_options {
    const char *path;              /* ".gz": compressed, one member for each invocation */
    const char *function, *digest; /* name; hash of code, layers and settings, "sha256:..." */
    const struct redact *redact;   /* NULL: nothing is replaced */
};

/* Opens or makes the file, mode 0600; what is in it stays. A torn last line is ended first, so that
 * the next one stands alone. NULL: err (ERR_INPUT for a path that cannot be, ERR_SYSTEM). */
struct trace_writer *trace_writer_open(const struct trace_write_options *o,
                                       struct err *err) ATTR_CHECK;

/* -1: nothing of the line, or a torn line, is in the file. */
int trace_write(struct trace_writer *w, const struct trace_entry *entry,
                struct err *err) ATTR_CHECK;

/* Accepts NULL. -1: something may not have been written. */
int trace_writer_close(struct trace_writer *w, struct err *err);
