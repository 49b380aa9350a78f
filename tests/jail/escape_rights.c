/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts to be more: namespaces, other processes, ids, capabilities, scheduling. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

#define PIDS_MAX 70000

static char found[4096];

static const char *try_setns(char **a)
{
    int fd = open(a[0], O_RDONLY | O_CLOEXEC);
    return outcome(fd < 0 ? -1 : setns(fd, 0));
}

static const char *try_unshare(char **a)
{
    return outcome(unshare((int)strtol(a[0], NULL, 16)));
}

static const char *try_clone(char **a)
{
    long pid = syscall(SYS_clone, strtoul(a[0], NULL, 16) | SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0)
        _exit(0);
    return outcome(pid);
}

static const char *try_clone3(char **a)
{
    struct clone_args args = {.flags = strtoul(a[0], NULL, 16), .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        _exit(0);
    return outcome(pid);
}

static const char *try_kill(char **a)
{
    return outcome(kill(atoi(a[0]), atoi(a[1])));
}

static const char *try_tgkill(char **a)
{
    return outcome(syscall(SYS_tgkill, atoi(a[0]), atoi(a[0]), atoi(a[1])));
}

/* As if it came from the kernel. */
static const char *try_queue(char **a)
{
    siginfo_t info = {.si_signo = SIGKILL, .si_code = SI_KERNEL};
    return outcome(syscall(SYS_rt_sigqueueinfo, atoi(a[0]), SIGKILL, &info));
}

static const char *try_pidfd_signal(char **a)
{
    long fd = syscall(SYS_pidfd_open, atoi(a[0]), 0);
    return outcome(fd < 0 ? -1 : syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
}

/* Whom the kernel tells about input, by SIGKILL instead of SIGIO. */
static const char *try_owner(char **a)
{
    int ends[2];
    if (pipe(ends) < 0 || fcntl(ends[0], F_SETSIG, SIGKILL) < 0 ||
        fcntl(ends[0], F_SETOWN, atoi(a[0])) < 0 || fcntl(ends[0], F_SETFL, O_ASYNC) < 0)
        return outcome(-1);
    return outcome(write(ends[1], "x", 1));
}

/* Processes that can be named: not the own ones, nor the first. */
static const char *try_reach(char **a)
{
    (void)a;
    int others = 0;
    for (int pid = 2; pid < PIDS_MAX; pid++)
        others += (kill(pid, 0) == 0 || errno == EPERM) && pid != getpid() && pid != getppid();
    sprintf(found, "%d", others);
    return found;
}

static const char *try_ptrace(char **a)
{
    static const struct {
        const char *name;
        long request;
    } rows[] = {{"me", PTRACE_TRACEME}, {"attach", PTRACE_ATTACH}, {"seize", PTRACE_SEIZE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, a[0]) == 0)
            return outcome(syscall(SYS_ptrace, rows[i].request, atoi(a[1]), 0, 0));
    return "?";
}

static const char *try_peek(char **a)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {found, 1};
    return outcome(process_vm_readv(atoi(a[0]), &here, 1, &there, 1, 0));
}

static const char *try_poke(char **a)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {found, 1};
    return outcome(process_vm_writev(atoi(a[0]), &here, 1, &there, 1, 0));
}

static const char *try_getfd(char **a)
{
    long fd = syscall(SYS_pidfd_open, atoi(a[0]), 0);
    return outcome(fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, atoi(a[1]), 0));
}

static const char *try_prlimit(char **a)
{
    struct rlimit limit = {1, 1};
    return outcome(prlimit(atoi(a[0]), RLIMIT_NOFILE, &limit, NULL));
}

static const char *try_raise(char **a)
{
    struct rlimit limit;
    int what = atoi(a[0]);
    if (getrlimit((__rlimit_resource_t)what, &limit) < 0)
        return outcome(-1);
    limit.rlim_cur = ++limit.rlim_max;
    return outcome(setrlimit((__rlimit_resource_t)what, &limit));
}

static const char *try_setuid(char **a)
{
    uid_t uid = (uid_t)atoi(a[0]);
    return outcome(syscall(SYS_setresuid, uid, uid, uid));
}

static const char *try_setgid(char **a)
{
    gid_t gid = (gid_t)atoi(a[0]);
    return outcome(syscall(SYS_setresgid, gid, gid, gid));
}

static const char *try_setgroups(char **a)
{
    gid_t gid = (gid_t)atoi(a[0]);
    return outcome(syscall(SYS_setgroups, 1, &gid));
}

/* Every capability there is. */
static const char *try_capset(char **a)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
    (void)a;
    return outcome(syscall(SYS_capset, &head, all));
}

static const char *try_ambient(char **a)
{
    return outcome(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, atoi(a[0]), 0, 0));
}

static const char *try_new_privs(char **a)
{
    (void)a;
    return outcome(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* What a program is that should be more: the ids and capabilities of "escape who". */
static const char *try_exec(char **a)
{
    int ends[2];
    if (pipe(ends) < 0)
        return outcome(-1);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execl(a[0], a[0], "who", NULL);
        printf("%s", strerrorname_np(errno));
        fflush(stdout);
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], found, sizeof found - 1);
    found[n < 0 ? 0 : n] = 0;
    waitpid(child, NULL, 0);
    return found;
}

/* A copy of itself, with the bits that would give its owner's rights. */
static const char *try_exec_copy(char **a)
{
    char block[65536];
    int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int out = open(a[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    for (ssize_t n; in >= 0 && out >= 0 && (n = read(in, block, sizeof block)) > 0;)
        if (write(out, block, (size_t)n) != n)
            return outcome(-1);
    if (in < 0 || out < 0 || fchmod(out, 06755) < 0)
        return outcome(-1);
    close(out);
    return try_exec(a);
}

static const char *try_policy(char **a)
{
    struct sched_param param = {.sched_priority = 1};
    return outcome(sched_setscheduler(0, atoi(a[0]), &param));
}

static const char *try_nice(char **a)
{
    return outcome(setpriority(PRIO_PROCESS, (id_t)atoi(a[1]), atoi(a[0])));
}

/* Real time class, best level. */
static const char *try_ioprio(char **a)
{
    return outcome(syscall(SYS_ioprio_set, 1, atoi(a[0]), 1 << 13));
}

static const char *try_typing(char **a)
{
    return outcome(ioctl(atoi(a[0]), TIOCSTI, "x"));
}

static const char *try_ipc(char **a)
{
    key_t key = (key_t)strtol(a[1], NULL, 0);
    if (strcmp(a[0], "shm") == 0)
        return outcome(shmget(key, 0, 0));
    return outcome(strcmp(a[0], "msg") == 0 ? msgget(key, 0) : semget(key, 0, 0));
}

const struct verb rights_verbs[] = {
    {"setns", 1, try_setns},
    {"unshare", 1, try_unshare},
    {"clone", 1, try_clone},
    {"clone3", 1, try_clone3},
    {"kill", 2, try_kill},
    {"tgkill", 2, try_tgkill},
    {"queue", 1, try_queue},
    {"pidfd", 1, try_pidfd_signal},
    {"owner", 1, try_owner},
    {"reach", 0, try_reach},
    {"ptrace", 2, try_ptrace},
    {"peek", 1, try_peek},
    {"poke", 1, try_poke},
    {"getfd", 2, try_getfd},
    {"prlimit", 1, try_prlimit},
    {"raise", 1, try_raise},
    {"setuid", 1, try_setuid},
    {"setgid", 1, try_setgid},
    {"setgroups", 1, try_setgroups},
    {"capset", 0, try_capset},
    {"ambient", 1, try_ambient},
    {"new-privs", 0, try_new_privs},
    {"exec", 1, try_exec},
    {"exec-copy", 1, try_exec_copy},
    {"policy", 1, try_policy},
    {"nice", 2, try_nice},
    {"ioprio", 1, try_ioprio},
    {"typing", 1, try_typing},
    {"ipc", 2, try_ipc},
};
const size_t rights_verbs_count = sizeof rights_verbs / sizeof *rights_verbs;
