/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a text. */
#pragma once

#include <stddef.h>
#include <string.h>

/* The line at *at, which is moved behind its end, and its length without the line break. NULL at
 * the end of the text; a last line needs no line break. Start with *at = 0. */
static inline const char *line_next(const char *text, size_t len, size_t *at, size_t *out_len)
{
    if (*at >= len)
        return NULL;
    const char *line = text + *at;
    const char *end = (const char *)memchr(line, '\n', len - *at);
    *out_len = end ? (size_t)(end - line) : len - *at;
    *at += *out_len + 1;
    return line;
}
