/* SPDX-License-Identifier: Apache-2.0 */
/* The events given on the command line: read and checked before anything is started. */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define PAYLOADS_MAX 10000

struct payload {
    const char *name; /* "batch.json", "-"; belongs to the caller */
    char *bytes;
    size_t len;
};

struct payloads {
    struct payload *items;
    size_t count;
};

/* Remembers a file to read; "-" is standard input, once. */
int payloads_add(struct payloads *p, const char *name, struct err *err) ATTR_CHECK;

/* Reads and checks all: JSON of at most ENV_REQUEST_MAX bytes; nothing but white space is {}. A
 * byte that waits on interrupt_fd while standard input has none ends it with ERR_CLOSED. Errors are
 * ERR_INPUT with file, line and column. */
int payloads_read(struct payloads *p, int interrupt_fd, struct err *err) ATTR_CHECK;

void payloads_fini(struct payloads *p);
