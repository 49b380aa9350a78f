/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a subcommand as one table, which parses the command line and prints the help. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct option_row {
    const char *name;     /* without the dashes: "memory" */
    char letter;          /* 'e' for -e; 0: none */
    const char *value;    /* what the help calls its value; NULL: a flag */
    const char *fallback; /* its default, for the help; NULL: none */
    const char *help;     /* lower case */
    int (*set)(void *target, const char *value, struct err *err); /* value is NULL for a flag */
};

struct options {
    const char *command;       /* "invoke" */
    const char *arguments;     /* "FUNCTION [-e FILE]... [OPTION]..." */
    const char *intro, *outro; /* of the help: a paragraph each */
    /* Its own options, and those that several subcommands share; all get the same target. */
    struct option_table {
        const struct option_row *rows;
        size_t count;
    } tables[3];
    int (*argument)(void *target, const char *value, struct err *err); /* not an option */
    /* Names of options that may stand there once only, NULL behind the last; NULL: none. Of others
     * the last one counts, or all do. */
    const char *const *once;
};

/* Reads argv[1..]: "--name value", "--name=value", "-e value", "-evalue"; "--" ends the options.
 * *out_help is true when --help or -h stands anywhere before: nothing else counts then. -1: what is
 * wrong with which option. */
int options_parse(const struct options *o, int argc, char **argv, void *target, bool *out_help,
                  struct err *err) ATTR_CHECK;

void options_help(const struct options *o, FILE *out);

/* A paragraph of a help, broken at blanks where a terminal of 80 columns ends; further lines begin
 * at column. A '\n' in it is a blank. Ends the line. */
void options_help_text(FILE *out, const char *text, size_t len, size_t column);
