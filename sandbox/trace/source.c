/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "trace/recording.h"
#include "trace/unpack.h"

#define CAP_FIRST (256u << 10)
#define CAP_KEPT  (8u << 20) /* larger buffers go when the long line is over */
#define MARK      "\xEF\xBB\xBF"
#define MARK_LEN  3

struct source {
    int fd;
    const char *name;
    const struct trace_read_options *options;
    struct unpack *unpack;
    char *ptr; /* heap; a byte more than cap */
    size_t cap, begin, end;
    bool at_end;
    bool begun; /* behind a byte order mark */
    size_t line, next_line;
    enum source_shape shape;
};

struct source *source_open(int fd, const char *name, const struct trace_read_options *o,
                           struct err *err)
{
    struct source *s = calloc(1, sizeof *s);
    char *ptr = malloc(CAP_FIRST + 1);
    if (!s || !ptr) {
        free(s);
        free(ptr);
        close(fd);
        err_set(err, ERR_MEMORY, "no memory for a file's buffer");
        return NULL;
    }
    *s = (struct source){
        .fd = fd, .name = name, .options = o, .ptr = ptr, .cap = CAP_FIRST, .next_line = 1};
    s->unpack = unpack_open(fd, o->interrupt_fd, err);
    if (!s->unpack) {
        source_close(s);
        return NULL;
    }
    return s;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    unpack_close(s->unpack);
    close(s->fd);
    free(s->ptr);
    free(s);
}

const char *source_name(const struct source *s)
{
    return s->name;
}

size_t source_line_number(const struct source *s)
{
    return s->line;
}

enum source_shape source_shape(const struct source *s)
{
    return s->shape;
}

bool source_is_forced(const struct source *s)
{
    return s->options->kind != NULL;
}

uint64_t source_bytes(const struct source *s)
{
    return unpack_bytes(s->unpack);
}

void source_warn(struct source *s, const char *fmt, ...)
{
    char text[ERR_MSG_MAX], why[ERR_MSG_MAX / 2];
    va_list args;
    if (!s->options->warn)
        return;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    snprintf(text, sizeof text, "%.200s, line %zu: %s", s->name, s->line, why);
    s->options->warn(s->options->owner, text);
}

int source_fail(const struct source *s, struct err *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    err_setv(err, ERR_INPUT, fmt, args);
    va_end(args);
    return err_wrap(err, "%.200s, line %zu", s->name, s->line);
}

static int resize(struct source *s, size_t cap, struct err *err)
{
    char *ptr = realloc(s->ptr, cap + 1);
    if (!ptr)
        return err_set(err, ERR_MEMORY, "%.200s, line %zu: no memory for a line of %zu bytes",
                       s->name, s->next_line, cap);
    s->ptr = ptr;
    s->cap = cap;
    return 0;
}

/* Room behind end: what was read moves to the front, or the buffer grows. */
static int make_room(struct source *s, struct err *err)
{
    size_t have = s->end - s->begin;
    if (s->begin) {
        memmove(s->ptr, s->ptr + s->begin, have);
        s->begin = 0;
        s->end = have;
    }
    if (s->cap > CAP_KEPT && have < CAP_FIRST)
        return resize(s, CAP_FIRST, err);
    if (have < s->cap)
        return 0;
    if (s->cap >= TRACE_LINE_MAX)
        return err_set(err, ERR_LIMIT, "%.200s, line %zu: longer than %u bytes", s->name,
                       s->next_line, TRACE_LINE_MAX);
    return resize(s, 2 * s->cap < TRACE_LINE_MAX ? 2 * s->cap : TRACE_LINE_MAX, err);
}

/* Reads more behind end. */
static int more(struct source *s, struct err *err)
{
    if (s->end == s->cap && make_room(s, err) < 0)
        return -1;
    long n = unpack_read(s->unpack, s->ptr + s->end, s->cap - s->end, err);
    if (n < 0)
        return err_wrap(err, "%.200s, line %zu", s->name, s->next_line);
    if (unpack_was_torn(s->unpack) && s->options->warn) {
        char text[ERR_MSG_MAX];
        snprintf(text, sizeof text, "%.200s: gzip data that was cut off is skipped", s->name);
        s->options->warn(s->options->owner, text);
    }
    s->end += (size_t)n;
    s->at_end = n == 0;
    return 0;
}

static int begin(struct source *s, struct err *err)
{
    if (s->begun)
        return 0;
    while (s->end < MARK_LEN && !s->at_end)
        if (more(s, err) < 0)
            return -1;
    if (s->end >= MARK_LEN && memcmp(s->ptr, MARK, MARK_LEN) == 0)
        s->begin = MARK_LEN;
    s->begun = true;
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_blank(const char *text, size_t len)
{
    while (len && is_space(text[len - 1]))
        len--;
    return len == 0;
}

/* Finds the end of the line that begins at begin + from: the offset from begin of its line break,
 * or of the end of the file. -1: err. */
static long find_end(struct source *s, size_t from, struct err *err)
{
    for (size_t seen = from;;) {
        size_t have = s->end - s->begin;
        const char *end = have > seen ? memchr(s->ptr + s->begin + seen, '\n', have - seen) : NULL;
        if (end)
            return (long)(end - (s->ptr + s->begin));
        if (s->at_end)
            return (long)have;
        seen = have;
        if (more(s, err) < 0)
            return -1;
    }
}

int source_line(struct source *s, char **out_text, size_t *out_len, bool *out_whole,
                struct err *err)
{
    if (begin(s, err) < 0)
        return -1;
    for (;;) {
        long len = find_end(s, 0, err);
        if (len < 0)
            return -1;
        bool whole = s->begin + (size_t)len < s->end;
        char *text = s->ptr + s->begin;
        s->begin += (size_t)len + whole;
        s->line = s->next_line++;
        if (len && text[len - 1] == '\r')
            len--;
        text[len] = '\0';
        if (!is_blank(text, (size_t)len)) {
            *out_text = text;
            *out_len = (size_t)len;
            *out_whole = whole;
            return 1;
        }
        if (!whole)
            return 0;
    }
}

static int read_all(struct source *s, struct err *err)
{
    while (!s->at_end)
        if (more(s, err) < 0)
            return -1;
    return 0;
}

/* Counts lines up to the first character that is not white space. */
static void skip_space(struct source *s)
{
    while (s->begin < s->end && is_space(s->ptr[s->begin]))
        s->next_line += s->ptr[s->begin++] == '\n';
}

int source_rest(struct source *s, char **out_text, size_t *out_len, struct err *err)
{
    if (begin(s, err) < 0 || read_all(s, err) < 0)
        return -1;
    skip_space(s);
    s->line = s->next_line;
    *out_text = s->ptr + s->begin;
    *out_len = s->end - s->begin;
    s->ptr[s->end] = '\0';
    s->begin = s->end;
    return *out_len > 0;
}

/* Up to the first line that is not blank: its length, 0 when there is none. */
static long find_first(struct source *s, struct err *err)
{
    for (;;) {
        skip_space(s);
        if (s->begin < s->end)
            return find_end(s, 0, err);
        if (s->at_end)
            return 0;
        s->begin = s->end = 0;
        if (more(s, err) < 0)
            return -1;
    }
}

/* Whether anything but white space is behind the first len bytes. */
static int has_more(struct source *s, size_t len, struct err *err)
{
    for (size_t seen = len;; seen = s->end - s->begin) {
        if (!is_blank(s->ptr + s->begin + seen, s->end - s->begin - seen))
            return 1;
        if (s->at_end)
            return 0;
        if (more(s, err) < 0)
            return -1;
    }
}

static int look_on(struct source *s, size_t first, struct source_sample *out, struct err *err)
{
    const char *text = s->ptr + s->begin;
    while (first && is_space(text[first - 1]))
        first--;
    out->text.len = first;
    out->shape = SOURCE_RECORDING;
    if (recording_begins(text, s->end - s->begin, s->at_end))
        return 0;
    if (scan_valid(text, first, &out->fault)) {
        int lines = has_more(s, first, err);
        out->shape = lines > 0 ? SOURCE_LINES : SOURCE_DOCUMENT;
        return lines < 0 ? -1 : 0;
    }
    /* no token of JSON reaches beyond its line: what breaks inside it is broken for good */
    bool open = (*text == '{' || *text == '[') && out->fault.offset == first;
    if (open && read_all(s, err) < 0)
        return -1;
    out->text.len = s->end - s->begin;
    out->shape = open && scan_valid(s->ptr + s->begin, out->text.len, &out->fault) ? SOURCE_DOCUMENT
                                                                                   : SOURCE_TEXT;
    if (out->shape == SOURCE_TEXT && out->text.len > SOURCE_HEAD)
        out->text.len = SOURCE_HEAD;
    return 0;
}

int source_look(struct source *s, struct source_sample *out, struct err *err)
{
    if (begin(s, err) < 0)
        return -1;
    long first = find_first(s, err);
    if (first <= 0)
        return (int)first;
    while (s->end - s->begin < RECORDING_HEAD && !s->at_end)
        if (more(s, err) < 0)
            return -1;
    *out = (struct source_sample){.name = s->name};
    if (look_on(s, (size_t)first, out, err) < 0)
        return -1;
    out->text.ptr = s->ptr + s->begin;
    s->shape = out->shape;
    out->fault.line += s->next_line - 1;
    return 1;
}
