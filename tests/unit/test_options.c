/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "launch/options.h"

struct target {
    char log[256];
};

static int note(void *target, const char *what, const char *value, struct err *err)
{
    struct target *t = target;
    size_t n = strlen(t->log);
    if (value && strcmp(value, "bad") == 0)
        return err_set(err, ERR_INPUT, "'%s' is not good", value);
    snprintf(t->log + n, sizeof t->log - n, "%s=%s;", what, value ? value : "");
    return 0;
}

static int set_size(void *target, const char *value, struct err *err)
{
    return note(target, "size", value, err);
}

static int set_file(void *target, const char *value, struct err *err)
{
    return note(target, "file", value, err);
}

static int set_loud(void *target, const char *value, struct err *err)
{
    return note(target, "loud", value, err);
}

static int argument(void *target, const char *value, struct err *err)
{
    return note(target, "arg", value, err);
}

static const struct option_row own[] = {
    {"file", 'e', "FILE", NULL, "a file", set_file},
    {"loud", 'l', NULL, NULL, "noise", set_loud},
};
static const struct option_row shared[] = {{"size", 0, "MB", "128", "in MB,\nroughly", set_size}};
static const char *const once[] = {"size", NULL};
static const struct options options = {
    .command = "try",
    .arguments = "THING",
    .intro = "Intro.",
    .outro = "Outro.\n",
    .tables = {{own, 2}, {shared, 1}},
    .argument = argument,
    .once = once,
};

static const struct {
    const char *argv[6]; /* after the command */
    const char *log, *fault;
    bool help;
} rows[] = {
    {{"a"}, "arg=a;", NULL, false},
    {{"--size", "5", "a"}, "size=5;arg=a;", NULL, false},
    {{"--size=5"}, "size=5;", NULL, false},
    {{"--size="}, "size=;", NULL, false},
    {{"-e", "x", "-ey", "--file=z"}, "file=x;file=y;file=z;", NULL, false},
    {{"-l", "--loud"}, "loud=;loud=;", NULL, false},
    {{"-"}, "arg=-;", NULL, false},
    {{"-e", "-"}, "file=-;", NULL, false},
    {{"--size", "--loud"}, "size=--loud;", NULL, false},
    {{"--", "--size", "-e"}, "arg=--size;arg=-e;", NULL, false},
    {{"--size"}, NULL, "--size needs a value: MB", false},
    {{"-e"}, NULL, "-e needs a value: FILE", false},
    {{"--nope=1"}, NULL, "unknown option --nope: 'clambda try --help' lists them", false},
    {{"--size", "5", "--size=6"},
     NULL,
     "--size: '6' is the second one: it is given once only",
     false},
    {{"--siz", "1"}, NULL, "unknown option --siz", false},
    {{"-x"}, NULL, "unknown option -x", false},
    {{"--loud=1"}, NULL, "--loud takes no value, '1' was given", false},
    {{"-lx"}, NULL, "-l takes no value, 'x' was given", false},
    {{"--size", "bad"}, NULL, "--size: 'bad' is not good", false},
    {{"-e", "bad"}, NULL, "-e: 'bad' is not good", false},
    {{"bad"}, NULL, "'bad' is not good", false},
    {{"--nope", "--help"}, "", NULL, true},
    {{"a", "-h"}, "", NULL, true},
    {{"--", "--help"}, "arg=--help;", NULL, false},
};

static void test_rows(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *argv[8] = {strdup("try")};
        int argc = 1;
        for (; rows[i].argv[argc - 1]; argc++)
            argv[argc] = strdup(rows[i].argv[argc - 1]);
        struct target t = {""};
        struct err err = {0};
        bool help = false;
        CHECK_INT(options_parse(&options, argc, argv, &t, &help, &err), rows[i].fault ? -1 : 0);
        if (rows[i].fault)
            CHECK_HAS(err.msg, rows[i].fault);
        else
            CHECK_STR(t.log, rows[i].log);
        CHECK_INT(help, rows[i].help);
        for (int n = 0; n < argc; n++)
            free(argv[n]);
    }
}

static void test_help_text(void)
{
    static const struct {
        const char *text;
        size_t column;
        const char *want;
    } texts[] = {
        {"", 4, "\n"},
        {"  a  b", 4, "  a  b\n"},
        {"a\nb\n", 0, "a b\n"},
#define TEN "123456789 "
        {TEN TEN TEN TEN TEN TEN TEN TEN, 0, TEN TEN TEN TEN TEN TEN TEN "123456789\n"},
        {TEN TEN TEN TEN TEN TEN TEN "1234567890 x", 2,
         TEN TEN TEN TEN TEN TEN TEN "1234567890\n  x\n"},
        {TEN TEN TEN TEN TEN TEN TEN "1234567890x", 2,
         TEN TEN TEN TEN TEN TEN "123456789\n  1234567890x\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        options_help_text(out, texts[i].text, strlen(texts[i].text), texts[i].column);
        fclose(out);
        CHECK_STR(text, texts[i].want);
        free(text);
    }
}

static void test_help(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    options_help(&options, out);
    fclose(out);
    CHECK_STR(text, "Usage: clambda try THING\n\nIntro.\n\nOptions:\n"
                    "  -e, --file FILE           a file\n"
                    "  -l, --loud                noise\n"
                    "      --size MB             in MB, roughly (default 128)\n"
                    "  -h, --help                print this\n"
                    "\nOutro.\n");
    free(text);
}

static const struct check_test tests[] = {
    {"rows", test_rows}, {"help", test_help}, {"help text", test_help_text}};

CHECK_MAIN(tests)
