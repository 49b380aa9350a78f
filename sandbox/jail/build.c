/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/build.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

int build_run(const struct build_step *steps, size_t count, struct build *b, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (steps[i].run(b, err) == 0)
            continue;
        if (err->kind == ERR_SYSTEM)
            err->kind = ERR_HOST;
        if (err->kind == ERR_HOST && steps[i].hint) {
            size_t used = strlen(err->msg);
            snprintf(err->msg + used, sizeof err->msg - used, " (%s)", steps[i].hint);
        }
        if (err->sys == EMFILE) {
            size_t used = strlen(err->msg);
            snprintf(err->msg + used, sizeof err->msg - used, " (ulimit -n: 256 are enough)");
        }
        return err_wrap(err, "jail: %s", steps[i].name);
    }
    return 0;
}

int64_t build_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

long build_clone(struct clone_args *args)
{
    long pid = syscall(SYS_clone3, args, sizeof *args);
    if (pid >= 0 || errno != ENOSYS || (args->flags & ~(uint64_t)UINT32_MAX))
        return pid;
    return syscall(SYS_clone, args->flags | args->exit_signal, NULL, NULL, NULL, NULL);
}

int build_send(int socket, const void *message, size_t len, int fd)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)message, .iov_len = len};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof control.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(socket, &msg, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

ssize_t build_receive(int socket, struct build_report *report, int *out_fd, pid_t *out_pid)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec iov = {.iov_base = report, .iov_len = sizeof *report};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do {
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
        /* told once of a peer that has gone and left something unread; what it sent comes then */
    } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    for (struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL; c; c = CMSG_NXTHDR(&msg, c)) {
        struct ucred sender;
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_RIGHTS)
            memcpy(out_fd, CMSG_DATA(c), sizeof *out_fd);
        if (c->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&sender, CMSG_DATA(c), sizeof sender);
            *out_pid = sender.pid;
        }
    }
    return n;
}

int build_report_child(const struct build *b, enum build_report_kind kind, const struct err *why,
                       int fd)
{
    struct build_report report = {.kind = kind, .at_us = build_now_us()};
    if (why)
        report.err = *why;
    return build_send(b->pipes.report[1], &report, sizeof report, fd);
}
