/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/examine_step.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "jail/build.h"
#include "jail/examine_cause.h"
#include "jail/examine_run.h"
#include "jail/files.h"

/* a folder of every host, covered in the child's own view of mounts alone */
#define SITE "/usr"

struct origin {
    uid_t user;
    gid_t group;
};

/* Each runs in a child that the ones before have changed; gives 0 or errno. */

static int try_user(const struct origin *o)
{
    (void)o;
    return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static int write_map(const char *path, const char *text)
{
    struct err err = {0};
    if (files_write(AT_FDCWD, path, text, &err) == 0)
        return 0;
    return err.sys ? err.sys : EIO;
}

/* The caller's own id alone, which needs no right at all. */
static int try_map(const struct origin *o)
{
    char text[48];
    int failed = write_map("/proc/self/setgroups", "deny");
    snprintf(text, sizeof text, "0 %u 1\n", (unsigned)o->user);
    if (!failed)
        failed = write_map("/proc/self/uid_map", text);
    snprintf(text, sizeof text, "0 %u 1\n", (unsigned)o->group);
    return failed ? failed : write_map("/proc/self/gid_map", text);
}

static int try_network(const struct origin *o)
{
    (void)o;
    return unshare(CLONE_NEWNET) < 0 ? errno : 0;
}

static int try_mounts(const struct origin *o)
{
    (void)o;
    if (unshare(CLONE_NEWNS) < 0)
        return errno;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? errno : 0;
}

static int try_tmpfs(const struct origin *o)
{
    (void)o;
    if (mount("tmpfs", SITE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") < 0)
        return errno;
    return mkdir(SITE "/proc", 0755) < 0 ? errno : 0;
}

static int try_pids(const struct origin *o)
{
    (void)o;
    return unshare(CLONE_NEWPID) < 0 ? errno : 0;
}

/* Of a process namespace: only a process in it may mount it. */
static int try_proc(const struct origin *o)
{
    (void)o;
    pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (pid == 0)
        _exit(mount("proc", SITE "/proc", "proc", 0, NULL) < 0 ? errno : 0);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int try_pivot(const struct origin *o)
{
    (void)o;
    if (chdir(SITE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return errno;
    return 0;
}

static const struct {
    const char *name;
    const char *quota;
    int item;
    enum examine_cause_kind kind;
    bool ends; /* what comes after it cannot be tried without it */
    int (*run)(const struct origin *o);
} steps[] = {
    {"a user namespace", "max_user_namespaces", EXAMINE_USER, EXAMINE_CAUSE_USER, true, try_user},
    {"ids in it", NULL, EXAMINE_USER, EXAMINE_CAUSE_IDS, true, try_map},
    {"a network namespace", "max_net_namespaces", EXAMINE_NETWORK, EXAMINE_CAUSE_OTHER, false,
     try_network},
    {"a mount namespace", "max_mnt_namespaces", EXAMINE_ROOT, EXAMINE_CAUSE_OTHER, true,
     try_mounts},
    {"a mount of a tmpfs", NULL, EXAMINE_ROOT, EXAMINE_CAUSE_OTHER, true, try_tmpfs},
    {"a pid namespace", "max_pid_namespaces", EXAMINE_PROCESSES, EXAMINE_CAUSE_OTHER, true,
     try_pids},
    {"a mount of its /proc", NULL, EXAMINE_PROCESSES, EXAMINE_CAUSE_PROC, false, try_proc},
    {"another root", NULL, EXAMINE_ROOT, EXAMINE_CAUSE_ROOT, false, try_pivot},
};

static const char *const mechanisms[EXAMINE_COUNT] = {
    [EXAMINE_USER] = "user namespace",
    [EXAMINE_ROOT] = "mount namespace",
    [EXAMINE_PROCESSES] = "pid namespace",
    [EXAMINE_NETWORK] = "network namespace",
};

_Noreturn static void try_all(int out, const struct origin *o)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int error = steps[i].run(o);
        if (write(out, &error, sizeof error) != (ssize_t)sizeof error)
            _exit(1);
        if (error && steps[i].ends)
            break;
    }
    _exit(0);
}

/* The results that came, in order; fewer when a step ended the row. */
static int collect(int fd, int stop_fd, int errors[static ARRAY_LEN(steps)], struct err *err)
{
    int64_t end = build_now_us() + EXAMINE_PATIENCE_MS * 1000;
    for (int n = 0; n < (int)ARRAY_LEN(steps);) {
        struct pollfd fds[] = {{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
        int64_t left = (end - build_now_us()) / 1000;
        if (poll(fds, ARRAY_LEN(fds), left > 0 ? (int)left : 0) < 0 && errno != EINTR)
            return err_sys(err, "poll");
        if (fds[1].revents)
            return err_set(err, ERR_CLOSED, "stopped");
        if (fds[0].revents && read(fd, &errors[n], sizeof errors[n]) != (ssize_t)sizeof errors[n])
            return n;
        if (fds[0].revents)
            n++;
        else if (left <= 0)
            return err_set(err, ERR_LIMIT, "trying '%s' took too long", steps[n].name);
    }
    return ARRAY_LEN(steps);
}

static void tell(size_t step, int error, struct examine_finding *f)
{
    char cause[ERR_MSG_MAX / 2];
    examine_explain(steps[step].kind, steps[step].quota, error, cause, sizeof cause);
    f->holds = false;
    f->mechanism[0] = 0;
    snprintf(f->why, sizeof f->why, "%s is refused (%s)%s%s", steps[step].name, strerror(error),
             *cause ? ": " : "", cause);
}

static void judge(const int *errors, int count, struct examine_finding out[static EXAMINE_COUNT])
{
    bool told[EXAMINE_COUNT] = {false};
    const char *blocked = NULL;
    for (int i = 0; i < (int)ARRAY_LEN(steps); i++) {
        struct examine_finding *f = &out[steps[i].item];
        if (told[steps[i].item])
            continue;
        if (i >= count) {
            f->holds = false;
            snprintf(f->why, sizeof f->why, "cannot be had without %s",
                     blocked ? blocked : "the steps before");
            told[steps[i].item] = true;
        } else if (errors[i]) {
            tell((size_t)i, errors[i], f);
            told[steps[i].item] = true;
            blocked = steps[i].name;
        } else {
            f->holds = true;
            f->why[0] = 0;
            snprintf(f->mechanism, sizeof f->mechanism, "%s", mechanisms[steps[i].item]);
        }
    }
}

int examine_steps(int stop_fd, struct examine_finding out[static EXAMINE_COUNT], struct err *err)
{
    const struct origin origin = {geteuid(), getegid()};
    int errors[ARRAY_LEN(steps)], ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, "pipe");
    pid_t pid = fork();
    if (pid == 0)
        try_all(ends[1], &origin);
    int failed = pid < 0 ? err_sys(err, "fork") : 0;
    close(ends[1]);
    int count = failed < 0 ? -1 : collect(ends[0], stop_fd, errors, err);
    close(ends[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (count < 0)
        return -1;
    judge(errors, count, out);
    return 0;
}
