/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frames.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

#define MAPS_BUFFER  8192
#define BUILD_ID_MAX 64

void report_put(struct report *r, const char *bytes, size_t len)
{
    if (len > r->cap - r->len)
        len = r->cap - r->len;
    memcpy(r->text + r->len, bytes, len);
    r->len += len;
}

void report_text(struct report *r, const char *text)
{
    report_put(r, text, strlen(text));
}

void report_number(struct report *r, uint64_t value, unsigned radix)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % radix];
        value /= radix;
    } while (value);
    report_put(r, digits + at, sizeof digits - at);
}

void frames_add(struct frames *f, uintptr_t ip)
{
    if (f->count < FRAMES_MAX)
        f->list[f->count++] = (struct frame){.ip = ip};
}

/* ---- /proc/self/maps ----------------------------------------------------------------------- */

/* A line: "7f12-7f34 r-xp 00001000 08:01 1234    /path". */
struct mapping {
    uintptr_t start, end, offset;
    const char *path; /* "" for anonymous memory */
};

static const char *read_hex(const char *p, uintptr_t *out)
{
    uintptr_t value = 0;
    for (;; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) {
            digit = (unsigned)*p - 'a' + 10;
            if (digit < 10 || digit > 15)
                break;
        }
        value = value << 4 | digit;
    }
    *out = value;
    return p;
}

static const char *skip_word(const char *p)
{
    while (*p && *p != ' ')
        p++;
    while (*p == ' ')
        p++;
    return p;
}

static void parse_mapping(const char *line, struct mapping *out)
{
    const char *p = read_hex(line, &out->start);
    p = read_hex(p + (*p == '-'), &out->end);
    p = skip_word(p);                         /* to the rights */
    p = read_hex(skip_word(p), &out->offset); /* behind them */
    out->path = skip_word(skip_word(skip_word(p)));
}

/* A copy that lives as long as f; the last one again when the path is the same. */
static const char *keep_path(struct frames *f, const char *path, const char *last)
{
    size_t size = strlen(path) + 1;
    if (last && strcmp(last, path) == 0)
        return last;
    if (size > FRAMES_PATHS - f->paths_used)
        return NULL;
    char *copy = memcpy(f->paths + f->paths_used, path, size);
    f->paths_used += size;
    return copy;
}

/* base: where the file of this line, or of the lines above with the same path, starts. */
struct walk {
    struct frames *f;
    uintptr_t base;
    const char *last;
};

static void on_mapping(struct walk *w, const char *line)
{
    struct mapping m;
    parse_mapping(line, &m);
    if (m.offset == 0)
        w->base = m.start;
    for (size_t i = 0; i < w->f->count; i++) {
        struct frame *frame = &w->f->list[i];
        if (frame->ip < m.start || frame->ip >= m.end || frame->path)
            continue;
        w->last = keep_path(w->f, *m.path ? m.path : "[anonymous]", w->last);
        frame->path = w->last;
        frame->base = *m.path == '/' ? w->base : 0;
    }
}

int frames_resolve(struct frames *f)
{
    static char buf[MAPS_BUFFER];
    AUTO_FD int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    struct walk w = {.f = f};
    size_t used = 0;
    for (ssize_t n; (n = read(fd, buf + used, sizeof buf - 1 - used)) > 0;) {
        used += (size_t)n;
        size_t from = 0;
        for (char *nl; (nl = memchr(buf + from, '\n', used - from));) {
            *nl = '\0';
            on_mapping(&w, buf + from);
            from = (size_t)(nl - buf) + 1;
        }
        used -= from;
        memmove(buf, buf + from, used);
        if (used == sizeof buf - 1)
            return -1; /* no line is that long */
    }
    return 0;
}

/* ---- output -------------------------------------------------------------------------------- */

/* Looks for the GNU build id in the notes of one segment. */
static const unsigned char *find_note(const char *at, size_t left, size_t *out_len)
{
    while (left >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, at, sizeof note);
        size_t name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
        size_t desc = ((size_t)note.n_descsz + 3) & ~(size_t)3;
        if (name + desc > left - sizeof note)
            return NULL;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(at + sizeof note, "GNU", 4) == 0) {
            *out_len = note.n_descsz;
            return (const unsigned char *)at + sizeof note + name;
        }
        at += sizeof note + name + desc;
        left -= sizeof note + name + desc;
    }
    return NULL;
}

/* The headers of a module stay mapped where it starts. */
static const unsigned char *find_build_id(uintptr_t base, size_t *out_len)
{
    const ElfW(Ehdr) *header = (const void *)base;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum > 64)
        return NULL;
    const ElfW(Phdr) *segments = (const void *)(base + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type != PT_NOTE)
            continue;
        const unsigned char *id =
            find_note((const char *)base + segments[i].p_vaddr, segments[i].p_filesz, out_len);
        if (id)
            return id;
    }
    return NULL;
}

static void print_build_id(const struct frame *frame, struct report *r)
{
    size_t len = 0;
    const unsigned char *id = find_build_id(frame->base, &len);
    if (!id || len > BUILD_ID_MAX)
        return;
    report_text(r, "    build id of ");
    report_text(r, frame->path);
    report_text(r, ": ");
    for (size_t i = 0; i < len; i++) {
        report_number(r, id[i] >> 4, 16);
        report_number(r, id[i] & 15, 16);
    }
    report_text(r, "\n");
}

static bool is_first_of_module(const struct frames *f, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (f->list[i].base == f->list[index].base)
            return false;
    return f->list[index].base != 0;
}

void frames_print(const struct frames *f, size_t from, struct report *r)
{
    for (size_t i = from; i < f->count; i++) {
        const struct frame *frame = &f->list[i];
        report_text(r, "    #");
        report_number(r, i, 10);
        report_text(r, " ");
        if (frame->path) {
            report_text(r, frame->path);
            report_text(r, "+");
        }
        report_text(r, "0x");
        report_number(r, frame->ip - frame->base, 16);
        report_text(r, "\n");
    }
}

void frames_print_modules(const struct frames *f, struct report *r)
{
    for (size_t i = 0; i < f->count; i++)
        if (is_first_of_module(f, i))
            print_build_id(&f->list[i], r);
}
