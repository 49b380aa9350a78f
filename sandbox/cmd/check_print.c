/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check_print.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cmd/check_groups.h"
#include "launch/output.h"

#define BOLD  "\033[1m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

#define TEXT_MAX (64u << 10) /* one text of a finding, made visible */
#define INDENT   4

static const struct {
    const char *name, *plural, *tone;
} severities[] = {
    [CHECK_ERROR] = {"error", "errors", "\033[31m"},
    [CHECK_WARNING] = {"warning", "warnings", "\033[33m"},
};

/* Where the next word of the text goes, and how far it may. */
struct page {
    struct buf *out;
    size_t width, column;
    size_t start, indent; /* of the first line, of the next ones */
    bool colour;
    bool blank; /* before the next word, unless that begins a line */
};

typedef void (*finding_fn)(void *target, const struct check_finding *f);

static void each_of(const struct check_finding *list, size_t count, enum check_severity severity,
                    finding_fn use, void *target)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].severity == severity)
            use(target, &list[i]);
}

/* Errors first. */
static void each_finding(const struct check_sight *s, finding_fn use, void *target)
{
    for (size_t i = 0; i < ARRAY_LEN(severities); i++) {
        each_of(s->report->findings, s->report->nfindings, (enum check_severity)i, use, target);
        each_of(s->more, s->nmore, (enum check_severity)i, use, target);
    }
}

static void count_finding(void *target, const struct check_finding *f)
{
    size_t *counts = target;
    counts[f->severity]++;
}

size_t check_print_count(const struct check_sight *s, enum check_severity severity)
{
    size_t counts[ARRAY_LEN(severities)] = {0};
    each_finding(s, count_finding, counts);
    return counts[severity];
}

/* Columns of a text that is valid UTF-8: one for each character. */
static size_t columns_of(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static void begin_text(struct page *p, size_t start, size_t indent)
{
    p->column = p->start = start;
    p->indent = indent;
    p->blank = false;
}

static void start_line(struct page *p)
{
    buf_addf(p->out, "\n%*s", (int)p->indent, "");
    p->column = p->start = p->indent;
    p->blank = false;
}

/* How many bytes of the word fit behind column. */
static size_t fitting(const struct page *p, const char *word, size_t len)
{
    while (len && (p->column + columns_of(word, len) > p->width ||
                   ((unsigned char)word[len] & 0xc0) == 0x80))
        len--;
    return len;
}

static void put(struct page *p, const char *word, size_t len, const char *tone)
{
    bool toned = p->colour && tone;
    buf_adds(p->out, toned ? tone : "");
    buf_add(p->out, word, len);
    buf_adds(p->out, toned ? PLAIN : "");
    p->column += columns_of(word, len);
}

/* A word that is longer than a line fills several. */
static void add_word(struct page *p, const char *word, size_t len, const char *tone)
{
    bool first = p->column == p->start;
    if (!first && p->column + p->blank + columns_of(word, len) > p->width) {
        start_line(p);
    } else if (p->blank) {
        buf_addc(p->out, ' ');
        p->column++;
    }
    p->blank = false;
    while (p->column + columns_of(word, len) > p->width) {
        size_t part = fitting(p, word, len);
        put(p, word, part, tone);
        start_line(p);
        word += part;
        len -= part;
    }
    put(p, word, len, tone);
}

/* Text that is harmless already; its blanks are where lines may end. */
static void add_words(struct page *p, const char *text, const char *tone)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        if (len)
            add_word(p, text, len, tone);
        text += len;
        p->blank = p->blank || *text;
        text += strspn(text, " ");
    }
}

/* Both texts and what is between them. */
static void add_texts(struct page *p, const char *text, const char *between, const char *more,
                      const char *tone)
{
    AUTO_BUF struct buf visible;
    buf_init(&visible, TEXT_MAX);
    output_add_visible_line(text, strlen(text), &visible);
    buf_adds(&visible, between);
    output_add_visible_line(more, strlen(more), &visible);
    if (visible.failed)
        buf_inherit(p->out, &visible);
    else
        add_words(p, visible.ptr, tone);
}

/* "why", the text, behind an indent and under it. */
static void add_remark(struct page *p, const char *label, const char *text)
{
    if (!*text)
        return;
    buf_addf(p->out, "%*s%s ", INDENT, "", label);
    begin_text(p, INDENT + strlen(label) + 1, INDENT + strlen(label) + 1);
    add_texts(p, text, "", "", NULL);
    buf_addc(p->out, '\n');
}

/* The names of its files, behind the rule's. */
static void add_names(struct page *p, const struct check_group *group)
{
    AUTO_BUF struct buf rest;
    size_t shown = group->count < CHECK_NAMES_SHOWN ? group->count : CHECK_NAMES_SHOWN;
    buf_init(&rest, TEXT_MAX);
    if (group->count > shown)
        buf_addf(&rest, " and %zu more", group->count - shown);
    for (size_t i = 0; i + 1 < shown; i++) {
        add_texts(p, group->names[i], ",", "", NULL);
        add_words(p, " ", NULL);
    }
    if (rest.failed)
        buf_inherit(p->out, &rest);
    else if (*group->names[shown - 1])
        add_texts(p, group->names[shown - 1], rest.len ? rest.ptr : "", ":", NULL);
    add_words(p, " ", NULL);
}

static void add_group(struct page *p, const struct check_group *group)
{
    const struct check_finding *f = group->first;
    buf_addc(p->out, '\n');
    begin_text(p, 0, INDENT);
    add_words(p, severities[f->severity].name, severities[f->severity].tone);
    add_words(p, " ", NULL);
    add_words(p, f->rule, BOLD);
    add_words(p, " ", NULL);
    add_names(p, group);
    add_texts(p, f->what, "", "", NULL);
    buf_addc(p->out, '\n');
    add_remark(p, "why:", group->why_said ? "" : f->why);
    add_remark(p, "fix:", group->fix_said ? "" : f->fix);
}

static void group_finding(void *target, const struct check_finding *f)
{
    check_groups_add(target, f);
}

static void add_findings(struct page *p, const struct check_sight *s)
{
    struct check_groups groups;
    if (!check_groups_init(&groups, s->report->nfindings + s->nmore)) {
        buf_inherit(p->out, &(struct buf){.failed = true, .starved = true});
        return;
    }
    each_finding(s, group_finding, &groups);
    for (size_t i = 0; i < groups.count; i++)
        add_group(p, &groups.list[i]);
    check_groups_fini(&groups);
}

static void add_size(struct buf *out, const char *before, uint64_t bytes, const char *after)
{
    static const char *const units[] = {"KB", "MB", "GB"};
    uint64_t tenths = bytes * 10 / 1024;
    size_t unit = 0;
    if (bytes < 1024) {
        buf_addf(out, "%s%" PRIu64 " bytes%s", before, bytes, after);
        return;
    }
    for (; tenths >= 10240 && unit + 1 < ARRAY_LEN(units); unit++)
        tenths /= 1024;
    buf_addf(out, "%s%" PRIu64 ".%" PRIu64 " %s%s", before, tenths / 10, tenths % 10, units[unit],
             after);
}

static void add_target(struct buf *out, const struct check_report *r)
{
    const char *arch = elf_arch_name(r->arch);
    buf_addf(out, "provided.%s%s%s", r->profile, *arch ? ", " : "", arch);
}

/* What is made of it here has no foreign names in it. */
static void add_own(struct page *p, const struct buf *text)
{
    if (text->failed)
        buf_inherit(p->out, text);
    else
        add_words(p, text->ptr, NULL);
}

static void add_head(struct page *p, const struct check_sight *s)
{
    const struct check_report *r = s->report;
    AUTO_BUF struct buf facts;
    buf_init(&facts, TEXT_MAX);
    buf_adds(&facts, " for ");
    add_target(&facts, r);
    if (r->zip_bytes)
        add_size(&facts, "; zip of ", r->zip_bytes, "");
    add_size(&facts, "; ", r->bytes, r->zip_bytes ? " unpacked" : "");
    buf_addf(&facts, "; %zu file%s, %zu of them ELF", r->nfiles, r->nfiles == 1 ? "" : "s",
             r->nelf);
    if (*r->glibc)
        buf_addf(&facts, "; glibc %s or newer", r->glibc);
    begin_text(p, 0, INDENT);
    add_texts(p, s->path, "", "", BOLD);
    add_own(p, &facts);
    buf_addc(p->out, '\n');
}

static void add_verdict(struct page *p, const struct check_sight *s)
{
    size_t counts[ARRAY_LEN(severities)] = {0};
    const char *between = ": ";
    AUTO_BUF struct buf rest;
    buf_init(&rest, TEXT_MAX);
    each_finding(s, count_finding, counts);
    bool fails = counts[CHECK_ERROR] > 0;
    buf_adds(&rest, " on ");
    add_target(&rest, s->report);
    for (size_t i = 0; i < ARRAY_LEN(severities); i++) {
        if (counts[i] == 0)
            continue;
        buf_addf(&rest, "%s%zu %s", between, counts[i],
                 counts[i] == 1 ? severities[i].name : severities[i].plural);
        between = ", ";
    }
    begin_text(p, 0, INDENT);
    buf_addc(p->out, '\n');
    add_texts(p, s->path, ": ", "", NULL);
    add_words(p, fails ? "would not run" : "would run",
              fails ? severities[CHECK_ERROR].tone : GREEN);
    add_own(p, &rest);
    buf_addc(p->out, '\n');
}

void check_print_text(const struct check_sight *s, size_t width, bool colour, struct buf *out)
{
    struct page p = {.out = out, .colour = colour};
    p.width = width < CHECK_WIDTH_MIN ? CHECK_WIDTH_MIN : width;
    add_head(&p, s);
    add_findings(&p, s);
    add_verdict(&p, s);
}

static void add_or_null(struct json *object, const char *key, const char *text)
{
    if (*text)
        json_add_string(object, key, text);
    else
        json_add_null(object, key);
}

static void add_object(void *target, const struct check_finding *f)
{
    struct json *object = json_add_object(target, NULL);
    json_add_string(object, "severity", severities[f->severity].name);
    json_add_string(object, "rule", f->rule);
    json_add_string(object, "where", f->where);
    json_add_string(object, "what", f->what);
    json_add_string(object, "why", f->why);
    json_add_string(object, "fix", f->fix);
}

int check_print_json(const struct check_sight *s, struct buf *out, struct err *err)
{
    const struct check_report *r = s->report;
    struct json *root = json_new_object();
    json_add_bool(root, "ok", check_print_count(s, CHECK_ERROR) == 0);
    json_add_string(root, "path", s->path);
    json_add_string(root, "profile", r->profile);
    add_or_null(root, "architecture", elf_arch_name(r->arch));
    if (r->zip_bytes)
        json_add_i64(root, "zipBytes", (int64_t)r->zip_bytes);
    else
        json_add_null(root, "zipBytes");
    json_add_i64(root, "unpackedBytes", (int64_t)r->bytes);
    json_add_i64(root, "files", (int64_t)r->nfiles);
    json_add_i64(root, "elfFiles", (int64_t)r->nelf);
    add_or_null(root, "glibc", r->glibc);
    each_finding(s, add_object, json_add_array(root, "findings"));
    int failed = json_print(root, out, err);
    json_free(root);
    buf_addc(out, '\n');
    return failed < 0 ? -1 : buf_check(out, "the report", err);
}
