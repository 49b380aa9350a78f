/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of traces that others have written: AWS, its command line, people. Rows of read.c's table.
 * And what they share. */
#pragma once

#include "trace/kinds.h"
#include "trace/source.h"

extern const struct source_kind import_event_kind;
extern const struct source_kind import_lines_kind;
extern const struct source_kind import_destination_kind;
extern const struct source_kind import_stream_failure_kind;
extern const struct source_kind import_dead_letter_kind;
extern const struct source_kind import_log_kind;
extern const struct source_kind import_queue_kind;
extern const struct source_kind import_stream_records_kind;
/* Looks like a trace and is none. */
extern const struct source_kind import_topic_kind;
extern const struct source_kind import_recording_kind;
extern const struct source_kind import_history_kind;

/* The JSON documents of a file: it is one, or has one on each line; a page of messages or log
 * events gives each of them. Zeroed for each file. */
struct import_documents {
    struct scan_value page; /* being taken apart */
    const char *counted;    /* up to here lines are */
    size_t at, line, number;
};

struct import_document {
    char *text; /* valid until the next call, may be changed in place */
    size_t len;
    size_t line;   /* it begins there */
    size_t number; /* in its page, from 1; 0: it is none */
};

/* 1; 0 at the end; -1. A line that is no JSON is an error, or with any is given as it is. */
int import_next(struct source *s, struct import_documents *d, bool any, struct import_document *out,
                struct err *err) ATTR_CHECK;

/* ERR_INPUT "NAME, line N, no. M: ..."; gives -1. */
int import_fail(const struct source *s, const struct import_document *at, struct err *err,
                const char *fmt, ...) ATTR_PRINTF(4, 5);

/* A view as an entry has it. */
struct trace_text import_text(struct scan_value v);

/* Whether message tells of a timeout of the invocation. Old ones: "TIME ID Task timed out after
 * 3.00 seconds". */
bool import_timed_out(struct scan_value message, struct scan_value request_id);

/* A decimal number times scale, rounded. */
bool import_decimal(const char *text, size_t len, int64_t scale, int64_t *out);

/* Whether a request id begins there, which is a UUID. */
#define IMPORT_ID_LEN 36
bool import_is_id(const char *text, size_t len);
