/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/memory.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

#define UNLIMITED (1ull << 50) /* version 1 has a number for it that depends on the page size */

unsigned memory_parse(const char *text)
{
    char *end;
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long long bytes = strtoull(text, &end, 10);
    if ((*end && *end != '\n') || bytes >= UNLIMITED)
        return 0;
    return (unsigned)(bytes >> 20);
}

unsigned memory_limit(const char *root)
{
    static const char *const files[] = {"memory.max", "memory/memory.limit_in_bytes"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[PATH_MAX];
        struct err err;
        size_t len;
        snprintf(path, sizeof path, "%s/%s", root, files[i]);
        AUTO_FREE char *text = file_read(path, 64, &len, &err);
        unsigned mb = text ? memory_parse(text) : 0;
        if (mb)
            return mb;
    }
    return 0;
}
