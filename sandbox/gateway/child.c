/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals as they are for a program that a shell starts: libuv's handlers are gone by exec, what
 * is ignored is not. */
static void set_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child; comes back only with errno. */
static void run(const char *path, char *const *argv, char **envp, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE); /* it died before it could be watched */
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd >= 0)
        dup2(null_fd, STDIN_FILENO);
    set_signals();
    execve(path, argv, envp);
}

int child_spawn(const char *path, char **envp, pid_t *out_pid, struct err *err)
{
    AUTO_FREE char *name = strdup(path);
    if (!name)
        return err_set(err, ERR_MEMORY, "no memory to start '%s'", path);
    char *const argv[] = {name, NULL};
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return err_sys(err, "make a pipe to start '%s'", path);
    AUTO_FD int read_fd = pipe_fds[0];
    AUTO_FD int write_fd = pipe_fds[1];
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return err_sys(err, "make a process for '%s'", path);
    if (pid == 0) {
        run(path, argv, envp, parent);
        int failure = errno;
        (void)!write(write_fd, &failure, sizeof failure);
        _exit(127);
    }
    close(TAKE_FD(write_fd));
    int failure = 0;
    ssize_t n;
    do {
        n = read(read_fd, &failure, sizeof failure); /* ends with the exec */
    } while (n < 0 && errno == EINTR);
    if (n == sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        errno = failure;
        return err_sys(err, "start '%s'", path);
    }
    *out_pid = pid;
    return 0;
}

void child_kill(pid_t pid)
{
    if (kill(-pid, SIGKILL) < 0)
        kill(pid, SIGKILL);
}

void child_terminate(pid_t pid)
{
    kill(pid, SIGTERM);
}

bool child_reap(pid_t pid, int *out_status)
{
    bool found = false;
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        int status;
        /* while it is not reaped no other group can have its number */
        if (info.si_pid == pid)
            kill(-pid, SIGKILL);
        if (waitpid(info.si_pid, &status, 0) == pid) {
            found = true;
            *out_status = status;
        }
        info.si_pid = 0;
    }
    return found;
}
