/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "jail/ids.h"
#include "jail/init.h"
#include "jail/program.h"
#include "jail/refusal.h"
#include "jail/root.h"

#define FD_MIN 3 /* below are the standard streams, which the child replaces */

static int fd_raise(int *fd)
{
    if (*fd >= FD_MIN)
        return 0;
    int raised = fcntl(*fd, F_DUPFD_CLOEXEC, FD_MIN);
    if (raised < 0)
        return -1;
    close(*fd);
    *fd = raised;
    return 0;
}

static int pipe_open(int ends[2])
{
    return pipe2(ends, O_CLOEXEC) < 0 || fd_raise(&ends[0]) < 0 || fd_raise(&ends[1]) < 0 ? -1 : 0;
}

static int pipes_host(struct build *b, struct err *err)
{
    struct build_pipes *p = &b->pipes;
    int one = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->report) < 0 ||
        fd_raise(&p->report[0]) < 0 || fd_raise(&p->report[1]) < 0 ||
        setsockopt(p->report[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) < 0)
        return err_sys(err, "socketpair");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->lifeline) < 0 ||
        fd_raise(&p->lifeline[0]) < 0 || fd_raise(&p->lifeline[1]) < 0)
        return err_sys(err, "socketpair");
    int *const pairs[] = {p->exec, p->end, p->out, p->err};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (pipe_open(pairs[i]) < 0)
            return err_sys(err, "pipe");
    const int outs[] = {p->out[0], p->err[0], p->end[0]};
    /* whoever may write to them may also open them by name: /dev/stderr */
    const struct ids *ids = &b->jail->ids;
    if (ids->kind == IDS_SLOT && (fchown(p->out[1], ids->user_uid, ids->user_gid) < 0 ||
                                  fchown(p->err[1], ids->user_uid, ids->user_gid) < 0))
        return err_sys(err, "the owner of a pipe");
    for (size_t i = 0; i < ARRAY_LEN(outs); i++)
        if (fcntl(outs[i], F_SETFL, O_NONBLOCK) < 0)
            return err_sys(err, "fcntl");
    return 0;
}

static int counters_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    j->memory_peak = 0;
    j->beyond_memory = j->stopped = false;
    /* frozen with nothing inside: the program could not even enter */
    if (j->cgroup.frozen && cgroup_freeze(&j->cgroup, false, err) < 0)
        return -1;
    j->cgroup.frozen = false;
    return cgroup_oom_kills(&j->cgroup, &j->oom_before, err);
}

static uint64_t namespaces(const struct jail *j)
{
    uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    if (!j->tmp_in_memory)
        flags |= CLONE_NEWUSER;
    return j->spec.network == JAIL_NETWORK_NONE ? flags | CLONE_NEWNET : flags;
}

/* By way of a process that enters the holder's namespaces and makes the first process there, as the
 * caller's child. Gives its id, or -1 with errno. */
static long clone_in_holder(struct build *b, struct clone_args *args)
{
    int ends[2], result = -ECHILD;
    if (pipe_open(ends) < 0)
        return -1;
    struct clone_args plain = {0};
    long step = build_clone(&plain);
    if (step == 0) {
        int failed = holder_enter_child(&b->jail->holder);
        args->flags |= CLONE_PARENT;
        long pid = failed ? -1 : build_clone(args);
        if (pid == 0)
            init_main_child(b);
        result = pid > 0 ? (int)pid : -(failed ? failed : errno);
        (void)!write(ends[1], &result, sizeof result);
        _exit(0);
    }
    int failed = errno;
    close(ends[1]);
    if (step > 0) {
        if (read(ends[0], &result, sizeof result) != (ssize_t)sizeof result)
            result = -ECHILD;
        waitpid((pid_t)step, NULL, __WALL);
        failed = result < 0 ? -result : 0;
    }
    close(ends[0]);
    errno = failed;
    return step > 0 && result > 0 ? result : -1;
}

/* Without an exit signal: the caller's handling of SIGCHLD does not see this child. */
static int clone_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    struct clone_args args = {.flags = namespaces(j)};
    if (j->cgroup.clone_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)j->cgroup.clone_fd;
    }
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    long pid = j->tmp_in_memory ? clone_in_holder(b, &args) : build_clone(&args);
    if (pid == 0)
        init_main_child(b);
    int failed = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    if (pid < 0)
        return err_sys(err, "make namespaces");
    j->init = (pid_t)pid;
    /* it is not waited for yet: the number is still its own */
    j->init_fd = (int)syscall(SYS_pidfd_open, j->init, 0);
    return j->init_fd < 0 ? err_sys(err, "pidfd_open") : 0;
}

static int maps_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    /* the child's ends would keep a pipe open after its death */
    int *const ends[] = {&b->pipes.report[1],   &b->pipes.exec[1], &b->pipes.end[1],
                         &b->pipes.lifeline[1], &b->pipes.out[1],  &b->pipes.err[1]};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        attr_close(ends[i]);
        *ends[i] = -1;
    }
    if (!j->tmp_in_memory && ids_map_host(&j->ids, j->init, err) < 0)
        return -1;
    /* a child that has failed already does not take it; collect_host says why */
    if (send(b->pipes.report[0], "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
        return err_sys(err, "start the child");
    return 0;
}

/* Made at the first spawn, while the child builds the rest on another CPU. */
static int tmp_host(struct build *b, struct err *err)
{
    struct jail *j = b->jail;
    if (j->tmp_in_memory)
        return 0;
    if (j->image.mount_fd < 0 &&
        image_open(&j->image, j->cache_fd, j->spec.limits.tmp_bytes, j->ids.root_uid, err) < 0)
        return -1;
    AUTO_FD int mount = image_mount(&j->image, err);
    if (mount < 0)
        return -1;
    /* a child that has failed meanwhile does not take it; collect_host says why */
    (void)!build_send(b->pipes.report[0], "t", 1, mount);
    return 0;
}

/* Until the program stands before its exec. */
static int collect_host(struct build *b, struct err *err)
{
    for (;;) {
        struct build_report report;
        int fd = -1;
        pid_t sender = 0;
        ssize_t n = build_receive(b->pipes.report[0], &report, &fd, &sender);
        if (n != (ssize_t)sizeof report)
            return err_set(err, ERR_HOST, "the jail's first process died while building it");
        if (fd >= 0) {
            attr_close(&b->listen_fd);
            b->listen_fd = fd;
        }
        if (report.kind == REPORT_FAILED) {
            *err = report.err;
            err->msg[sizeof err->msg - 1] = 0;
            return -1;
        }
        if (report.kind == REPORT_STARTED) {
            b->jail->program = sender;
            b->jail->timing.exec_at_us = report.at_us;
            return 0;
        }
    }
}

static int exec_host(struct build *b, struct err *err)
{
    int failed = 0;
    ssize_t n;
    do {
        n = read(b->pipes.exec[0], &failed, sizeof failed);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(err, "read");
    b->jail->exec_errno = n == (ssize_t)sizeof failed ? failed : 0;
    return 0;
}

static const struct build_step steps[] = {
    {"pipes", pipes_host, NULL},       {"folders of the host", root_take_host, NULL},
    {"counters", counters_host, NULL}, {"namespaces", clone_host, NULL},
    {"id maps", maps_host, NULL},      {"/tmp", tmp_host, NULL},
};

/* These come after the child's own steps, which name themselves. */
static const struct build_step last_steps[] = {
    {"exec", exec_host, NULL},
};

static void build_close(struct build *b)
{
    int *const pairs[] = {b->pipes.report,   b->pipes.exec, b->pipes.end,
                          b->pipes.lifeline, b->pipes.out,  b->pipes.err};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        attr_close(&pairs[i][0]);
        attr_close(&pairs[i][1]);
    }
    for (size_t i = 0; i < b->ntrees; i++)
        attr_close(&b->trees[i].fd);
    for (size_t i = 0; i < b->nlayers; i++)
        attr_close(&b->layers[i].fd);
    attr_close(&b->listen_fd);
}

int spawn_host(struct jail *j, const struct jail_program *program, struct jail_io *out,
               struct err *err)
{
    AUTO_FREE struct jail_program *copy = program_copy_host(program, err);
    if (!copy)
        return -1;
    struct build b = {
        .jail = j,
        .program = copy,
        .pipes = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}},
        .listen_fd = -1,
        .tmp_fd = -1,
    };
    AUTO_FD int exit_fd = -1;
    int failed = build_run(steps, ARRAY_LEN(steps), &b, err);
    if (failed == 0)
        failed = collect_host(&b, err);
    if (failed == 0)
        failed = build_run(last_steps, ARRAY_LEN(last_steps), &b, err);
    if (failed == 0 && (exit_fd = fcntl(b.pipes.end[0], F_DUPFD_CLOEXEC, FD_MIN)) < 0)
        failed = err_sys(err, "dup");
    if (failed == 0) {
        j->exit_fd = TAKE_FD(b.pipes.end[0]);
        j->lifeline = TAKE_FD(b.pipes.lifeline[0]);
        *out = (struct jail_io){.stdout_fd = TAKE_FD(b.pipes.out[0]),
                                .stderr_fd = TAKE_FD(b.pipes.err[0]),
                                .listen_fd = TAKE_FD(b.listen_fd),
                                .exit_fd = TAKE_FD(exit_fd)};
    }
    build_close(&b);
    if (failed < 0) {
        spawn_end_host(j);
        refusal_add(err);
    }
    return failed;
}

void spawn_end_host(struct jail *j)
{
    struct err ignored;
    if (j->init) {
        kill(j->init, SIGKILL); /* ours, and not waited for */
        /* the first process waits for all others, and a frozen one does not die */
        if (j->cgroup.frozen && cgroup_freeze(&j->cgroup, false, &ignored) == 0)
            j->cgroup.frozen = false;
        while (waitpid(j->init, NULL, __WALL) < 0 && errno == EINTR)
            ;
    }
    attr_close(&j->init_fd);
    attr_close(&j->exit_fd);
    attr_close(&j->lifeline);
    j->init_fd = j->exit_fd = j->lifeline = -1;
    j->init = j->program = 0;
}
