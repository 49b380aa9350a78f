/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the filter of the process it runs in about calls, and makes none of them. Static and plain.
 * Usage: probe_filter verdicts FILE | foreign
 *
 * A second filter hands every call to a supervisor, which answers it. The first filter goes before
 * that: what it refuses or kills never gets to the supervisor, what it allows gets no further.
 *
 *   asking process --call--> jail's filter --allowed--> second filter --> supervisor: "allow"
 *                               | errno, kill
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX  16384
#define STACK_SIZE 65536
#define ALLOWED    0x5a5a5a /* no call has this for an answer */

static struct {
    long calls[CALLS_MAX][7];
    long answers[CALLS_MAX];
    long count;
    volatile long at;
    volatile int listener;
} shared;

static long call(const long a[7])
{
#ifdef __x86_64__
    long result = a[0];
    register long r10 __asm__("r10") = a[4];
    register long r8 __asm__("r8") = a[5];
    register long r9 __asm__("r9") = a[6];
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a[1]), "S"(a[2]), "d"(a[3]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined __aarch64__
    register long x8 __asm__("x8") = a[0];
    register long x0 __asm__("x0") = a[1];
    register long x1 __asm__("x1") = a[2];
    register long x2 __asm__("x2") = a[3];
    register long x3 __asm__("x3") = a[4];
    register long x4 __asm__("x4") = a[5];
    register long x5 __asm__("x5") = a[6];
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#endif
}

/* Shares memory and descriptors with the supervisor. From the filter on, each of its calls is asked
 * about, so that it can only end by a fault. */
static int ask(void *unused)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
    struct sock_fprog program = {1, code};
    const long load[7] = {SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                          (long)&program};
    (void)unused;
    shared.listener = (int)call(load);
    while (shared.listener >= 0 && shared.at < shared.count) {
        shared.answers[shared.at] = call(shared.calls[shared.at]);
        shared.at++;
    }
    __builtin_trap();
}

/* False when the asking process has ended. */
static int answer_one(pid_t child, int *status)
{
    static char request[1024]; /* newer kernels may write more than the header has */
    struct seccomp_notif *n = (struct seccomp_notif *)request;
    struct pollfd p = {.fd = shared.listener, .events = POLLIN};
    poll(&p, 1, 20);
    if (!(p.revents & POLLIN))
        return waitpid(child, status, WNOHANG) == 0;
    memset(request, 0, sizeof request);
    if (ioctl(shared.listener, SECCOMP_IOCTL_NOTIF_RECV, n) == 0) {
        struct seccomp_notif_resp r = {.id = n->id, .val = ALLOWED};
        ioctl(shared.listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
    }
    return 1;
}

/* From shared.at on, until all are answered or the process has been killed. */
static int supervise(char *stack)
{
    int status = 0;
    shared.listener = -1000;
    pid_t child = clone(ask, stack + STACK_SIZE, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
    while (child > 0 && shared.listener == -1000 && waitpid(child, &status, WNOHANG) == 0)
        sched_yield();
    if (child < 0 || shared.listener < 0) {
        printf("no listener: %s\n", strerror(child < 0 ? errno : -shared.listener));
        return -1;
    }
    while (answer_one(child, &status))
        ;
    close(shared.listener);
    if (shared.at == shared.count)
        return 0;
    shared.answers[shared.at++] = -1000 - (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return 0;
}

static void on_child(int sig)
{
    (void)sig;
}

static int cmd_verdicts(const char *path)
{
    char *stack =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FILE *in = fopen(path, "re");
    struct sigaction action = {.sa_handler = on_child};
    sigaction(SIGCHLD, &action, NULL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (long *c = shared.calls[0]; in && shared.count < CALLS_MAX; c += 7, shared.count++)
        if (fscanf(in, "%li %li %li %li %li %li %li", &c[0], &c[1], &c[2], &c[3], &c[4], &c[5],
                   &c[6]) != 7)
            break;
    while (shared.at < shared.count)
        if (stack == MAP_FAILED || supervise(stack) < 0)
            return 1;
    for (long i = 0; i < shared.count; i++) {
        long a = shared.answers[i];
        if (a <= -1000)
            printf("SIG%s\n", sigabbrev_np((int)(-1000 - a)));
        else
            printf("%s\n", a == ALLOWED ? "allow" : a < 0 ? strerrorname_np((int)-a) : "ran");
    }
    printf("done\n");
    return 0;
}

/* Calls by the entries of other architectures, each really made, in a process of its own. */
static int cmd_foreign(void)
{
#ifdef __x86_64__
    /* i386: exit, fork, write, execve, mount, ptrace, setuid, socketcall, clone, and the numbers
     * that a 64-bit filter would take for harmless ones */
    static const long numbers[] = {1, 2, 4, 11, 21, 26, 23, 102, 120, 0, 3, 39, 20, 60, 231, 383};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            long result;
            __asm__ volatile("int $0x80"
                             : "=a"(result)
                             : "a"(numbers[i]), "b"(0L), "c"(0L), "d"(0L)
                             : "r8", "r9", "r10", "r11", "memory");
            _exit(result == -ENOSYS ? 3 : 4);
        }
        waitpid(child, &status, 0);
        printf("i386 %ld %s\n", numbers[i],
               WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "came back");
    }
    for (size_t i = 0; i < 600; i++) {
        long a[7] = {(long)(0x40000000 | i), -1, -1, -1, -1, -1, -1};
        long result = call(a);
        if (result != -ENOSYS)
            printf("x32 %zu %ld\n", i, result);
    }
#endif
    printf("done\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "verdicts") == 0)
        return cmd_verdicts(argv[2]);
    if (argc == 2 && strcmp(argv[1], "foreign") == 0)
        return cmd_foreign();
    return 2;
}
