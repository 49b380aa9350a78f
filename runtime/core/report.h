/* SPDX-License-Identifier: Apache-2.0 */
/* Text for a crash: a buffer of fixed size, no heap, no stdio. Async-signal-safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What does not fit is dropped, and cut says so. */
struct report {
    char *text;
    size_t len, cap;
    bool cut;
};

void report_put(struct report *r, const char *bytes, size_t len);
void report_text(struct report *r, const char *text);
void report_number(struct report *r, uint64_t value, unsigned radix);

/* text as the inside of a JSON string, in ASCII only, so that it can stand in a header too. Bytes
 * that are not UTF-8 become U+FFFD. */
void report_escaped(struct report *r, const char *text, size_t len);

/* The same with its quotes. */
void report_json(struct report *r, const char *text, size_t len);

/* Goes back to a length before something that did not fit as a whole. */
void report_rewind(struct report *r, size_t len);

/* Writes everything to a descriptor, as far as that is possible, and empties r. */
void report_flush(struct report *r, int fd);
