/* SPDX-License-Identifier: Apache-2.0 */
/* What shall be gone with the jail: processes that take no signal, and whatever can be used up. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

#define BLOCK_BYTES (1 << 20)
#define DEPTH       3000

static void ready(const char *how, long count)
{
    printf("ready %s %ld\n", how, count);
    fflush(stdout);
}

_Noreturn static void wait_forever(void)
{
    for (;;)
        pause();
}

static void ignore_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_IGN);
}

/* Of a session of its own, the child of nobody. */
static bool become_daemon(void)
{
    if (fork() != 0)
        return false;
    setsid();
    if (fork() != 0)
        _exit(0);
    setsid();
    ignore_signals();
    return true;
}

static void stay_daemon(void)
{
    if (become_daemon()) {
        ready("daemon", 0);
        wait_forever();
    }
}

/* Tells that it runs, all the time. */
static void stay_ticking(void)
{
    if (become_daemon())
        for (long i = 0;; i++) {
            ready("tick", i);
            usleep(1000);
        }
    wait_forever();
}

static void stay_bomb(void)
{
    ignore_signals();
    for (long n = 0, failed = 0;; n++)
        if (fork() < 0 && failed++ == 0)
            ready(strerrorname_np(errno), n);
}

static void stay_stopped(void)
{
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            ignore_signals();
            kill(getpid(), SIGSTOP);
            wait_forever();
        }
    for (int i = 0; i < 8; i++)
        waitpid(-1, NULL, WUNTRACED);
    ready("stopped", 8);
    kill(getpid(), SIGSTOP);
}

static void stay_blocked(void)
{
    ignore_signals();
    ready("blocked", 0);
    wait_forever();
}

/* The parent waits in the kernel, where no signal but the last reaches it. */
static void stay_vfork(void)
{
    if (vfork() == 0) {
        (void)!write(1, "ready vfork 0\n", 14);
        wait_forever();
    }
}

static void stay_disk(void)
{
    static char block[BLOCK_BYTES];
    long written = 0;
    int fd = open("/tmp/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    memset(block, 'x', sizeof block);
    /* the last one that fits may be a part */
    for (ssize_t n; (n = write(fd, block, sizeof block)) >= 0;)
        written += n == (ssize_t)sizeof block;
    unlink("/tmp/big");
    ready(strerrorname_np(errno), written);
    wait_forever();
}

static void stay_inodes(void)
{
    char name[64];
    long made = 0;
    mkdir("/tmp/many", 0700);
    for (;; made++) {
        snprintf(name, sizeof name, "/tmp/many/a-name-that-takes-its-room-%ld", made);
        if (mknod(name, S_IFREG | 0600, 0) < 0)
            break;
    }
    ready(strerrorname_np(errno), made);
    wait_forever();
}

static void stay_descriptors(void)
{
    long made = 0;
    int pair[2];
    while (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
        made += 2;
    ready(strerrorname_np(errno), made);
    wait_forever();
}

static void stay_deep(void)
{
    long depth = 0;
    if (chdir("/tmp") == 0)
        while (depth < DEPTH && mkdir("d", 0700) == 0 && chdir("d") == 0)
            depth++;
    ready("deep", depth);
    wait_forever();
}

/* In the jail's own namespace; bound to nobody's life. */
static void stay_ipc(void)
{
    int shm = shmget(ESCAPE_IPC_OWN, 1 << 20, IPC_CREAT | 0666);
    int msg = msgget(ESCAPE_IPC_OWN, IPC_CREAT | 0666);
    int sem = semget(ESCAPE_IPC_OWN, 4, IPC_CREAT | 0666);
    char *at = shm < 0 ? NULL : shmat(shm, NULL, 0);
    mqd_t queue = mq_open("/escape", O_CREAT | O_RDWR, 0666, NULL);
    if (at)
        strcpy(at, "shared");
    ready("ipc", (shm >= 0) + (msg >= 0) + (sem >= 0) + (queue != (mqd_t)-1));
}

/* Sockets in flight inside each other, which only the kernel's collector finds. */
static void stay_flight(void)
{
    long sent = 0;
    for (; sent < 16; sent++) {
        int pair[2], memory = memfd_create("flight", 0);
        union {
            struct cmsghdr head;
            char bytes[CMSG_SPACE(3 * sizeof(int))];
        } control = {.head = {.cmsg_len = CMSG_LEN(3 * sizeof(int)),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS}};
        struct iovec iov = {"x", 1};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
        if (memory < 0 || ftruncate(memory, BLOCK_BYTES) < 0 ||
            socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
            break;
        memcpy(CMSG_DATA(&control.head), (int[]){memory, pair[0], pair[1]}, 3 * sizeof(int));
        if (sendmsg(pair[0], &msg, 0) < 0)
            break;
        close(pair[0]);
        close(pair[1]);
        close(memory);
    }
    ready("flight", sent);
}

/* Names in /tmp that come and go, as folders and as links to what is outside: whoever followed one
 * from outside would change the wrong thing. */
static void stay_racing(void)
{
    static const char *const names[] = {"/tmp/lost+found", "/tmp/slot.0", "/tmp/var",
                                        "/tmp/escape"};
    static const char *const targets[] = {"/",
                                          "/etc",
                                          "/var/tmp",
                                          "/run/clambda",
                                          "/proc/1/root",
                                          "/sys/fs/cgroup",
                                          "../../../../etc"};
    char name[64];
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        snprintf(name, sizeof name, "/tmp/link-%zu", i);
        (void)!symlink(targets[i], name);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        mkdir(names[i], 0777);
    for (long n = 0;; n++) {
        snprintf(name, sizeof name, "/tmp/link-%ld", n % (long)(sizeof targets / sizeof *targets));
        (void)!renameat2(AT_FDCWD, name, AT_FDCWD, names[n % (long)(sizeof names / sizeof *names)],
                         RENAME_EXCHANGE);
        if (n == 1000)
            ready("racing", n);
    }
}

/* More than any pipe takes; nobody reads it. */
static void stay_output(void)
{
    static char block[BLOCK_BYTES];
    ready("output", 0);
    for (;;)
        (void)!write(1, block, sizeof block);
}

/* kill(-1) reaches all that it may. */
static void stay_massacre(void)
{
    ready("massacre", 0);
    if (fork() == 0)
        kill(-1, SIGKILL);
    wait_forever();
}

static const struct {
    const char *name;
    void (*run)(void);
} stays[] = {
    {"daemon", stay_daemon},     {"ticking", stay_ticking},
    {"bomb", stay_bomb},         {"stopped", stay_stopped},
    {"blocked", stay_blocked},   {"vfork", stay_vfork},
    {"disk", stay_disk},         {"inodes", stay_inodes},
    {"deep", stay_deep},         {"descriptors", stay_descriptors},
    {"ipc", stay_ipc},           {"flight", stay_flight},
    {"output", stay_output},     {"racing", stay_racing},
    {"massacre", stay_massacre},
};

int stay(const char *what)
{
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++)
        if (strcmp(stays[i].name, what) == 0) {
            stays[i].run();
            return 0;
        }
    fprintf(stderr, "escape: stay %s?\n", what);
    return 2;
}
