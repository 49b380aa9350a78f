/* SPDX-License-Identifier: Apache-2.0 */
#include "core/report.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

static const char digits[] = "0123456789abcdef";

void report_put(struct report *r, const char *bytes, size_t len)
{
    if (len > r->cap - r->len) {
        len = r->cap - r->len;
        r->cut = true;
    }
    if (len)
        memcpy(r->text + r->len, bytes, len);
    r->len += len;
}

void report_text(struct report *r, const char *text)
{
    report_put(r, text, strlen(text));
}

void report_number(struct report *r, uint64_t value, unsigned radix)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = digits[value % radix];
        value /= radix;
    } while (value);
    report_put(r, text + at, sizeof text - at);
}

static void put_unit(struct report *r, uint32_t unit)
{
    const char text[] = {'\\',
                         'u',
                         digits[unit >> 12 & 15],
                         digits[unit >> 8 & 15],
                         digits[unit >> 4 & 15],
                         digits[unit & 15]};
    report_put(r, text, sizeof text);
}

/* The code point of a well-formed sequence of len bytes. */
static uint32_t read_sequence(const char *text, size_t len)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t value = (unsigned char)text[0] & masks[len];
    for (size_t i = 1; i < len; i++)
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    return value;
}

static void put_escape(struct report *r, uint32_t code_point)
{
    if (code_point >= 0x10000) {
        code_point -= 0x10000;
        put_unit(r, 0xd800 | code_point >> 10);
        code_point = 0xdc00 | (code_point & 0x3ff);
    }
    put_unit(r, code_point);
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void report_escaped(struct report *r, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t from = i;
        while (i < len && is_plain(text[i]))
            i++;
        report_put(r, text + from, i - from);
        if (i == len)
            return;
        size_t step = utf8_step(text + i, len - i);
        put_escape(r, step ? read_sequence(text + i, step) : 0xfffd);
        i += step ? step : 1;
    }
}

void report_json(struct report *r, const char *text, size_t len)
{
    report_text(r, "\"");
    report_escaped(r, text, len);
    report_text(r, "\"");
}

void report_rewind(struct report *r, size_t len)
{
    r->len = len;
    r->cut = false;
}

void report_flush(struct report *r, int fd)
{
    struct pollfd stream = {.fd = fd, .events = POLLOUT};
    for (size_t at = 0; at < r->len;) {
        ssize_t n = write(fd, r->text + at, r->len - at);
        if (n > 0)
            at += (size_t)n;
        else if (n == 0 || (errno != EINTR && (errno != EAGAIN || poll(&stream, 1, -1) < 0)))
            break;
    }
    r->len = 0;
    r->cut = false;
}
