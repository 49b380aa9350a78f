/* SPDX-License-Identifier: Apache-2.0 */
#include "base/visible.h"

#include <string.h>

#include "base/utf8.h"

/* Characters that turn the direction of what follows: a text would read as another one. */
static const char *const turning[] = {
    "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
    "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9",
};

/* The character of step bytes at text (0: the byte is not UTF-8) may be shown as it is. */
static bool is_harmless(const unsigned char *text, size_t step, const char *kept)
{
    if (step < 2)
        return step && ((*text >= 0x20 && *text != 0x7f) || (*text && strchr(kept, *text)));
    if (step == 2 && text[0] == 0xc2 && text[1] < 0xa0)
        return false;
    for (size_t i = 0; step == 3 && i < ARRAY_LEN(turning); i++)
        if (memcmp(text, turning[i], step) == 0)
            return false;
    return true;
}

static void add_escaped(const unsigned char *text, size_t step, struct buf *out)
{
    if (step == 3)
        buf_addf(out, "\\u%04x",
                 (text[0] & 0xfu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu));
    else if (step == 2)
        buf_addf(out, "\\u%04x", (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu));
    else
        buf_addf(out, "\\x%02x", *text);
}

void visible_add(const char *text, size_t len, const char *kept, struct buf *out)
{
    size_t plain = 0; /* start of the run that needs no change */
    for (size_t i = 0; i < len;) {
        const unsigned char *at = (const unsigned char *)text + i;
        size_t step = utf8_step(text + i, len - i);
        if (!is_harmless(at, step, kept)) {
            buf_add(out, text + plain, i - plain);
            add_escaped(at, step, out);
            plain = i + (step ? step : 1);
        }
        i += step ? step : 1;
    }
    buf_add(out, text + plain, len - plain);
}
