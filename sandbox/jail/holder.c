/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "jail/build.h"
#include "jail/image.h"
#include "jail/tree.h"

#define BYTES_PER_INODE 16384 /* as mkfs.ext4 has it */

static int set(int fs, const char *name, const char *value)
{
    return fsconfig(fs, FSCONFIG_SET_STRING, name, value, 0);
}

static int tmpfs_new(const struct ids *ids, uint64_t tmp_bytes, struct err *err)
{
    char size[24], inodes[24], user[16], group[16];
    snprintf(size, sizeof size, "%llu", (unsigned long long)tmp_bytes + IMAGE_EXTRA_KIB * 1024ull);
    snprintf(inodes, sizeof inodes, "%llu", (unsigned long long)tmp_bytes / BYTES_PER_INODE);
    snprintf(user, sizeof user, "%u", ids_first_uid(ids));
    snprintf(group, sizeof group, "%u", ids_first_gid(ids));
    AUTO_FD int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (fs < 0 || set(fs, "size", size) < 0 || set(fs, "nr_inodes", inodes) < 0 ||
        set(fs, "mode", "1777") < 0 || set(fs, "uid", user) < 0 || set(fs, "gid", group) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return err_sys(err, "a tmpfs of %s bytes", size);
    int fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    return fd < 0 ? err_sys(err, "fsmount tmpfs") : fd;
}

static int pass(int socket, const char *path, struct err *err)
{
    struct build_report report = {.kind = REPORT_LISTENS};
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || build_send(socket, &report, sizeof report, fd) < 0)
        return err_sys(err, "pass out '%s'", path);
    return 0;
}

static int holder_make_child(int socket, const struct ids *ids, uint64_t tmp_bytes, struct err *err)
{
    if (pass(socket, "/proc/self/ns/user", err) < 0 || pass(socket, "/proc/self/ns/mnt", err) < 0)
        return -1;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(err, "make mounts private");
    AUTO_FD int tmp = tmpfs_new(ids, tmp_bytes, err);
    if (tmp < 0 || tree_attach(tmp, HOLDER_SITE, err) < 0)
        return -1;
    return pass(socket, HOLDER_SITE, err);
}

/* In the new namespaces, once its ids are mapped. */
_Noreturn static void holder_main_child(int socket, const struct ids *ids, uint64_t tmp_bytes)
{
    struct build_report report = {.kind = REPORT_FAILED};
    char go;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(socket, &go, 1) != 1)
        _exit(1);
    /* which kind of ids it became is known outside only; the tmpfs belongs to the first process */
    struct ids mapped = *ids;
    mapped.kind = go == 'o' ? IDS_OWN : mapped.kind;
    if (holder_make_child(socket, &mapped, tmp_bytes, &report.err) < 0)
        (void)!build_send(socket, &report, sizeof report, -1);
    _exit(0);
}

static int collect(int socket, int *const fds[], size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct build_report report;
        pid_t sender;
        if (build_receive(socket, &report, fds[i], &sender) != (ssize_t)sizeof report)
            return err_set(err, ERR_HOST, "the process that makes the namespaces died");
        if (report.kind == REPORT_FAILED) {
            *err = report.err;
            err->msg[sizeof err->msg - 1] = 0;
            return -1;
        }
    }
    return 0;
}

static int holder_fill(struct holder *h, pid_t child, int socket, struct ids *ids, struct err *err)
{
    int *const fds[] = {&h->user_fd, &h->mount_fd, &h->tmp_fd};
    if (ids_map_host(ids, child, err) < 0)
        return -1;
    /* a child that has failed already does not take it; collect says why */
    if (send(socket, ids->kind == IDS_OWN ? "o" : "g", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE)
        return err_sys(err, "start the child");
    return collect(socket, fds, ARRAY_LEN(fds), err);
}

int holder_open(struct holder *h, struct ids *ids, uint64_t tmp_bytes, struct err *err)
{
    int ends[2];
    sigset_t all, before;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_sys(err, "socketpair");
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNS};
    long child = build_clone(&args);
    if (child == 0) {
        close(ends[0]);
        holder_main_child(ends[1], ids, tmp_bytes);
    }
    int failed = child < 0 ? err_sys(err, "make namespaces") : 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (failed == 0) {
        failed = holder_fill(h, (pid_t)child, ends[0], ids, err);
        kill((pid_t)child, SIGKILL);
        while (waitpid((pid_t)child, NULL, __WALL) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    if (failed < 0)
        holder_close(h);
    return failed;
}

int holder_enter_child(const struct holder *h)
{
    if (setns(h->user_fd, CLONE_NEWUSER) < 0 || setns(h->mount_fd, CLONE_NEWNS) < 0)
        return errno;
    return 0;
}

uint64_t holder_tmp_used(const struct holder *h)
{
    struct statvfs fs;
    if (h->tmp_fd < 0 || fstatvfs(h->tmp_fd, &fs) < 0)
        return 0;
    return (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize;
}

void holder_close(struct holder *h)
{
    attr_close(&h->user_fd);
    attr_close(&h->mount_fd);
    attr_close(&h->tmp_fd);
    h->user_fd = h->mount_fd = h->tmp_fd = -1;
}
