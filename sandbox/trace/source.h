/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a trace, while it is read: bytes (unpacked where the file is gzip), lines, a look
 * ahead. And what a kind of trace is to read.c: how it is told apart, how its invocations are
 * taken. Texts are valid until the next call and may be changed in place. */
#pragma once

#include <stdarg.h>
#include <sys/types.h>

#include "base/scan.h"
#include "trace/read.h"

#define SOURCE_HEAD 65536 /* bytes that a text without JSON shows of itself */

struct source;

/* name: for messages, outlives the source, as the options do. fd is taken over. */
struct source *source_open(int fd, const char *name, const struct trace_read_options *o,
                           struct err *err) ATTR_CHECK;
void source_close(struct source *s);

const char *source_name(const struct source *s);
/* Number of the line that was given last, from 1. */
size_t source_line_number(const struct source *s);
/* Bytes of the file that were read, before unpacking. */
uint64_t source_bytes(const struct source *s);

/* The next line that is not empty, without its line break; a NUL stands behind it. Takes off a byte
 * order mark and CR LF. 1; 0 at the end; -1. *out_whole is false for a last line without a line
 * break. */
int source_line(struct source *s, char **out_text, size_t *out_len, bool *out_whole,
                struct err *err) ATTR_CHECK;

/* All that is left, at most TRACE_LINE_MAX bytes. 1; 0 when nothing but white space is left; -1.
 * source_line_number is that of its beginning. */
int source_rest(struct source *s, char **out_text, size_t *out_len, struct err *err) ATTR_CHECK;

/* Calls warn with "NAME, line N: ...". */
void source_warn(struct source *s, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* ERR_INPUT "NAME, line N: ..."; gives -1. */
int source_fail(const struct source *s, struct err *err, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* What a file looks like, for telling kinds apart. */
enum source_shape {
    SOURCE_DOCUMENT, /* the whole file is one JSON document, on one line or more */
    SOURCE_LINES,    /* the first line is a JSON document, and there are more lines */
    SOURCE_TEXT,     /* neither */
    SOURCE_RECORDING
};

struct source_sample {
    enum source_shape shape;
    const char *name;        /* of the file */
    struct trace_text text;  /* the document; the first line; the first SOURCE_HEAD bytes */
    struct scan_fault fault; /* of SOURCE_TEXT: why it is no JSON */
    unsigned kinds;          /* of a document or first line: bits of kinds.h */
};

/* Looks ahead; what is looked at is still to be read. 1; 0: the file has nothing but white space;
 * -1. */
int source_look(struct source *s, struct source_sample *out, struct err *err) ATTR_CHECK;

/* What it looked like, and whether the user has said what it is. */
enum source_shape source_shape(const struct source *s);
bool source_is_forced(const struct source *s);

/* A kind of trace: a row of read.c's table. */
struct source_kind {
    enum trace_kind kind;
    /* Strict: what it says yes to can be nothing else. NULL: what no other kind wants. */
    bool (*is)(const struct source_sample *sample);
    enum source_shape shape; /* where is is NULL: the shape that it takes */
    size_t state_size;       /* of state: zeroed for each file */
    /* As trace_next, of this file; out is trace_entry_none but for source. */
    int (*next)(struct source *s, void *state, struct trace_entry *out, struct err *err);
    void (*fini)(void *state); /* NULL: nothing to do */
    const char *foreign;       /* what it is, where it is no trace and has no next */
};
