/* SPDX-License-Identifier: Apache-2.0 */
/* What every subcommand has in common: its row in main.c's table, its exit codes, the signals that
 * end it. A new subcommand is one file with a run function and one row. */
#pragma once

#include <signal.h>

/* Exit codes of the command line, a contract with scripts. */
enum command_exit {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,        /* the function failed (its error payload is on stdout) */
    EXIT_USAGE = 2,         /* wrong command line or bad input */
    EXIT_HOST = 3,          /* this host cannot sandbox as asked, or a result cannot be written */
    EXIT_INTERRUPTED = 130, /* one of command_signals() */
};

struct command {
    const char *name;
    /* argv[0] is the subcommand's name, argv[1] its first argument, argv[argc] NULL. Gives the exit
     * code. Results go to stdout, everything else to stderr; "--help" prints its help on stdout. */
    int (*run)(int argc, char **argv);
    const char *arguments; /* for the overview: "FUNCTION [-e FILE]..." */
    const char *summary;   /* one line, lower case, no full stop */
};

/* What ends a command early. It blocks them and looks between two steps: nothing is left behind. */
static inline sigset_t command_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}
