/* SPDX-License-Identifier: Apache-2.0 */
/* What the command prints: answers on stdout, log lines and messages on stderr. A reader that
 * stands still stops neither Ctrl-C nor is anything lost in silence. What goes to a terminal cannot
 * drive it: control characters are made visible; files and pipes get the bytes as they are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* How a line is shown on a terminal; NO_COLOR and pipes have no colour. */
enum output_tone {
    OUTPUT_PLAIN,
    OUTPUT_DIM,
    OUTPUT_ERROR,
};

/* Writes all bytes. While the reader stands still, a byte that waits on interrupt_fd (-1: none)
 * ends it with ERR_CLOSED. Other failures: ERR_SYSTEM. */
int output_write(int fd, const char *bytes, size_t len, int interrupt_fd,
                 struct err *err) ATTR_CHECK;

/* Appends text as a terminal may show it: control characters other than tab and newline, bytes that
 * are not UTF-8 and characters that turn the direction of writing become \x1b or \u202e. */
void output_add_visible(const char *text, size_t len, struct buf *out);

/* The same for a text that has to stay on its line: tabs and newlines are made visible too. */
void output_add_visible_line(const char *text, size_t len, struct buf *out);

/* The stream is a terminal, and nobody has asked for no colour. */
bool output_has_colour(int fd);

/* Whole lines to stderr. Failures are ignored: there is no place left to tell them. */
void output_log(enum output_tone tone, const char *text, size_t len, int interrupt_fd);

/* "clambda: " and the message to stderr. */
void output_error(const struct err *err);
void output_note(const char *fmt, ...) ATTR_PRINTF(1, 2);

/* Flushes stdio's stdout: 0, or the exit code when it cannot be written. */
int output_finish(int code);

/* The form of an answer among several: on one line. A JSON document loses the white space around
 * its tokens, other text with line breaks becomes a JSON string; everything else stays as it is.
 * Ends with a newline. */
void output_answer_line(const char *body, size_t len, struct buf *out);
