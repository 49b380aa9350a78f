/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/examine_run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "jail/build.h"
#include "jail/files.h"

#define ARGUMENTS_MAX 8
#define SAMPLE_MS     10

int examine_run_start(struct examine_run *r, struct jail *jail, int stop_fd,
                      const char *const *arguments, struct err *err)
{
    static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
    const char *argv[ARGUMENTS_MAX] = {EXAMINE_PROGRAM};
    memset(r, 0, sizeof *r);
    r->io = (struct jail_io){-1, -1, -1, -1};
    r->jail = jail;
    r->stop_fd = stop_fd;
    for (size_t i = 0; i + 2 < ARGUMENTS_MAX && arguments[i]; i++)
        argv[i + 1] = arguments[i];
    const struct jail_program program = {
        .path = EXAMINE_PROGRAM, .argv = argv, .envp = envp, .cwd = "/tmp"};
    return jail_spawn(jail, &program, &r->io, err);
}

/* False at the end of the pipe, or when it holds nothing for now. */
static bool take_output(struct examine_run *r, int fd)
{
    char lost[512];
    size_t room = sizeof r->output - 1 - r->len;
    ssize_t n = room ? read(fd, r->output + r->len, room) : read(fd, lost, sizeof lost);
    if (n > 0 && room)
        r->len += (size_t)n;
    r->output[r->len] = 0;
    return n > 0;
}

static void take_all(struct examine_run *r)
{
    while (take_output(r, r->io.stdout_fd))
        ;
    while (take_output(r, r->io.stderr_fd))
        ;
}

/* A limit of memory that a /tmp in memory has a part in is kept up by looking. */
static void sample(struct examine_run *r)
{
    struct jail_usage usage;
    struct err ignored;
    if (jail_sample(r->jail, &usage, &ignored) == 0 && usage.oom)
        r->oom = true;
}

/* How the program ended does not matter beside what it has said. */
static void settle(struct examine_run *r)
{
    struct jail_exit how = {0};
    struct err ignored;
    sample(r);
    if (jail_wait(r->jail, &how, &ignored) == 0 && how.oom)
        r->oom = true;
    take_all(r);
}

int examine_run_finish(struct examine_run *r, struct err *err)
{
    int64_t end = build_now_us() + EXAMINE_PATIENCE_MS * 1000;
    while (build_now_us() < end) {
        struct pollfd fds[] = {{r->io.exit_fd, POLLIN, 0}, {r->stop_fd, POLLIN, 0}};
        if (poll(fds, ARRAY_LEN(fds), SAMPLE_MS) < 0 && errno != EINTR)
            return err_sys(err, "poll");
        if (fds[1].revents)
            return err_set(err, ERR_CLOSED, "stopped");
        take_all(r);
        if (fds[0].revents) {
            settle(r);
            return 0;
        }
        sample(r);
    }
    return err_set(err, ERR_LIMIT, "the program inside did not end within %d s",
                   EXAMINE_PATIENCE_MS / 1000);
}

bool examine_run_listen(struct examine_run *r, int ms)
{
    struct pollfd fds[] = {{r->io.stdout_fd, POLLIN, 0}, {r->stop_fd, POLLIN, 0}};
    return poll(fds, ARRAY_LEN(fds), ms) > 0 && fds[0].revents && take_output(r, r->io.stdout_fd);
}

void examine_run_drain(struct examine_run *r)
{
    take_all(r);
    r->len = 0;
    r->output[0] = 0;
}

uint64_t examine_run_number(const struct examine_run *r, const char *word)
{
    return files_find_number(r->output, word, EXAMINE_NONE);
}

void examine_run_end(struct examine_run *r)
{
    int *const fds[] = {&r->io.stdout_fd, &r->io.stderr_fd, &r->io.exit_fd, &r->io.listen_fd};
    if (r->jail)
        jail_kill(r->jail);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        attr_close(fds[i]);
        *fds[i] = -1;
    }
    r->jail = NULL;
}
