/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frames.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "core/maps.h"
#include "core/object.h"

#define BUILD_ID_MAX 64

void frames_clear(struct frames *f)
{
    f->count = f->paths_used = 0;
}

void frames_add(struct frames *f, uintptr_t ip)
{
    if (f->count < FRAMES_MAX)
        f->list[f->count++] = (struct frame){.ip = ip};
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
    size_t head; /* that can be read there */
    uint64_t file;
    const char *last;
};

static void on_mapping(const struct mapping *m, void *user)
{
    struct walk *w = user;
    bool same = m->file == w->file;
    if (m->offset == 0 && m->file && !(same && object_continues(w->base, w->head, m->start))) {
        w->base = m->start;
        w->head = m->readable ? m->end - m->start : 0;
        w->file = m->file;
    }
    for (size_t i = 0; i < w->f->count; i++) {
        struct frame *frame = &w->f->list[i];
        if (frame->ip < m->start || frame->ip >= m->end || frame->path)
            continue;
        w->last = keep_path(w->f, *m->path ? m->path : "[anonymous]", w->last);
        frame->path = w->last;
        frame->base = w->last && *m->path == '/' ? w->base : 0;
        frame->head = w->head;
    }
}

int frames_resolve(struct frames *f)
{
    struct walk w = {.f = f};
    return maps_each(on_mapping, &w);
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

/* The first mapping of a module has its headers and notes. */
static const unsigned char *find_build_id(const struct frame *frame, size_t *out_len)
{
    size_t count = 0;
    const ElfW(Phdr) *segments = object_segments(frame->base, frame->head, &count);
    for (size_t i = 0; segments && i < count; i++) {
        const ElfW(Phdr) *s = &segments[i];
        if (s->p_type != PT_NOTE || s->p_vaddr > frame->head ||
            s->p_filesz > frame->head - s->p_vaddr)
            continue;
        const unsigned char *id =
            find_note((const char *)frame->base + s->p_vaddr, s->p_filesz, out_len);
        if (id)
            return id;
    }
    return NULL;
}

bool frames_is_first(const struct frames *f, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (f->list[i].base == f->list[index].base)
            return false;
    return f->list[index].base != 0;
}

/* "PATH+0x1234 (function+0x12)" */
static void print_frame(const struct frame *frame, const char *path, struct report *r)
{
    if (path) {
        report_text(r, path);
        report_text(r, "+");
    }
    report_text(r, "0x");
    report_number(r, frame->ip - frame->base, 16);
    if (!frame->name[0])
        return;
    report_text(r, " (");
    report_text(r, frame->name);
    report_text(r, "+0x");
    report_number(r, frame->offset, 16);
    report_text(r, ")");
}

void frames_print(const struct frames *f, size_t from, struct report *r)
{
    for (size_t i = from; i < f->count; i++) {
        report_text(r, "    #");
        report_number(r, i, 10);
        report_text(r, " ");
        print_frame(&f->list[i], f->list[i].path, r);
        report_text(r, "\n");
    }
}

static void print_build_id(const struct frame *frame, const char *path, struct report *r)
{
    size_t len = 0;
    const unsigned char *id = find_build_id(frame, &len);
    if (!id || len > BUILD_ID_MAX)
        return;
    report_text(r, "build id of ");
    report_text(r, path);
    report_text(r, ": ");
    for (size_t i = 0; i < len; i++) {
        report_number(r, id[i] >> 4, 16);
        report_number(r, id[i] & 15, 16);
    }
}

void frames_print_modules(const struct frames *f, struct report *r)
{
    for (size_t i = 0; i < f->count; i++) {
        size_t before = r->len;
        if (!frames_is_first(f, i))
            continue;
        report_text(r, "    ");
        size_t empty = r->len;
        print_build_id(&f->list[i], f->list[i].path, r);
        if (r->len == empty)
            report_rewind(r, before);
        else
            report_text(r, "\n");
    }
}

const char *frames_file(const struct frame *frame)
{
    const char *slash = frame->path ? strrchr(frame->path, '/') : NULL;
    return slash ? slash + 1 : frame->path;
}

/* Adds a line to a list of JSON strings; the line as a whole, or nothing. */
static void list_line(struct report *line, struct report *r, size_t reserve)
{
    size_t before = r->len;
    if (line->len) {
        if (r->len && r->text[r->len - 1] != '[')
            report_text(r, ",");
        report_json(r, line->text, line->len);
        if (r->cut || r->cap - r->len < reserve)
            report_rewind(r, before);
    }
    line->len = 0;
}

void frames_print_json(const struct frames *f, struct report *r, size_t reserve)
{
    static char text[FRAMES_LINE];
    struct report line = {.text = text, .cap = sizeof text};
    report_text(r, "[");
    for (size_t i = 0; i < f->count; i++) {
        print_frame(&f->list[i], frames_file(&f->list[i]), &line);
        list_line(&line, r, reserve);
    }
    for (size_t i = 0; i < f->count; i++) {
        if (frames_is_first(f, i))
            print_build_id(&f->list[i], frames_file(&f->list[i]), &line);
        list_line(&line, r, reserve);
    }
    report_text(r, "]");
}
