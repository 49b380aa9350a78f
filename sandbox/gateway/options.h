/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway is told by its command line and its environment. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Texts belong to the command line and the environment. */
struct options {
    uint16_t port;         /* --port, PORT, 8080; 0: any free one */
    const char *bootstrap; /* --bootstrap; NULL: the one beside this program */
    const char *handler;   /* of the command line, else _HANDLER; NULL: none */
    int64_t timeout_ms;    /* AWS_LAMBDA_FUNCTION_TIMEOUT */
    bool help;
};

/* get: getenv, or what a test has for it. -1 with ERR_USAGE. Pure. */
int options_read(struct options *o, char *const *argv, char *(*get)(const char *name),
                 struct err *err) ATTR_CHECK;

extern const char options_usage[];
