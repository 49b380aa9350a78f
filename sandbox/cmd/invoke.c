/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/invoke.h"

#include <stdio.h>
#include <unistd.h>

#include "cmd/payloads.h"
#include "cmd/session.h"
#include "launch/command.h"
#include "launch/failure.h"
#include "launch/launch.h"
#include "launch/output.h"
#include "launch/places.h"

struct invoke {
    struct launch launch; /* first: the shared options expect it there */
    struct payloads payloads;
    bool verbose;
};

static int set_event(void *target, const char *value, struct err *err)
{
    struct invoke *i = target;
    return payloads_add(&i->payloads, value, err);
}

static int set_verbose(void *target, const char *value, struct err *err)
{
    struct invoke *i = target;
    (void)value;
    (void)err;
    i->verbose = true;
    return 0;
}

static const struct option_row rows[] = {
    {"event", 'e', "FILE", "standard input",
     "a JSON file to invoke it with, '-' for standard\ninput; may be repeated: one environment\n"
     "takes them in order",
     set_event},
    {"verbose", 0, NULL, NULL,
     "times of the cold start (on a terminal); what\nthis host leaves open", set_verbose},
};

static const struct options options = {
    .command = "invoke",
    .arguments = "FUNCTION [-e FILE]... [OPTION]...",
    .intro =
        "Runs a function in a jail with Lambda's limits. FUNCTION is a folder with a bootstrap in\n"
        "it (an unpacked package), a .zip of one, or a handler file (.so). The answer goes to\n"
        "stdout, the log to stderr. One answer is printed as it is, several on one line each.",
    .outro =
        "Exit: 0 done; 1 the function failed, its error document is on stdout; 2 wrong usage or\n"
        "input; 3 this host cannot do it; 130 interrupted.\n",
    .tables = {{rows, ARRAY_LEN(rows)}, {NULL, 0}},
    .argument = launch_argument,
};

/* Without -e the event is standard input, unless somebody would have to type it. */
static int default_event(struct invoke *i, struct err *err)
{
    if (i->payloads.count)
        return 0;
    if (!isatty(STDIN_FILENO))
        return payloads_add(&i->payloads, "-", err);
    output_note("no event was given (-e FILE, or a pipe): taking {}");
    return payloads_add(&i->payloads, "/dev/null", err);
}

/* A recording is added to, also to one whose line was taken for the event. */
static int check_record(const struct invoke *i, struct err *err)
{
    const char *path = i->launch.record.path;
    for (size_t k = 0; path && k < i->payloads.count; k++)
        if (place_is_same(i->payloads.items[k].name, path))
            return err_set(err, ERR_USAGE, "'%.200s' is an event: name another file in --record",
                           path);
    return 0;
}

/* Isolation that this host cannot give, and that does not stop a run. */
static void tell_gaps(const struct session *s)
{
    if (session_reaches_metadata(s))
        output_note(
            "the function can reach 169.254.169.254, where clouds hand out credentials: this "
            "host takes no connect filter; --network none keeps it away");
}

static void tell_timing(const struct session *s)
{
    struct environment_timing t = session_timing(s);
    output_note("cold start: jail %.2f ms, exec %.2f ms, init %.2f ms, handler %.2f ms",
                (double)t.jail_us / 1000, (double)t.exec_us / 1000, (double)t.init_us / 1000,
                (double)t.handler_us / 1000);
}

static int fail(const struct err *err)
{
    if (err->kind != ERR_CLOSED)
        output_error(err);
    return failure_exit_code(err);
}

/* The jail is reserved while the events are read, but a wrong event counts before a host that
 * cannot sandbox. */
static int run(struct invoke *i)
{
    struct err err = {0}, input = {0};
    struct session *s = session_open(&i->launch, &err);
    struct record *record = NULL;
    int code;
    if (payloads_read(&i->payloads, s ? session_interrupt_fd(s) : -1, &input) < 0) {
        code = fail(&input);
    } else if (!s || record_open(&i->launch, &record, &err) < 0) {
        code = fail(&err);
    } else {
        if (i->verbose)
            tell_gaps(s);
        code = session_run(s, &i->payloads, record);
        /* a pipe gets Lambda's own lines and what went wrong */
        if (i->verbose && isatty(STDERR_FILENO))
            tell_timing(s);
    }
    code = record_close(record, code);
    if (session_close(s, &err) < 0) {
        output_error(&err);
        code = code == EXIT_DONE ? EXIT_HOST : code;
    }
    return code;
}

static int parse_and_run(struct invoke *i, int argc, char **argv)
{
    struct options o = options;
    struct err err = {0};
    bool help;
    o.tables[1] = launch_options;
    if (options_parse(&o, argc, argv, i, &help, &err) < 0) {
        output_error(&err);
        return EXIT_USAGE;
    }
    if (help) {
        options_help(&o, stdout);
        return output_finish(EXIT_DONE);
    }
    if (launch_resolve(&i->launch, &err) < 0 || default_event(i, &err) < 0 ||
        check_record(i, &err) < 0)
        return fail(&err);
    return run(i);
}

int invoke_run(int argc, char **argv)
{
    struct invoke i = {0};
    struct err err = {0};
    int code = launch_init(&i.launch, &err) < 0 ? fail(&err) : parse_and_run(&i, argc, argv);
    payloads_fini(&i.payloads);
    launch_fini(&i.launch);
    return code;
}
