/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail/files.h"

#define MIB            (1024ull * 1024)
#define RESERVE_MIB    16 /* ext4 keeps 2 % back, at most 4096 blocks of 4 KiB */
#define METADATA_PARTS 63 /* 1/64 of the image are inode tables and bitmaps */
#define FORGET_MIN     (8 * MIB)
#define SIZE_TRIES     4
#define NAME_SIZE      48

/* _IOR('X', 125, u32), from the kernel's ext4.h */
#define IMAGE_IOC_SHUTDOWN    _IOR('X', 125, uint32_t)
#define IMAGE_SHUTDOWN_NOSYNC 2u

static const char *const mkfs_paths[] = {"/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4",
                                         "/usr/bin/mkfs.ext4"};

static int image_run_mkfs(int file, struct err *err)
{
    static const char *const argv[] = {"mkfs.ext4",
                                       "-q",
                                       "-F",
                                       "-m",
                                       "0",
                                       "-O",
                                       "^has_journal,^resize_inode",
                                       "-E",
                                       "lazy_itable_init=1,nodiscard",
                                       "/proc/self/fd/3",
                                       NULL};
    static const char *const envp[] = {"PATH=/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, file, 3);
    pid_t pid = -1;
    int failed = ENOENT;
    for (size_t i = 0; i < ARRAY_LEN(mkfs_paths) && failed == ENOENT; i++)
        failed = posix_spawn(&pid, mkfs_paths[i], &actions, NULL, (char *const *)(uintptr_t)argv,
                             (char *const *)(uintptr_t)envp);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return err_set(err, ERR_HOST, "mkfs.ext4: %s: install e2fsprogs", strerror(failed));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0
               ? 0
               : err_set(err, ERR_HOST,
                         "mkfs.ext4 failed (wait status %d): is the cache folder full?", status);
}

int image_mount(const struct image *image, struct err *err)
{
    AUTO_FD int fs = fsopen("ext4", FSOPEN_CLOEXEC);
    if (fs < 0)
        return err_set(err, ERR_HOST, "this kernel has no ext4 (modprobe ext4): %s",
                       strerror(errno));
    /* nothing in it outlives a power cut, and no thread shall write inode tables that nobody uses
     */
    if (fsconfig(fs, FSCONFIG_SET_STRING, "source", image->device, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_FLAG, "nobarrier", NULL, 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_FLAG, "noinit_itable", NULL, 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return err_sys(err, "mount ext4 on '%s'", image->device);
    int fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    return fd < 0 ? err_sys(err, "fsmount '%s'", image->device) : fd;
}

static int image_bind(struct image *image, int file, struct err *err)
{
    image->loop_fd = loop_open(file, image->device, err);
    if (image->loop_fd < 0)
        return -1;
    image->mount_fd = image_mount(image, err);
    return image->mount_fd < 0 ? -1 : 0;
}

/* What ext4 would accept, measured on the mounted template; also removes lost+found. */
static int template_finish(int file, uint64_t *out_free, struct err *err)
{
    struct image image = {.loop_fd = -1, .mount_fd = -1};
    int failed = image_bind(&image, file, err);
    struct statvfs fs;
    if (failed == 0 && fstatvfs(image.mount_fd, &fs) < 0)
        failed = err_sys(err, "statfs of the template");
    if (failed == 0 && unlinkat(image.mount_fd, "lost+found", AT_REMOVEDIR) < 0)
        failed = err_sys(err, "remove 'lost+found' from the template");
    if (failed == 0)
        *out_free = (uint64_t)fs.f_bavail * fs.f_frsize;
    attr_close(&image.mount_fd);
    attr_close(&image.loop_fd);
    return failed;
}

/* A nameless file with an empty file system that accepts mib. */
static int template_make(int cache_fd, uint64_t mib, struct err *err)
{
    uint64_t want = mib * MIB + IMAGE_EXTRA_KIB * 1024;
    uint64_t reserve = want / 49 < RESERVE_MIB * MIB ? want / 49 : RESERVE_MIB * MIB;
    uint64_t size = (want + reserve) / METADATA_PARTS * (METADATA_PARTS + 1);
    for (int tries = 0; tries < SIZE_TRIES; tries++) {
        size = (size + MIB - 1) / MIB * MIB;
        AUTO_FD int file = files_open_nameless(cache_fd, 0600);
        uint64_t space = 0;
        if (file < 0 || ftruncate(file, (off_t)size) < 0)
            return err_sys(err, "a template of %llu MiB", (unsigned long long)(size / MIB));
        if (image_run_mkfs(file, err) < 0 || template_finish(file, &space, err) < 0)
            return -1;
        if (space >= want)
            return TAKE_FD(file);
        size += want - space;
    }
    return err_set(err, ERR_HOST, "mkfs.ext4 gives no file system with %llu MiB free",
                   (unsigned long long)mib);
}

static int template_find(int cache_fd, uint64_t mib, char name[static NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "tmp-%llu.ext4", (unsigned long long)mib);
    AUTO_FD int fd = openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        !(st.st_mode & 022) && (uint64_t)st.st_size > mib * MIB)
        return TAKE_FD(fd);
    return -1;
}

/* The template of a size from the cache; made there when it is missing. */
static int template_open(int cache_fd, uint64_t mib, struct err *err)
{
    char name[NAME_SIZE];
    AUTO_FD int fd = template_find(cache_fd, mib, name);
    if (fd >= 0)
        return TAKE_FD(fd);
    fd = template_make(cache_fd, mib, err);
    if (fd < 0 || files_name(fd, cache_fd, name, err) < 0)
        return err_wrap(err, "template '%s'", name);
    return TAKE_FD(fd);
}

/* Copies the parts of a sparse file that hold data. */
static int copy_data(int from, int to, off_t size, struct err *err)
{
    off_t at = 0;
    while (at < size) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return 0;
        off_t end = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
        if (end < 0)
            return err_sys(err, "seek in the template");
        off_t out = data;
        while (data < end) {
            ssize_t n = copy_file_range(from, &data, to, &out, (size_t)(end - data), 0);
            if (n <= 0)
                return err_sys(err, "copy the template");
        }
        at = end;
    }
    return 0;
}

static int image_copy(int cache_fd, int template, struct err *err)
{
    struct stat st;
    AUTO_FD int file = files_open_nameless(cache_fd, 0600);
    if (file < 0 || fstat(template, &st) < 0)
        return err_sys(err, "a temporary file in the cache folder");
    if (ioctl(file, FICLONE, template) == 0)
        return TAKE_FD(file);
    if (ftruncate(file, st.st_size) < 0)
        return err_sys(err, "a sparse file of %lld bytes", (long long)st.st_size);
    return copy_data(template, file, st.st_size, err) < 0 ? -1 : TAKE_FD(file);
}

static int image_set_root(const struct image *image, uid_t owner, struct err *err)
{
    AUTO_FD int root = openat(image->mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fchown(root, owner, owner) < 0 || fchmod(root, 01777) < 0)
        return err_sys(err, "the owner of '/tmp'");
    return 0;
}

bool image_is_possible(int cache_fd, uint64_t tmp_bytes, struct err *err)
{
    char name[NAME_SIZE];
    AUTO_FD int template = template_find(cache_fd, (tmp_bytes + MIB - 1) / MIB, name);
    bool found = template >= 0;
    for (size_t i = 0; i < ARRAY_LEN(mkfs_paths) && !found; i++)
        found = access(mkfs_paths[i], X_OK) == 0;
    if (!found)
        return err_set(err, ERR_HOST, "mkfs.ext4 is missing: install e2fsprogs"), false;
    /* a file with holes promises room that the disk may not have */
    struct statvfs disk;
    if (fstatvfs(cache_fd, &disk) < 0 ||
        (uint64_t)disk.f_bavail * disk.f_frsize < tmp_bytes + IMAGE_EXTRA_KIB * 1024ull)
        return err_set(err, ERR_HOST, "the disk of the cache folder has no room for it"), false;
    return loop_is_there(err);
}

int image_open(struct image *image, int cache_fd, uint64_t tmp_bytes, uid_t owner, struct err *err)
{
    *image = (struct image){.loop_fd = -1, .mount_fd = -1};
    AUTO_FD int template = template_open(cache_fd, (tmp_bytes + MIB - 1) / MIB, err);
    if (template <0)
        return -1;
    AUTO_FD int file = image_copy(cache_fd, template, err);
    if (file < 0)
        return -1;
    if (image_bind(image, file, err) == 0 && image_set_root(image, owner, err) == 0)
        return 0;
    image_close(image);
    return -1;
}

/* The last unmount writes all dirty pages, which nobody will read: with much in it, the file system
 * is shut down first. Not always, since the kernel logs that. */
static void image_forget(const struct image *image)
{
    struct statvfs fs;
    AUTO_FD int root = openat(image->mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fstatvfs(root, &fs) < 0 ||
        (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize < FORGET_MIN)
        return;
    uint32_t how = IMAGE_SHUTDOWN_NOSYNC;
    (void)!ioctl(root, IMAGE_IOC_SHUTDOWN, &how);
}

void image_close(struct image *image)
{
    if (image->mount_fd >= 0)
        image_forget(image);
    attr_close(&image->mount_fd);
    attr_close(&image->loop_fd);
    image->mount_fd = image->loop_fd = -1;
}
