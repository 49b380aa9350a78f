/* SPDX-License-Identifier: Apache-2.0 */
/* Where the Runtime API is: "HOST:PORT", or as a URL with a path. */
#pragma once

#include "base/err.h"

#define ADDRESS_HOST_MAX 253
#define ADDRESS_PATH_MAX 1024

struct address {
    char host[ADDRESS_HOST_MAX + 1];
    char path[ADDRESS_PATH_MAX + 1]; /* "" or "/a/b", without a slash at the end */
    unsigned port;                   /* 80 when the text names none */
};

/* -1 with ERR_INPUT names what is wrong. */
int address_parse(const char *text, struct address *out, struct err *err) ATTR_CHECK;
