/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

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

/* The numbers in the places of form that have 'd'; at and behind other characters the next begins.
 */
static bool read_form(const char *text, size_t len, const char *form, int *out)
{
    if (len < strlen(form))
        return false;
    for (; *form; form++, text++) {
        if (*form == 'd' ? !is_digit(*text) : *text != *form)
            return false;
        if (*form == 'd')
            *out = *out * 10 + (*text - '0');
        else
            out++;
    }
    return true;
}

/* "Z", "+02:00", "+0200" or nothing: bytes of it. */
static size_t read_zone(const char *text, size_t len, int *out_minutes)
{
    int n[2] = {0};
    *out_minutes = 0;
    if (len && *text == 'Z')
        return 1;
    if (!len || (*text != '+' && *text != '-'))
        return 0;
    bool colon = read_form(text + 1, len - 1, "dd:dd", n);
    if (!colon) {
        memset(n, 0, sizeof n);
        if (!read_form(text + 1, len - 1, "dddd", n))
            return 0;
        n[1] = n[0] % 100;
        n[0] /= 100;
    }
    *out_minutes = (n[0] * 60 + n[1]) * (*text == '-' ? -1 : 1);
    return colon ? 6 : 5;
}

size_t import_time(const char *text, size_t len, int64_t *out_ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    int n[6] = {0}, ms = 0, minutes;
    size_t at = sizeof form - 1;
    if (!read_form(text, len, form, n) || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 ||
        n[3] > 23 || n[4] > 59 || n[5] > 60)
        return 0;
    if (at + 1 < len && text[at] == '.' && is_digit(text[at + 1])) {
        int unit = 100;
        for (at++; at < len && is_digit(text[at]); at++, unit /= 10)
            ms += (text[at] - '0') * unit;
    }
    at += read_zone(text + at, len - at, &minutes);
    struct tm tm = {.tm_year = n[0] - 1900,
                    .tm_mon = n[1] - 1,
                    .tm_mday = n[2],
                    .tm_hour = n[3],
                    .tm_min = n[4],
                    .tm_sec = n[5]};
    *out_ms = ((int64_t)timegm(&tm) - minutes * 60) * 1000 + ms;
    return at;
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
