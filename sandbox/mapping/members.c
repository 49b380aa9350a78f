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

/* Of a pair of surrogates each is half of four bytes. */
size_t members_bytes(struct scan_value text)
{
    size_t bytes = 0;
    for (size_t i = 0; i < text.len; bytes++) {
        if (text.ptr[i] != '\\') {
            i++;
        } else if (text.ptr[i + 1] != 'u') {
            i += 2;
        } else {
            int unit = scan_hex_unit(text.ptr + i + 2, text.ptr + text.len);
            bytes += (unit >= 0x80) + (unit >= 0x800 && (unit & 0xf800) != 0xd800);
            i += 6;
        }
    }
    return bytes;
}

bool members_is_base64(struct scan_value text)
{
    size_t count = 0, pads = 0;
    for (size_t i = 0; i < text.len; count++) {
        unsigned c = (unsigned char)text.ptr[i++];
        if (c == '\\' && text.ptr[i++] == 'u') {
            c = (unsigned)scan_hex_unit(text.ptr + i, text.ptr + text.len);
            i += 4;
        } else if (c == '\\') {
            c = (unsigned char)text.ptr[i - 1] == '/' ? '/' : '\\';
        }
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        pads += c == '=';
        if (c != '=' && (pads || !(letter || (c >= '0' && c <= '9') || c == '+' || c == '/')))
            return false;
    }
    return count % 4 == 0 && pads <= 2;
}
