/* SPDX-License-Identifier: Apache-2.0 */
/* The container image of a package: where its files lie, and how it is started, on Lambda and on
 * platforms that send HTTP. */
#pragma once

#include "cmd/package_parts.h"

/* What the command line says; NULL: nothing. */
struct container {
    const char *dir, *base, *tag, *handler;
};

/* Whether the options go together: ERR_USAGE. */
int container_check(const struct container *c, const struct package_parts *parts,
                    struct err *err) ATTR_CHECK;

/* Whether the image's runtime finds its handler: -1 as package_parts_check_handler. */
int container_check_handler(const struct container *c, const struct package_parts *parts,
                            struct err *err) ATTR_CHECK;

/* Writes the image, then *out_line: what to tell about it, one line, to be freed. -1 as
 * package_write_image. */
int container_write(const struct container *c, const struct package_parts *parts, char **out_line,
                    struct err *err) ATTR_CHECK;
