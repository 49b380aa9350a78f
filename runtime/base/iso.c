/* SPDX-License-Identifier: Apache-2.0 */
#include "base/iso.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
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

/* Bytes of the zone; 0: none. */
static size_t read_zone(const char *text, size_t len, int *out_minutes)
{
    int n[2] = {0};
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
    if (n[0] > 23 || n[1] > 59)
        return 0;
    *out_minutes = (n[0] * 60 + n[1]) * (*text == '-' ? -1 : 1);
    return colon ? 6 : 5;
}

size_t iso_read(const char *text, size_t len, int64_t *out_ms)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    int n[6] = {0}, ms = 0, minutes = 0;
    size_t at = sizeof form - 1;
    if (!read_form(text, len, form, n) || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[3] > 23 ||
        n[4] > 59 || n[5] > 60)
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
    int64_t found_ms = ((int64_t)timegm(&tm) - minutes * 60) * 1000 + ms;
    if (found_ms < 0 || (n[5] < 60 && tm.tm_mday != n[2]))
        return 0;
    *out_ms = found_ms;
    return at;
}

void iso_write(int64_t ms, enum iso_form form, char out[ISO_TEXT_MAX])
{
    struct tm tm;
    ms = ms < 0 ? 0 : ms > ISO_MAX_MS ? ISO_MAX_MS : ms;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, ISO_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    if (form == ISO_SECONDS)
        snprintf(out + len, ISO_TEXT_MAX - len, "Z");
    else
        snprintf(out + len, ISO_TEXT_MAX - len, ".%03dZ",
                 form == ISO_MILLIS ? (int)(ms % 1000) : 0);
}
