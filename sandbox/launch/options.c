/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/options.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define HELP_COLUMN 26
#define HELP_WIDTH  80
#define HELP_MAX    (16u << 10)

struct cursor {
    const struct options *options;
    void *target;
    int argc, at;
    char **argv;
    uint64_t seen; /* of the options that may stand there once only */
};

/* The row number i of all tables, or NULL. */
static const struct option_row *row_at(const struct options *o, size_t i)
{
    for (size_t t = 0; t < ARRAY_LEN(o->tables); t++) {
        if (i < o->tables[t].count)
            return &o->tables[t].rows[i];
        i -= o->tables[t].count;
    }
    return NULL;
}

static const struct option_row *find_long(const struct options *o, const char *name, size_t len)
{
    const struct option_row *row;
    for (size_t i = 0; (row = row_at(o, i)); i++)
        if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

static const struct option_row *find_short(const struct options *o, char letter)
{
    const struct option_row *row;
    for (size_t i = 0; (row = row_at(o, i)); i++)
        if (row->letter == letter)
            return row;
    return NULL;
}

static int check_once(struct cursor *c, const char *name, const char *value, struct err *err)
{
    const char *const *once = c->options->once;
    for (size_t i = 0; once && once[i]; i++) {
        uint64_t bit = UINT64_C(1) << i;
        assert(i < 64);
        if (strcmp(once[i], name) != 0)
            continue;
        if (c->seen & bit)
            return err_set(err, ERR_USAGE, "'%.100s' is the second one: it is given once only",
                           value);
        c->seen |= bit;
    }
    return 0;
}

/* value NULL: it is the next word, if there has to be one. */
static int take(struct cursor *c, const struct option_row *row, const char *shown,
                const char *value, struct err *err)
{
    if (row->value && !value) {
        if (c->at + 1 >= c->argc)
            return err_set(err, ERR_USAGE, "%s needs a value: %s", shown, row->value);
        value = c->argv[++c->at];
    }
    if (check_once(c, row->name, value ? value : shown, err) == 0 &&
        row->set(c->target, value, err) == 0)
        return 0;
    return err_wrap(err, "%s", shown);
}

static int parse_long(struct cursor *c, struct err *err)
{
    const struct options *o = c->options;
    const char *text = c->argv[c->at] + 2;
    const char *equal = strchr(text, '=');
    size_t len = equal ? (size_t)(equal - text) : strlen(text);
    const struct option_row *row = find_long(o, text, len);
    char shown[48];
    snprintf(shown, sizeof shown, "--%.*s", (int)(len < 40 ? len : 40), text);
    if (!row)
        return err_set(err, ERR_USAGE, "unknown option %s: 'clambda %s --help' lists them", shown,
                       o->command);
    if (!row->value && equal)
        return err_set(err, ERR_USAGE, "%s takes no value, '%.80s' was given", shown, equal + 1);
    return take(c, row, shown, equal ? equal + 1 : NULL, err);
}

static int parse_short(struct cursor *c, struct err *err)
{
    const char *text = c->argv[c->at];
    const struct option_row *row = find_short(c->options, text[1]);
    char shown[3] = {'-', text[1], '\0'};
    if (!row)
        return err_set(err, ERR_USAGE, "unknown option %.40s: 'clambda %s --help' lists them", text,
                       c->options->command);
    if (!row->value && text[2])
        return err_set(err, ERR_USAGE, "%s takes no value, '%.80s' was given", shown, text + 2);
    return take(c, row, shown, text[2] ? text + 2 : NULL, err);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int options_parse(const struct options *o, int argc, char **argv, void *target, bool *out_help,
                  struct err *err)
{
    struct cursor c = {o, target, argc, 1, argv, 0};
    bool ended = false;
    *out_help = asks_for_help(argc, argv);
    if (*out_help)
        return 0;
    for (; c.at < argc; c.at++) {
        const char *text = argv[c.at];
        int status;
        if (!ended && strcmp(text, "--") == 0) {
            ended = true;
            continue;
        }
        if (!ended && text[0] == '-' && text[1] == '-')
            status = parse_long(&c, err);
        else if (!ended && text[0] == '-' && text[1])
            status = parse_short(&c, err);
        else
            status = o->argument(target, text, err);
        if (status < 0)
            return -1;
    }
    return 0;
}

static size_t span(const char *text, size_t len, bool blank)
{
    size_t n = 0;
    while (n < len && (text[n] == ' ' || text[n] == '\n') == blank)
        n++;
    return n;
}

void options_help_text(FILE *out, const char *text, size_t len, size_t column)
{
    size_t at = 0;
    while (len) {
        size_t blanks = span(text, len, true), word = span(text + blanks, len - blanks, false);
        text += blanks;
        len -= blanks;
        if (word && at > 0 && at + blanks + word > HELP_WIDTH) {
            fputc('\n', out);
            at = 0;
            blanks = column;
        }
        if (word)
            fprintf(out, "%*s%.*s", (int)blanks, "", (int)word, text);
        at += blanks + word;
        text += word;
        len -= word;
    }
    fputc('\n', out);
}

static void help_row(const struct option_row *row, FILE *out)
{
    AUTO_BUF struct buf text = {0};
    char letter[6] = "    ", left[64];
    buf_init(&text, HELP_MAX);
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    int n = snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name, row->value ? " " : "",
                     row->value ? row->value : "");
    buf_addf(&text, "  %s%*s%s", left, n < HELP_COLUMN ? HELP_COLUMN - n : 1, "", row->help);
    if (row->fallback)
        buf_addf(&text, " (default %s)", row->fallback);
    if (!text.failed)
        options_help_text(out, text.ptr, text.len, HELP_COLUMN + 2);
}

void options_help(const struct options *o, FILE *out)
{
    static const struct option_row help = {"help", 'h', NULL, NULL, "print this", NULL};
    fprintf(out, "Usage: clambda %s %s\n\n", o->command, o->arguments);
    options_help_text(out, o->intro, strlen(o->intro), 0);
    fputs("\nOptions:\n", out);
    const struct option_row *row;
    for (size_t i = 0; (row = row_at(o, i)); i++)
        help_row(row, out);
    help_row(&help, out);
    fputc('\n', out);
    options_help_text(out, o->outro, strlen(o->outro), 0);
}
