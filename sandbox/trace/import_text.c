/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "trace/import.h"

#define NUMBER_MAX 99999999999999 /* times a scale it still fits */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool import_decimal(const char *text, size_t len, int64_t scale, int64_t *out)
{
    int64_t whole = 0, part = 0, unit = 1;
    size_t i = 0;
    for (; i < len && is_digit(text[i]); i++) {
        if (whole > NUMBER_MAX / 10)
            return false;
        whole = whole * 10 + (text[i] - '0');
    }
    if (i == 0)
        return false;
    if (i < len && text[i] == '.') {
        size_t point = i++;
        for (; i < len && is_digit(text[i]); i++) {
            if (i - point > 9)
                continue;
            part = part * 10 + (text[i] - '0');
            unit *= 10;
        }
        if (i == point + 1)
            return false;
    }
    *out = whole * scale + (part * scale + unit / 2) / unit;
    return i == len;
}

bool import_is_id(const char *text, size_t len)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (len < IMPORT_ID_LEN)
        return false;
    for (size_t i = 0; i < IMPORT_ID_LEN; i++) {
        char lower = (char)(text[i] | 0x20);
        bool hex = is_digit(text[i]) || (lower >= 'a' && lower <= 'f');
        if (form[i] == 'x' ? !hex : text[i] != form[i])
            return false;
    }
    return len == IMPORT_ID_LEN || !(is_digit(text[IMPORT_ID_LEN]) || text[IMPORT_ID_LEN] == '-');
}

bool import_timed_out(struct scan_value message, struct scan_value request_id)
{
    static const char words[] = "Task timed out after ", unit[] = " seconds";
    int64_t ms;
    if (!message.ptr || !request_id.ptr || request_id.len == 0)
        return false;
    const char *end = message.ptr + message.len, *number;
    const char *at = memmem(message.ptr, message.len, request_id.ptr, request_id.len);
    at = at ? memmem(at, (size_t)(end - at), words, sizeof words - 1) : NULL;
    if (!at || (size_t)(end - at) < sizeof words + sizeof unit)
        return false;
    number = at + sizeof words - 1;
    return memcmp(end - (sizeof unit - 1), unit, sizeof unit - 1) == 0 &&
           import_decimal(number, (size_t)(end - number) - (sizeof unit - 1), 1000, &ms);
}
