/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lines.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define LABEL_WIDTH 10 /* with a blank behind it */
#define ROOM_LEAST  20
#define CUT         "\xE2\x80\xA6"

/* Ranges that terminals show in two columns, and in none. */
static const struct {
    uint32_t first, last;
    unsigned columns;
} widths[] = {
    {0x0300, 0x036F, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05BD, 0},   {0x0610, 0x061A, 0},
    {0x064B, 0x065F, 0},   {0x1100, 0x115F, 2},   {0x200B, 0x200F, 0},   {0x20D0, 0x20F0, 0},
    {0x231A, 0x231B, 2},   {0x2E80, 0x303E, 2},   {0x3041, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},
    {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},
    {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1FAFF, 2},
    {0x20000, 0x3FFFD, 2}, {0xE0100, 0xE01EF, 0},
};

static uint32_t code_point(const unsigned char *text, size_t step)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t c = text[0] & masks[step];
    for (size_t i = 1; i < step; i++)
        c = c << 6 | (text[i] & 0x3Fu);
    return c;
}

static unsigned columns_of(const char *text, size_t step)
{
    uint32_t c = code_point((const unsigned char *)text, step);
    for (size_t i = 0; c >= 0x300 && i < ARRAY_LEN(widths); i++)
        if (c >= widths[i].first && c <= widths[i].last)
            return widths[i].columns;
    return 1;
}

/* Bytes of the colour that begins at text; 0: none does. */
static size_t colour_len(const char *text, size_t len)
{
    size_t n = 2;
    if (len < 3 || text[0] != '\x1b' || text[1] != '[')
        return 0;
    while (n < len && ((text[n] >= '0' && text[n] <= '9') || text[n] == ';'))
        n++;
    return n < len && text[n] == 'm' ? n + 1 : 0;
}

/* One character or colour: its bytes and columns. */
static size_t step_over(const char *text, size_t len, unsigned *columns)
{
    size_t step = colour_len(text, len);
    *columns = 0;
    if (step)
        return step;
    step = utf8_step(text, len);
    *columns = step ? columns_of(text, step) : 1;
    return step ? step : 1;
}

size_t report_columns(const char *text, size_t len)
{
    size_t sum = 0;
    unsigned columns;
    for (size_t i = 0; i < len; sum += columns)
        i += step_over(text + i, len - i, &columns);
    return sum;
}

/* Bytes of text that take at most width columns. */
static size_t fitting(const char *text, size_t len, size_t width)
{
    size_t i = 0, sum = 0;
    unsigned columns;
    while (i < len) {
        size_t step = step_over(text + i, len - i, &columns);
        if (sum + columns > width)
            break;
        sum += columns;
        i += step;
    }
    return i;
}

static void add_cut(const struct report_lines *l, const char *line, size_t len, struct buf *out)
{
    if (report_columns(line, len) <= l->width) {
        buf_add(out, line, len);
    } else {
        buf_add(out, line, fitting(line, len, l->width - 1));
        buf_adds(out, CUT);
        if (l->colour)
            buf_adds(out, "\x1b[0m");
    }
    buf_addc(out, '\n');
}

void report_lines_cut(const struct report_lines *l, const char *text, size_t len, struct buf *out)
{
    while (len) {
        const char *end = memchr(text, '\n', len);
        size_t line = end ? (size_t)(end - text) : len;
        add_cut(l, text, line, out);
        line += end ? 1 : 0;
        text += line;
        len -= line;
    }
}

/* The last blank outside quotes that leaves at most width columns before it. 0: none; of a command
 * the first one that there is, since a word of it may not be broken. */
static size_t find_blank(const char *text, size_t len, size_t width, bool command)
{
    size_t most = fitting(text, len, width), best = 0;
    bool quoted = false;
    for (size_t i = 0; i < len && (i <= most || (command && !best)); i++) {
        if (command && text[i] == '\'')
            quoted = !quoted;
        else if (command && text[i] == '\\' && !quoted)
            i++;
        else if (text[i] == ' ' && !quoted)
            best = i;
    }
    return best;
}

static size_t add_piece(const char *text, size_t len, size_t room, bool command, struct buf *out)
{
    static const char goes_on[] = " \\";
    if (fitting(text, len, room) == len) {
        buf_add(out, text, len);
        return len;
    }
    size_t blank = find_blank(text, len, command ? room - strlen(goes_on) : room, command);
    size_t take = blank ? blank : command ? len : fitting(text, len, room);
    take = take ? take : 1;
    buf_add(out, text, take);
    if (blank && command)
        buf_adds(out, goes_on);
    return blank ? take + 1 : take;
}

void report_lines_wrap(const struct report_lines *l, const struct report_label *label,
                       const char *text, struct buf *out)
{
    bool coloured = l->colour && label->sgr;
    size_t len = strlen(text), column = report_columns(label->text, strlen(label->text));
    buf_addf(out, "%s%s%s%s%s", coloured ? "\x1b[" : "", coloured ? label->sgr : "",
             coloured ? "m" : "", label->text, coloured ? "\x1b[0m" : "");
    do {
        size_t blanks = column < LABEL_WIDTH ? LABEL_WIDTH - column : 1;
        column += blanks;
        size_t room = l->width > column + ROOM_LEAST ? l->width - column : ROOM_LEAST;
        buf_addf(out, "%*s", (int)blanks, "");
        size_t taken = add_piece(text, len, room, label->command, out);
        text += taken;
        len -= taken;
        column = 0;
        buf_addc(out, '\n');
    } while (len);
}
