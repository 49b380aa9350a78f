/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/members.h"

#include <string.h>

void members_find(struct scan_value object, const char *const *names, size_t n,
                  struct scan_value *out)
{
    struct scan_value key, value;
    memset(out, 0, n * sizeof *out);
    if (!object.ptr || *object.ptr != '{')
        return;
    for (size_t at = 0; scan_next(object, &at, &key, &value);)
        for (size_t i = 0; i < n; i++)
            if (!out[i].ptr && members_equal(key, names[i]))
                out[i] = value;
}

struct scan_value members_text(struct scan_value v)
{
    if (!v.ptr || v.len < 2 || *v.ptr != '"')
        return (struct scan_value){0};
    return (struct scan_value){v.ptr + 1, v.len - 2};
}

bool members_equal(struct scan_value v, const char *text)
{
    return v.ptr && v.len == strlen(text) && memcmp(v.ptr, text, v.len) == 0;
}

bool members_same(struct scan_value a, struct scan_value b)
{
    if (!a.ptr || !b.ptr)
        return !a.ptr && !b.ptr;
    return a.len == b.len && (a.ptr == b.ptr || memcmp(a.ptr, b.ptr, a.len) == 0);
}
