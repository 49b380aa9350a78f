/* SPDX-License-Identifier: Apache-2.0 */
/* One error value for every fallible function: plain, without heap, small enough to cross a pipe
 * from a cloned child in one write. A fallible function returns 0 (or a count) and -1, or a
 * pointer and NULL, and fills err on failure only. Messages are lower case, values in ticks. */
#pragma once

#include <stdarg.h>

#include "base/attr.h"

#define ERR_MSG_MAX 480

/* What failed, for decisions (retry, exit code, errorType). The text is for people. */
enum err_kind {
    ERR_NONE,
    ERR_SYSTEM,   /* a system call failed; sys has errno */
    ERR_MEMORY,   /* out of memory, or an arena or buffer is at its limit */
    ERR_USAGE,    /* wrong command line */
    ERR_INPUT,    /* a document, file or setting from outside is wrong */
    ERR_LIMIT,    /* a named limit was passed */
    ERR_PROTOCOL, /* the peer does not speak the protocol */
    ERR_REMOTE,   /* the peer refused: an HTTP status */
    ERR_CLOSED,   /* the connection is gone */
    ERR_HOST,     /* this host cannot do what was asked */
    ERR_HANDLER,  /* the user's module or handler failed */
};

struct err {
    enum err_kind kind;
    int sys; /* errno for ERR_SYSTEM, HTTP status for ERR_REMOTE, else 0 */
    char msg[ERR_MSG_MAX];
};

/* Fills err and returns -1. A longer text is cut. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* Like err_set with ERR_SYSTEM; reads errno at once and appends its text: "open 'x': No such ...".
 */
int err_sys(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* Puts "context: " before the text that is there. Keeps kind and sys. Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* After err_sys about a place that the user has named: ERR_INPUT where that is not there, no folder
 * or not to be written to. Returns -1. */
int err_place(struct err *err);

/* The va_list form of err_set, for wrappers. */
int err_setv(struct err *err, enum err_kind kind, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
