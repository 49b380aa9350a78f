/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of texts that live as long as what looks into them. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct texts {
    char **items; /* heap */
    size_t count;
};

/* A copy, ended by NUL, as long as t. NULL: ERR_MEMORY. */
const char *texts_keep(struct texts *t, const char *text, size_t len, struct err *err) ATTR_CHECK;

/* Accepts a zeroed one. */
void texts_fini(struct texts *t);
