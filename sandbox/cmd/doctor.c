/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/doctor.h"

#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>

#include "cmd/doctor_table.h"
#include "launch/command.h"
#include "launch/failure.h"
#include "launch/options.h"
#include "launch/output.h"
#include "launch/paths.h"
#include "pack/pack.h"
#include "pack/store.h"

#define TEXT_MAX       (256u << 10)
#define NAME_MAX_SHOWN 160

/* What is looked for by this file and not by the jail. */
enum { ROW_ZIPS = EXAMINE_COUNT, ROW_CACHE, ROW_COUNT };

struct doctor {
    bool json;
    struct doctor_row rows[ROW_COUNT];
    char user[NAME_MAX_SHOWN], kernel[NAME_MAX_SHOWN];
    char program[PATH_MAX], policy[PATH_MAX];
    sigset_t signals;
    int signal_fd;
};

static const struct {
    const char *name, *limit;
    bool required;
} known[ROW_COUNT] = {
    [JAIL_LIMIT_MEMORY] = {"memory", "of all processes, swap too", true},
    [JAIL_LIMIT_CPU] = {"cpu", "one for 1769 MB of memory", true},
    [JAIL_LIMIT_PIDS] = {"pids", "1024 processes and threads", true},
    [JAIL_LIMIT_TMP] = {"tmp", "512 MB in /tmp, or as asked", true},
    [JAIL_LIMIT_SECCOMP] = {"seccomp", "system calls Lambda refuses", true},
    [JAIL_LIMIT_FREEZE] = {"freeze", "nothing runs between events", true},
    [EXAMINE_USER] = {"user", "a user without rights outside", true},
    [EXAMINE_ROOT] = {"root", "a read-only root of its own", true},
    [EXAMINE_PROCESSES] = {"processes", "no others in sight", true},
    [EXAMINE_FILES] = {"files", "1024 open files", true},
    [EXAMINE_RIGHTS] = {"rights", "no capabilities, none to get", true},
    [EXAMINE_NETWORK] = {"network", "--network none: loopback only", false},
    [EXAMINE_METADATA] = {"metadata", "169.254.169.254 is refused", false},
    [EXAMINE_SOCKETS] = {"sockets", "the host's abstract sockets", false},
    [EXAMINE_OWNERS] = {"owners", "the host's files are root's", false},
    [ROW_ZIPS] = {"zips", "are unpacked", false},
    [ROW_CACHE] = {"cache", "for unpacked zips", false},
};

static int set_json(void *target, const char *value, struct err *err)
{
    struct doctor *d = target;
    (void)value;
    (void)err;
    d->json = true;
    return 0;
}

static int argument(void *target, const char *value, struct err *err)
{
    (void)target;
    return err_set(err, ERR_USAGE, "'%.80s' is too much: doctor takes no arguments", value);
}

static const struct option_row option_rows[] = {
    {"json", 0, NULL, NULL, "one JSON object instead of a table", set_json},
};

static const struct options options = {
    .command = "doctor",
    .arguments = "[--json]",
    .intro = "Tells which of Lambda's limits hold on this host for this user, by which mechanism, "
             "and what\nto do about the others. It builds a jail and tries each limit in it.",
    .outro = "Exit: 0 'clambda invoke' runs with all limits here; 2 wrong usage; 3 it does not, or "
             "the\nanswer could not be written; 130 interrupted.\n",
    .tables = {{option_rows, ARRAY_LEN(option_rows)}, {NULL, 0}},
    .argument = argument,
};

static void tell_host(struct doctor *d)
{
    struct utsname host;
    const struct passwd *user = getpwuid(geteuid());
    if (user)
        snprintf(d->user, sizeof d->user, "%s", user->pw_name);
    else
        snprintf(d->user, sizeof d->user, "%u", (unsigned)geteuid());
    if (uname(&host) == 0)
        snprintf(d->kernel, sizeof d->kernel, "%s %s", host.sysname, host.release);
}

static void look_at_zips(struct examine_finding *f)
{
    struct err err;
    f->holds = pack_load(&err) != NULL;
    snprintf(f->mechanism, sizeof f->mechanism, "%s", f->holds ? "libarchive" : "");
    snprintf(f->why, sizeof f->why, "%s", f->holds ? "" : err.msg);
}

static void look_at_cache(struct examine_finding *f)
{
    struct err err;
    struct store store;
    f->holds = store_open(&store, NULL, &err) == 0;
    snprintf(f->mechanism, sizeof f->mechanism, "%s", f->holds ? "folder" : "");
    snprintf(f->why, sizeof f->why, "%.400s", f->holds ? store.path : err.msg);
    if (f->holds)
        store_close(&store);
}

/* Signals are taken between two steps, so that nothing is left behind. */
static int block_signals(struct doctor *d, struct err *err)
{
    d->signals = command_signals();
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &d->signals, NULL) < 0)
        return err_sys(err, "block signals");
    d->signal_fd = signalfd(-1, &d->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return d->signal_fd < 0 ? err_sys(err, "open a signalfd") : 0;
}

static int examine(struct doctor *d, struct err *err)
{
    struct examine_finding found[EXAMINE_COUNT];
    if (block_signals(d, err) < 0 || paths_policy(d->policy, err) < 0 ||
        paths_examine(d->program, err) < 0)
        return -1;
    const struct examine_options o = {
        .spec = {.hostname = "169.254.100.1",
                 .user_name = "sbx_user1051",
                 .uid = 993,
                 .gid = 990,
                 .limits = {.files = 1024},
                 .policy_path = d->policy},
        .program_path = d->program,
        .stop_fd = d->signal_fd,
    };
    if (examine_host(&o, found, err) < 0)
        return -1;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        d->rows[i] = (struct doctor_row){known[i].name, known[i].limit, known[i].required, {0}};
        if (i < EXAMINE_COUNT)
            d->rows[i].found = found[i];
    }
    look_at_zips(&d->rows[ROW_ZIPS].found);
    look_at_cache(&d->rows[ROW_CACHE].found);
    return 0;
}

static int print(struct doctor *d, bool *out_holds, struct err *err)
{
    const struct doctor_report report = {d->user, d->kernel, d->rows, ROW_COUNT};
    bool colour = output_has_colour(STDOUT_FILENO);
    AUTO_BUF struct buf text;
    buf_init(&text, TEXT_MAX);
    if (!d->json)
        doctor_print_table(&report, colour, &text);
    else if (doctor_print_json(&report, &text, err) < 0)
        return -1;
    if (buf_check(&text, "the report", err) < 0)
        return -1;
    *out_holds = doctor_holds(&report);
    if (!colour)
        return output_write(STDOUT_FILENO, text.ptr, text.len, d->signal_fd, err);
    /* made harmless already; nothing is left to clean up, so that a signal may end this */
    sigprocmask(SIG_UNBLOCK, &d->signals, NULL);
    if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        return err_sys(err, "write to stdout");
    return 0;
}

static int fail(const struct err *err)
{
    if (err->kind != ERR_CLOSED)
        output_error(err);
    return failure_exit_code(err);
}

int doctor_run(int argc, char **argv)
{
    struct doctor d = {.signal_fd = -1};
    struct err err = {0};
    bool help, holds = false;
    if (options_parse(&options, argc, argv, &d, &help, &err) < 0)
        return fail(&err);
    if (help) {
        options_help(&options, stdout);
        return output_finish(EXIT_DONE);
    }
    tell_host(&d);
    int code = examine(&d, &err) < 0 || print(&d, &holds, &err) < 0 ? fail(&err)
               : holds                                              ? EXIT_DONE
                                                                    : EXIT_HOST;
    attr_close(&d.signal_fd);
    return code;
}
