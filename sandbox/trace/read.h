/* SPDX-License-Identifier: Apache-2.0 */
/* Reads traces of every kind, told apart by content, one invocation at a time, in memory that does
 * not grow with the trace:
 *
 *   recordings                    FORMAT.md; .gz too
 *   one event in a file, folders of such files (sorted by name, hidden ones left out)
 *   one event on each line
 *   records of asynchronous destinations and dead-letter queues, as files, lines, messages of
 *   queues, notifications of topics, events of an event bus
 *   failure records of streams with the payload, as Lambda writes them to S3
 *   messages and records          what receive-message and get-records print, put into events as
 *                                 Lambda does; what it does not say has stand-ins
 *   exports of CloudWatch Logs    measurements only: START, REPORT lines, also in JSON
 *
 * Of what Lambda writes about invocations, only logs tell when they began.
 * What cannot be understood is an error that names file and line; nothing is guessed. */
#pragma once

#include "base/err.h"
#include "trace/entry.h"

#define TRACE_LINE_MAX (64u << 20) /* bytes of one line, of one file that is one event */

enum trace_kind {
    TRACE_KIND_RECORDING,
    TRACE_KIND_EVENT,
    TRACE_KIND_EVENT_LINES,
    TRACE_KIND_DESTINATION,
    TRACE_KIND_DEAD_LETTER,
    TRACE_KIND_STREAM_FAILURE,
    TRACE_KIND_LOG_EXPORT,
    TRACE_KIND_QUEUE,
    TRACE_KIND_STREAM_RECORDS,
    TRACE_KIND_COUNT,
};

extern const char *const trace_kind_names[TRACE_KIND_COUNT]; /* "recording", ... */

/* -1 with ERR_USAGE that lists the names. */
int trace_kind_find(const char *name, enum trace_kind *out, struct err *err) ATTR_CHECK;

struct trace_reader;

struct trace_read_options {
    int interrupt_fd; /* readable: a read that waits for a pipe gives up, ERR_CLOSED; 0: none */
    const char *const *paths; /* files, folders, "-" for standard input; outlive the reader */
    size_t npaths;
    /* Of JSON documents and lines; NULL: told apart by content. TRACE_KIND_EVENT: each is an event,
     * whatever it looks like, in files and on lines. */
    const enum trace_kind *kind;
    /* What was left out, and why ("t.jsonl, line 7: torn, skipped"); may be NULL. */
    void (*warn)(void *owner, const char *text);
    void *owner;
};

/* NULL: a path cannot be opened. */
struct trace_reader *trace_open(const struct trace_read_options *o, struct err *err) ATTR_CHECK;

/* The next invocation, valid until the next call. 1; 0 at the end; -1 with ERR_INPUT (file, line
 * and reason), ERR_LIMIT, ERR_SYSTEM or ERR_MEMORY. */
int trace_next(struct trace_reader *r, struct trace_entry *out, struct err *err) ATTR_CHECK;

/* The kind of one file, by its beginning; of a folder and of an empty file TRACE_KIND_EVENT. kind:
 * as in the options. */
int trace_sniff(const char *path, const enum trace_kind *kind, enum trace_kind *out,
                struct err *err) ATTR_CHECK;

/* At the end: whether there were files, and all of them empty. */
bool trace_is_empty(const struct trace_reader *r);

/* Kind of the file that the last entry came from. */
enum trace_kind trace_kind(const struct trace_reader *r);

/* Bytes read so far, and of all files together (0: not known, a pipe): for a progress bar. */
void trace_progress(const struct trace_reader *r, uint64_t *out_done, uint64_t *out_total);

void trace_close(struct trace_reader *r);
