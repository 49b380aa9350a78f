/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_STOP     'S'
#define REQUEST_CONTINUE 'C'
#define ANSWER_DONE      'd'
#define ANSWER_FAILED    'f'
#define PATIENCE_MS      2000
#define TRIES            1000
#define TRIES_QUICK      20
#define WAIT_NS          1000000
#define AGAIN_TRIES      10
#define BLOCKED_TRIES    50 /* a process in vfork waits for its child, which has stopped */
#define GUARD_MS         100
#define AWOKEN_MAX       5

int stop_all_host(int lifeline, bool stop, struct err *err)
{
    char request = stop ? REQUEST_STOP : REQUEST_CONTINUE, answer = 0;
    struct pollfd fd = {.fd = lifeline, .events = POLLIN};
    if (send(lifeline, &request, 1, MSG_NOSIGNAL) != 1)
        return err_set(err, ERR_CLOSED, "the jail is gone");
    int n;
    while ((n = poll(&fd, 1, PATIENCE_MS)) < 0 && errno == EINTR)
        ;
    if (n <= 0 || recv(lifeline, &answer, 1, 0) != 1 || answer != ANSWER_DONE)
        return err_set(err, ERR_HOST, "a process of the jail did not stop within %d s",
                       PATIENCE_MS / 1000);
    return 0;
}

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Whether a process has come to rest: stopped, dead, or (later) blocked where it cannot run. */
static bool is_at_rest(int proc, const char *pid, bool blocked_counts)
{
    char path[32], text[512];
    snprintf(path, sizeof path, "%s/stat", pid);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return true;
    text[n] = 0;
    const char *name_end = strrchr(text, ')');
    char state = name_end && name_end[1] ? name_end[2] : 'X';
    return strchr("TtZX", state) || (blocked_counts && state == 'D');
}

static bool all_at_rest(bool blocked_counts)
{
    char bytes[4096] __attribute__((aligned(8)));
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool rest = proc >= 0;
    long n;
    while (rest && (n = syscall(SYS_getdents64, proc, bytes, sizeof bytes)) > 0)
        for (long at = 0; at < n && rest;) {
            const struct entry *e = (const struct entry *)(bytes + at);
            bool other = e->name[0] >= '1' && e->name[0] <= '9' && strcmp(e->name, "1") != 0;
            rest = !other || is_at_rest(proc, e->name, blocked_counts);
            at += e->length;
        }
    if (proc >= 0)
        close(proc);
    return rest;
}

static bool stop_all(void)
{
    for (int tries = 0; tries < TRIES; tries++) {
        /* again and again: a SIGCONT may be on its way */
        if (tries % AGAIN_TRIES == 0 && kill(-1, SIGSTOP) < 0 && errno != ESRCH)
            return false;
        if (all_at_rest(tries > BLOCKED_TRIES))
            return true;
        if (tries > TRIES_QUICK)
            nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
    }
    kill(-1, SIGCONT);
    return false;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool stop_answer_child(struct stop *s, int lifeline)
{
    char request = 0;
    if (recv(lifeline, &request, 1, MSG_DONTWAIT) != 1)
        return errno == EAGAIN;
    bool stop = request == REQUEST_STOP;
    bool done = stop ? stop_all() : kill(-1, SIGCONT) == 0 || errno == ESRCH;
    *s = (struct stop){.stopped = stop && done, .guard_ms = now_ms() + GUARD_MS};
    char answer = done ? ANSWER_DONE : ANSWER_FAILED;
    return send(lifeline, &answer, 1, MSG_NOSIGNAL) == 1;
}

int stop_wait_ms_child(const struct stop *s)
{
    if (!s->stopped)
        return -1;
    int64_t left = s->guard_ms - now_ms();
    return left > 0 ? (int)left : 0;
}

bool stop_guard_child(struct stop *s)
{
    if (!s->stopped || now_ms() < s->guard_ms)
        return true;
    s->guard_ms = now_ms() + GUARD_MS;
    if (all_at_rest(true))
        return true;
    (void)!kill(-1, SIGSTOP);
    return ++s->awoken < AWOKEN_MAX;
}
