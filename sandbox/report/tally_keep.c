/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally_keep.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define CUT         "\xE2\x80\xA6" /* … */
#define CUT_LEN     (sizeof CUT - 1)
#define SHARE       128 /* one text gets at most this part of the memory that is left */
#define BEFORE_MAX  (TALLY_VALUE_MAX / 4) /* of a cut value, before the place that differs */
#define COMMAND_MAX (64u << 10)

void tally_keep_source(const struct trace_entry *entry, char *out, size_t size)
{
    const char *file = entry->source ? entry->source : "";
    /* of a long path the end tells more */
    size_t len = strlen(file), room = size - sizeof ", line 18446744073709551615" - CUT_LEN;
    const char *cut = len > room ? CUT : "";
    if (len > room)
        file += len - room;
    while (*cut && (*file & 0xC0) == 0x80)
        file++;
    if (entry->line)
        snprintf(out, size, "%s%s, line %zu", cut, file, entry->line);
    else
        snprintf(out, size, "%s%s", cut, file);
}

/* Where text may be cut at or before len, so that no character is torn. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t at = len;
    while (at > 0 && len - at < 3 && (text[at] & 0xC0) == 0x80)
        at--;
    return (text[at] & 0xC0) == 0x80 ? len : at;
}

bool tally_keep_text(struct arena *texts, struct trace_text text, size_t max,
                     struct tally_text *out)
{
    *out = (struct tally_text){0};
    if (!text.ptr)
        return true;
    size_t len = text.len > max ? whole_characters(text.ptr, max) : text.len;
    *out = (struct tally_text){arena_strndup(texts, text.ptr, len), len, text.len};
    return out->ptr;
}

const char *tally_keep_begin(struct arena *texts, const char *text, size_t len, size_t max)
{
    size_t kept = len > max ? whole_characters(text, max) : len;
    char *copied = arena_alloc(texts, kept + CUT_LEN + 1);
    if (!copied)
        return NULL;
    char *end = (char *)mempcpy(copied, text, kept);
    if (kept < len)
        end = (char *)mempcpy(end, CUT, CUT_LEN);
    *end = '\0';
    return copied;
}

static size_t common_prefix(struct trace_text a, struct trace_text b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

/* The value, or of a long one what stands around place. */
static bool copy_value(struct tally *t, struct trace_text *value, size_t place)
{
    if (!value->ptr)
        return true;
    size_t begin = 0, end = value->len;
    if (value->len > TALLY_VALUE_MAX) {
        begin = place > BEFORE_MAX ? whole_characters(value->ptr, place - BEFORE_MAX) : 0;
        end = begin + TALLY_VALUE_MAX;
        end = end < value->len ? whole_characters(value->ptr, end) : value->len;
    }
    char *text = arena_alloc(&t->texts, end - begin + 2 * CUT_LEN + 1), *at = text;
    if (!text)
        return false;
    if (begin > 0)
        at = (char *)mempcpy(at, CUT, CUT_LEN);
    at = (char *)mempcpy(at, value->ptr + begin, end - begin);
    if (end < value->len)
        at = (char *)mempcpy(at, CUT, CUT_LEN);
    *at = '\0';
    *value = (struct trace_text){text, (size_t)(at - text)};
    return true;
}

static bool copy_item(struct tally *t, struct compare_difference *item)
{
    size_t place =
        item->expected.ptr && item->got.ptr ? common_prefix(item->expected, item->got) : 0;
    size_t len = strnlen(item->pointer, TALLY_VALUE_MAX);
    item->pointer = arena_strndup(&t->texts, item->pointer, len);
    return item->pointer && copy_value(t, &item->expected, place) &&
           copy_value(t, &item->got, place);
}

/* As many as there is room for; one at least. */
static bool copy_items(struct tally *t, const struct compare_result *from, size_t max,
                       struct tally_difference *d)
{
    struct compare_difference *items = arena_alloc(&t->texts, (from->nitems + 1) * sizeof *items);
    size_t begin = arena_mark(&t->texts);
    if (!items)
        return false;
    d->items = items;
    d->count = from->count;
    for (size_t i = 0; i < from->nitems; i++) {
        if (i > 0 && arena_mark(&t->texts) - begin > max)
            break;
        items[i] = from->items[i];
        if (!copy_item(t, &items[i]))
            return false;
        d->nitems++;
    }
    return true;
}

/* For the one event; --only stands first, since a "--" may end the options. A message is what it is
 * by those around it. */
static char *repeat_command(struct tally *t, size_t number)
{
    const char *words = t->repeat ? t->repeat : "";
    size_t len = strnlen(words, COMMAND_MAX);
    size_t size = len + sizeof "clambda replay --only 18446744073709551615 ";
    char *command = arena_alloc(&t->texts, size);
    if (command && t->messages)
        snprintf(command, size, "clambda replay %.*s", (int)len, words);
    else if (command)
        snprintf(command, size, "clambda replay --only %zu %.*s", number, (int)len, words);
    return command;
}

static bool copy_words(struct tally *t, const struct trace_entry *expected,
                       const struct trace_entry *got, struct tally_difference *d)
{
    char source[TALLY_SOURCE_MAX];
    struct trace_text id = expected->request_id.len ? expected->request_id : got->request_id;
    tally_keep_source(expected, source, sizeof source);
    d->source = arena_strndup(&t->texts, source, strlen(source));
    d->request_id = arena_strndup(&t->texts, id.ptr ? id.ptr : "", id.len < 64 ? id.len : 64);
    d->command = repeat_command(t, d->number);
    return d->source && d->request_id && d->command;
}

static bool copy_all(struct tally *t, const struct trace_entry *expected,
                     const struct trace_entry *got, const struct compare_result *differences,
                     struct tally_difference *d)
{
    const struct trace_text texts[] = {expected->event, expected->answer, got->answer,
                                       expected->log, got->log};
    struct tally_text *const copies[] = {&d->event, &d->expected, &d->got, &d->expected_log,
                                         &d->got_log};
    size_t max = (TALLY_KEPT_BYTES - arena_mark(&t->texts)) / SHARE;
    max = max > TALLY_TEXT_MAX ? TALLY_TEXT_MAX : max < TALLY_TEXT_LEAST ? TALLY_TEXT_LEAST : max;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!tally_keep_text(&t->texts, texts[i], max, copies[i]))
            return false;
        d->cut |= copies[i]->len < copies[i]->whole;
    }
    return copy_items(t, differences, max < TALLY_ITEMS_BYTES ? max : TALLY_ITEMS_BYTES, d) &&
           copy_words(t, expected, got, d);
}

void tally_keep(struct tally *t, size_t number, const struct trace_entry *expected,
                const struct trace_entry *got, const struct compare_result *differences)
{
    size_t mark = arena_mark(&t->texts), at = t->nkept;
    struct tally_difference d = {
        .number = number,
        .expected_status = expected->status,
        .got_status = got->status,
        .expected_us = expected->duration_us,
        .got_us = got->duration_us,
    };
    if (t->nkept == TALLY_KEPT_MAX || mark >= TALLY_KEPT_BYTES)
        return;
    if (!copy_all(t, expected, got, differences, &d) || arena_mark(&t->texts) > TALLY_KEPT_BYTES) {
        arena_rewind(&t->texts, mark);
        return;
    }
    while (at > 0 && t->kept[at - 1].number > number)
        at--;
    memmove(&t->kept[at + 1], &t->kept[at], (t->nkept - at) * sizeof *t->kept);
    t->kept[at] = d;
    t->nkept++;
}
