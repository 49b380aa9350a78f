/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/check.h"
#include "cmd/doctor.h"
#include "cmd/event.h"
#include "cmd/invoke.h"
#include "cmd/package.h"
#include "launch/command.h"
#include "launch/output.h"
#include "replay/replay.h"

static const struct command commands[] = {
    {"invoke", invoke_run, "FUNCTION [-e FILE]...", "run a function once for each event"},
    {"replay", replay_run, "FUNCTION TRACE...", "run recorded events again, compare, report"},
    {"event", event_run, "SOURCE [KEY=VALUE]...", "print a sample event"},
    {"check", check_command_run, "FILE...", "tell whether a package would run on Lambda"},
    {"package", package_run, "HANDLER.so... -o FILE.zip", "write what can be uploaded"},
    {"doctor", doctor_run, "[--json]", "which limits hold here, and what to do"},
};

static void print_help(FILE *out)
{
    fputs("Usage: clambda COMMAND [ARGUMENT]...\n\n"
          "AWS Lambda functions on your own machine, with Lambda's limits.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(out, "  %-8s %-26s %s\n", commands[i].name, commands[i].arguments,
                commands[i].summary);
    fputs("\nOptions:\n"
          "  -h, --help     print this; after a command: its own options\n"
          "  --version      print the version\n\n"
          "'clambda COMMAND --help' tells more, 'man clambda' everything.\n",
          out);
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(argc, argv);
    struct err err;
    err_set(&err, ERR_USAGE, "'%.80s' is not a command: 'clambda --help' lists them", argv[0]);
    output_error(&err);
    return EXIT_USAGE;
}

/* A standard stream that the caller has closed would be the number of the next file opened, and
 * log lines would go there. What takes its place refuses to be used, as the closed one did. */
static int hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return -1;
    return 0;
}

#ifdef __SANITIZE_ADDRESS__
/* gcc 12's leak checker crashes over thread-local variables of libraries that are loaded later. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "intercept_tls_get_addr=0";
}
#endif

int main(int argc, char **argv)
{
    if (hold_standard_streams() < 0)
        return EXIT_HOST;
    signal(SIGXFSZ, SIG_IGN); /* a file beyond the caller's limit is an error, told as others are */
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return output_finish(EXIT_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("clambda " CLAMBDA_VERSION);
        return output_finish(EXIT_DONE);
    }
    return run_command(argc - 1, argv + 1);
}
