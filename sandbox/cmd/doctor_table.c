/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/doctor_table.h"

#include <string.h>

#include "base/json.h"
#include "launch/output.h"

#define GREEN "\033[32m"
#define RED   "\033[31m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

#define CELL_MAX (4 * ERR_MSG_MAX)

enum { NAME, LIMIT, HOLDS, MECHANISM, ADVICE, COLUMNS };

/* With one blank behind each but the last: 100 columns. */
static const struct {
    const char *title;
    size_t width;
} columns[COLUMNS] = {
    [NAME] = {"LIMIT", 9},         [LIMIT] = {"", 29},
    [HOLDS] = {"HOLDS", 5},        [MECHANISM] = {"MECHANISM", 17},
    [ADVICE] = {"WHAT TO DO", 36},
};

bool doctor_holds(const struct doctor_report *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i].required && !r->rows[i].found.holds)
            return false;
    return true;
}

/* How much of a text goes into one line: up to a blank, or what fits of a longer word, in whole
 * characters. */
static size_t line_len(const char *text, size_t width)
{
    size_t len = strlen(text);
    if (len <= width)
        return len;
    for (len = width; len > 0 && text[len] != ' ';)
        len--;
    if (len > 0)
        return len;
    for (len = width; len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    return len;
}

static void add_cell(struct buf *out, size_t column, const char *text, size_t len, const char *tone)
{
    if (tone)
        buf_adds(out, tone);
    buf_add(out, text, len);
    if (tone)
        buf_adds(out, PLAIN);
    for (size_t i = len; column != ADVICE && i <= columns[column].width; i++)
        buf_addc(out, ' ');
}

static void trim_line(struct buf *out)
{
    while (!out->failed && out->len && out->ptr[out->len - 1] == ' ')
        out->len--;
    buf_addc(out, '\n');
}

static void add_lines(struct buf *out, const char *left[static COLUMNS], const char *const *tones)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < COLUMNS; i++) {
            size_t len = line_len(left[i], columns[i].width);
            add_cell(out, i, left[i], len, len && tones ? tones[i] : NULL);
            left[i] += len;
            left[i] += strspn(left[i], " ");
            more = more || *left[i];
        }
        trim_line(out);
    }
}

/* Each cell on as many lines as it needs. Names of the host's files are among the texts. */
static void add_row(struct buf *out, const char *const *cells, const char *const *tones)
{
    struct buf visible[COLUMNS];
    const char *left[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_init(&visible[i], CELL_MAX);
        buf_add(&visible[i], "", 0);
        output_add_visible(cells[i], strlen(cells[i]), &visible[i]);
        for (char *c = visible[i].ptr; c && *c; c++)
            if (*c == '\n' || *c == '\t')
                *c = ' ';
        left[i] = visible[i].ptr ? visible[i].ptr : "";
    }
    add_lines(out, left, tones);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_free(&visible[i]);
}

static void add_head(const struct doctor_report *r, bool colour, struct buf *out)
{
    static const char *const bold[COLUMNS] = {BOLD, BOLD, BOLD, BOLD, BOLD};
    const char *cells[COLUMNS];
    buf_addf(out, "user %s, %s\n\n", r->user, r->kernel);
    for (size_t i = 0; i < COLUMNS; i++)
        cells[i] = columns[i].title;
    add_row(out, cells, colour ? bold : NULL);
}

static void add_relax(const struct doctor_report *r, struct buf *out)
{
    char list[64];
    unsigned set = 0;
    bool other = false;
    for (size_t i = 0; i < r->count; i++) {
        const struct doctor_row *row = &r->rows[i];
        if (!row->required || row->found.holds)
            continue;
        if (i < JAIL_LIMIT_COUNT && !*row->found.mechanism)
            set |= 1u << i;
        else
            other = true;
    }
    limit_list(set, list, sizeof list);
    if (other)
        buf_adds(out, "A function does not run here as it should: see above.\n");
    else
        buf_addf(out,
                 "'clambda invoke' ends with exit code 3 here; with --relax %s it runs\na function "
                 "without these limits.\n",
                 list);
}

void doctor_print_table(const struct doctor_report *r, bool colour, struct buf *out)
{
    const char *advice = "";
    add_head(r, colour, out);
    for (size_t i = 0; i < r->count; i++) {
        const struct doctor_row *row = &r->rows[i];
        const struct examine_finding *f = &row->found;
        bool again = *f->why && strcmp(f->why, advice) == 0;
        const char *cells[COLUMNS] = {row->name, row->limit, f->holds ? "yes" : "no",
                                      *f->mechanism ? f->mechanism : "-",
                                      again ? "as above" : f->why};
        const char *tones[COLUMNS] = {NULL, NULL, f->holds ? GREEN : RED, NULL, NULL};
        if (i > 0 && row->required != r->rows[i - 1].required)
            buf_addc(out, '\n');
        add_row(out, cells, colour ? tones : NULL);
        if (*f->why)
            advice = f->why;
    }
    buf_addc(out, '\n');
    if (doctor_holds(r))
        buf_adds(out, "'clambda invoke' runs functions with all of Lambda's limits here.\n");
    else
        add_relax(r, out);
}

static void add_or_null(struct json *object, const char *key, const char *text)
{
    if (*text)
        json_add_string(object, key, text);
    else
        json_add_null(object, key);
}

int doctor_print_json(const struct doctor_report *r, struct buf *out, struct err *err)
{
    struct json *root = json_new_object();
    json_add_bool(root, "holds", doctor_holds(r));
    json_add_string(root, "user", r->user);
    json_add_string(root, "kernel", r->kernel);
    struct json *list = json_add_array(root, "limits");
    for (size_t i = 0; i < r->count; i++) {
        const struct doctor_row *row = &r->rows[i];
        struct json *object = json_add_object(list, NULL);
        json_add_string(object, "name", row->name);
        json_add_string(object, "limit", row->limit);
        json_add_bool(object, "holds", row->found.holds);
        add_or_null(object, "mechanism", row->found.mechanism);
        add_or_null(object, "advice", row->found.why);
        json_add_bool(object, "required", row->required);
    }
    int failed = json_print(root, out, err);
    json_free(root);
    buf_addc(out, '\n');
    return failed < 0 ? -1 : buf_check(out, "the report", err);
}
