/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "jail/ids.h"
#include "jail/path.h"
#include "jail/tree.h"

#define ROOT_BYTES  "1m"
#define ROOT_INODES "400"
/* a folder that every root has and that stays empty */
#define EMPTY          "var/runtime"
#define STAGE_NAME_MAX 40
/* where the new root is built: a folder that every host has and that is no longer needed by then */
#define BUILD_SITE "/usr"

/* Folders of programs and libraries: a link on most hosts, a folder on some. */
static const char *const libraries[] = {"/bin", "/sbin", "/lib", "/lib32", "/libx32", "/lib64"};

static const struct {
    const char *path;
    bool required;
} host_trees[] = {
    {"/usr", true},
    {"/etc/alternatives", false},
    {"/etc/ld.so.cache", false},
    {"/etc/ssl/certs", false},
    {"/etc/pki/tls/certs", false},
    {"/etc/pki/ca-trust/extracted", false},
    /* of Amazon Linux: what its OpenSSL reads, and runtimes of images */
    {"/etc/pki/tls/openssl.cnf", false},
    {"/etc/crypto-policies/back-ends", false},
    {"/var/lang", false},
};

/* Too big or too telling, and of no use inside. */
static const char *const masked[] = {"usr/lib/modules", "usr/src", "lib/modules"};

/* A user namespace that shows this owner as root; made once per jail. -1: none can be had. */
static int view_find(struct jail *j, const struct stat *st)
{
    struct err ignored;
    for (size_t i = 0; i < j->nviews; i++)
        if (j->views[i].owner == st->st_uid && j->views[i].group == st->st_gid)
            return j->views[i].fd;
    if (j->nviews == BUILD_VIEWS_MAX)
        return -1;
    struct build_view *view = &j->views[j->nviews];
    view->owner = st->st_uid;
    view->group = st->st_gid;
    view->fd = ids_open_view(&j->ids, st->st_uid, st->st_gid, &ignored);
    if (view->fd >= 0)
        j->nviews++;
    return view->fd;
}

/* An open path: below a root of the spec's, where links cannot lead out of it, or the host's. */
static int open_source(const struct jail *j, const char *path, bool system, struct err *err)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC};
    AUTO_FD int root = -1;
    if (system && j->spec.rootfs) {
        root = open(j->spec.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
            return err_sys(err, "open '%s'", j->spec.rootfs);
        how.resolve = RESOLVE_IN_ROOT;
    }
    int fd = root < 0 ? open(path, O_PATH | O_CLOEXEC)
                      : (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0)
        return fd;
    if (root < 0)
        return err_sys(err, "'%s'", path);
    err_sys(err, "'%s' in the root '%s'", path, j->spec.rootfs);
    err->kind = ERR_INPUT;
    return -1;
}

/* Where a file system cannot show another owner, files stay those of "nobody". */
static int take(struct build *b, int source, const char *path, bool recursive,
                struct build_tree *out, struct err *err)
{
    struct jail *j = b->jail;
    struct stat st;
    if (fstat(source, &st) < 0)
        return err_sys(err, "'%s'", path);
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "'%s' is neither a file nor a folder", path);
    /* in a namespace of less rights, mounts may only be copied with all that is mounted on them */
    recursive = recursive || !j->takes_mounts;
    int fd = tree_take_fd(source, recursive, TREE_FROZEN, err);
    if (fd < 0)
        return err_wrap(err, "'%s'", path);
    int view = j->takes_mounts ? view_find(j, &st) : -1;
    if (view >= 0)
        (void)tree_show_owner(fd, recursive, view);
    out->fd = fd;
    out->folder = S_ISDIR(st.st_mode);
    return 0;
}

static int add_tree(struct build *b, int source, const char *path, const char *target,
                    bool recursive, struct err *err)
{
    if (take(b, source, path, recursive, &b->trees[b->ntrees], err) < 0)
        return -1;
    b->trees[b->ntrees++].target = target;
    return 0;
}

/* What has its own place in the root: 0 also when it is not there and need not be. */
static int take_part(struct build *b, const char *path, bool required, struct err *err)
{
    struct err missing;
    AUTO_FD int fd = open_source(b->jail, path, true, required ? err : &missing);
    if (fd < 0)
        return required ? -1 : 0;
    return add_tree(b, fd, path, path, true, err);
}

/* The text of a link below the root that is used; the kernel follows it there. */
static bool read_link(const struct jail *j, const char *path, char out[static BUILD_LINK_SIZE])
{
    AUTO_FD int root = open(j->spec.rootfs ? j->spec.rootfs : "/", O_PATH | O_CLOEXEC);
    ssize_t len = root < 0 ? -1 : readlinkat(root, path + 1, out, BUILD_LINK_SIZE - 1);
    out[len < 0 ? 0 : len] = 0;
    return len >= 0;
}

static int take_system(struct build *b, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(host_trees); i++)
        if (take_part(b, host_trees[i].path, host_trees[i].required, err) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        if (!read_link(b->jail, libraries[i], b->links[i]) &&
            take_part(b, libraries[i], false, err) < 0)
            return -1;
    return 0;
}

/* A path of the spec that is not there is wrong input, not a host that cannot. */
static int blame(struct err *err)
{
    if (err->sys == ENOENT || err->sys == ENOTDIR)
        err->kind = ERR_INPUT;
    return -1;
}

static int take_all(struct build *b, struct err *err)
{
    const struct jail_spec *spec = &b->jail->spec;
    if (take_system(b, err) < 0)
        return -1;
    for (; b->nlayers < spec->nlayers; b->nlayers++) {
        const char *path = spec->layers[b->nlayers];
        AUTO_FD int fd = open_source(b->jail, path, false, err);
        if (fd < 0 || take(b, fd, path, false, &b->layers[b->nlayers], err) < 0)
            return err_wrap(err, "layer %zu", b->nlayers + 1), blame(err);
    }
    for (size_t i = 0; i < spec->nbinds; i++) {
        const char *path = spec->binds[i].source;
        AUTO_FD int fd = open_source(b->jail, path, false, err);
        if (fd < 0 || add_tree(b, fd, path, spec->binds[i].target, false, err) < 0)
            return blame(err);
    }
    return 0;
}

int root_take_host(struct build *b, struct err *err)
{
    return b->jail->takes_mounts ? take_all(b, err) : 0;
}

int root_take_child(struct build *b, struct err *err)
{
    if (b->jail->takes_mounts)
        return 0;
    /* copies must not lead changes back to where they come from */
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(err, "make mounts private");
    return take_all(b, err);
}

int root_keep_tmp_child(struct build *b, struct err *err)
{
    if (!b->jail->tmp_in_memory)
        return 0;
    b->tmp_fd = tree_take(HOLDER_SITE, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
    if (b->tmp_fd < 0)
        return -1;
    return umount2(HOLDER_SITE, MNT_DETACH) < 0 ? err_sys(err, "uncover '%s'", HOLDER_SITE) : 0;
}

int root_start_child(struct build *b, struct err *err)
{
    (void)b;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(err, "make mounts private");
    AUTO_FD int root = tree_new_tmpfs(ROOT_BYTES, ROOT_INODES, err);
    if (root < 0 || tree_attach(root, BUILD_SITE, err) < 0)
        return -1;
    if (chdir(BUILD_SITE) < 0)
        return err_sys(err, "enter the new root");
    static const char *const folders[] = {"dev", "proc", "tmp",      "opt",
                                          "usr", "etc",  "var/task", EMPTY};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (path_make(folders[i], true, err) < 0)
            return -1;
    return 0;
}

static int attach(struct build_tree *tree, struct err *err)
{
    const char *path = path_inside(tree->target);
    if (path_make(path, tree->folder, err) < 0 || tree_attach(tree->fd, path, err) < 0)
        return -1;
    close(tree->fd);
    tree->fd = -1;
    return 0;
}

static bool is_spec_bind(const struct build *b, size_t tree)
{
    return tree >= b->ntrees - b->jail->spec.nbinds;
}

static int mask(const char *path, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return 0;
    AUTO_FD int empty = tree_take(EMPTY, false, TREE_FROZEN, err);
    return empty < 0 ? -1 : tree_attach(empty, path, err);
}

int root_trees_child(struct build *b, struct err *err)
{
    for (size_t i = 0; i < b->ntrees && !is_spec_bind(b, i); i++)
        if (attach(&b->trees[i], err) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        if (b->links[i][0] && path_link(b->links[i], path_inside(libraries[i]), err) < 0)
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(masked); i++)
        if (mask(masked[i], err) < 0)
            return -1;
    return 0;
}

static bool is_below_opt(const char *target)
{
    return strncmp(target, "/opt/", 5) == 0;
}

/* The lowest layer: mount points for binds below /opt, which no layer may have. */
static int stage_make(struct build *b, const char *stage, bool *out_used, struct err *err)
{
    char path[PATH_MAX];
    if (path_make(stage, true, err) < 0)
        return -1;
    for (size_t i = b->ntrees - b->jail->spec.nbinds; i < b->ntrees; i++) {
        if (!is_below_opt(b->trees[i].target))
            continue;
        *out_used = true;
        if (snprintf(path, sizeof path, "%s/%s", stage, b->trees[i].target + 5) >= (int)sizeof path)
            return err_set(err, ERR_INPUT, "'%s' is too long", b->trees[i].target);
        if (path_make(path, b->trees[i].folder, err) < 0)
            return -1;
    }
    return 0;
}

static void stage_name(char name[static STAGE_NAME_MAX], size_t number)
{
    snprintf(name, STAGE_NAME_MAX, "opt/.stage/%zu", number);
}

/* A read-only overlay; it keeps copies of the mounts named in lower. */
static int overlay_new(const char *lower, struct err *err)
{
    AUTO_FD int fs = fsopen("overlay", FSOPEN_CLOEXEC);
    if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", lower, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return err_sys(err,
                       "overlay of '%s' (it takes Linux 5.11 or newer, and as an ordinary user "
                       "layers with nothing mounted below them)",
                       lower);
    int fd = fsmount(fs, FSMOUNT_CLOEXEC, TREE_FROZEN);
    return fd < 0 ? err_sys(err, "fsmount overlay") : fd;
}

/* Layers are mounted below /opt, merged, taken down again, and covered by what came out. */
static int layers_merge(struct build *b, struct err *err)
{
    char lower[STAGE_NAME_MAX * (JAIL_LAYERS_MAX + 1)] = "", name[STAGE_NAME_MAX];
    for (size_t i = b->nlayers; i > 0; i--) {
        stage_name(name, i);
        if (path_make(name, true, err) < 0 || tree_attach(b->layers[i - 1].fd, name, err) < 0)
            return -1;
        strcat(strcat(lower, name), ":");
    }
    stage_name(name, 0);
    AUTO_FD int overlay = overlay_new(strcat(lower, name), err);
    if (overlay < 0)
        return -1;
    for (size_t i = 1; i <= b->nlayers; i++) {
        stage_name(name, i);
        if (umount2(name, MNT_DETACH) < 0 || rmdir(name) < 0)
            return err_sys(err, "take down '%s'", name);
    }
    return tree_attach(overlay, "opt", err);
}

int root_layers_child(struct build *b, struct err *err)
{
    bool stage_used = false;
    if (b->nlayers == 0)
        return 0;
    if (stage_make(b, "opt/.stage/0", &stage_used, err) < 0)
        return -1;
    if (b->nlayers == 1 && !stage_used)
        return tree_attach(b->layers[0].fd, "opt", err);
    return layers_merge(b, err);
}

int root_binds_child(struct build *b, struct err *err)
{
    for (size_t i = b->ntrees - b->jail->spec.nbinds; i < b->ntrees; i++)
        if (attach(&b->trees[i], err) < 0)
            return err_wrap(err, "'%s'", b->trees[i].target);
    return 0;
}

/* The mount comes as a message of one byte. Without it the host has given up. */
static int receive_tmp(struct build *b, struct err *err)
{
    char byte;
    AUTO_FD int fd = -1;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(b->pipes.report[1], &msg, MSG_CMSG_CLOEXEC);
    struct cmsghdr *head = n == 1 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (!head || head->cmsg_type != SCM_RIGHTS)
        _exit(1);
    memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return tree_attach(fd, "tmp", err);
}

int root_tmp_child(struct build *b, struct err *err)
{
    if (!b->jail->tmp_in_memory)
        return receive_tmp(b, err);
    int failed = tree_attach(b->tmp_fd, "tmp", err);
    attr_close(&b->tmp_fd);
    b->tmp_fd = -1;
    return failed;
}

int root_finish_child(struct build *b, struct err *err)
{
    (void)b;
    if (syscall(SYS_pivot_root, ".", ".") < 0)
        return err_sys(err, "pivot_root");
    /* the old root lies on top of the new one until here */
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return err_sys(err, "leave the old root");
    return tree_set("/", MOUNT_ATTR_RDONLY, err);
}
