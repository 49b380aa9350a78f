/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/slot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* what was put there by somebody else, its owner alone may remove */
#define OTHER_FOLDER ", or as an ordinary user set XDG_RUNTIME_DIR to a folder of your own"

/* The folder of the slots, made when missing. Only its owner may list or change it: the notes in
 * it are obeyed by root. */
static int slot_open_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, "mkdir '%s'", path);
    AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return err_set(err, ERR_HOST, "'%s' is a link or a file: remove it" OTHER_FOLDER, path);
    if (fd < 0)
        return err_sys(err, "open '%s'", path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_sys(err, "stat '%s'", path);
    if (st.st_uid != geteuid() || (st.st_mode & 0077))
        return err_set(err, ERR_HOST,
                       "'%s' must belong to user %u with mode 0700: remove it" OTHER_FOLDER, path,
                       (unsigned)geteuid());
    return TAKE_FD(fd);
}

static void slot_name(char name[static 16], unsigned index)
{
    snprintf(name, 16, "slot.%u", index);
}

/* 1: locked, 0: somebody lives there (or it does not exist and must not be made). */
static int slot_lock(int folder, unsigned index, int flags, int *out_fd, struct err *err)
{
    char name[16];
    slot_name(name, index);
    AUTO_FD int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_sys(err, "open '%s'", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : err_sys(err, "lock '%s'", name);

    /* the owner before us removes its file while it holds the lock: then ours has no name */
    struct stat held, named;
    if (fstat(fd, &held) < 0 || fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
        held.st_ino != named.st_ino)
        return 0;
    *out_fd = TAKE_FD(fd);
    return 1;
}

/* Removes what the notes of a locked slot name. */
static int slot_clean(int fd, slot_remove_fn *remove, struct err *err)
{
    char notes[SLOT_NOTES_MAX + 1];
    ssize_t len = pread(fd, notes, SLOT_NOTES_MAX, 0);
    if (len < 0)
        return err_sys(err, "read the notes");
    notes[len] = 0;
    char *save = NULL;
    for (char *line = strtok_r(notes, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (remove(line, err) < 0)
            return -1;
    return ftruncate(fd, 0) < 0 ? err_sys(err, "truncate the notes") : 0;
}

int slot_take(struct slot *s, const char *path, slot_remove_fn *remove, struct err *err)
{
    AUTO_FD int folder = slot_open_folder(path, err);
    if (folder < 0)
        return -1;
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        AUTO_FD int fd = -1;
        int locked = slot_lock(folder, i, O_CREAT, &fd, err);
        if (locked < 0)
            return -1;
        if (!locked)
            continue;
        if (slot_clean(fd, remove, err) < 0)
            return err_wrap(err, "slot %u, left by a process that was killed", i);
        s->folder = path;
        s->index = i;
        s->fd = TAKE_FD(fd);
        return 0;
    }
    return err_set(err, ERR_LIMIT, "all %d jails of this host are taken: stop one", SLOT_COUNT);
}

int slot_note(const struct slot *s, const char *note, struct err *err)
{
    struct stat st;
    if (fstat(s->fd, &st) < 0)
        return err_sys(err, "stat of slot %u", s->index);
    size_t len = strlen(note);
    if ((size_t)st.st_size + len + 1 > SLOT_NOTES_MAX)
        return err_set(err, ERR_LIMIT, "the notes of slot %u pass %d bytes", s->index,
                       SLOT_NOTES_MAX);
    if (dprintf(s->fd, "%s\n", note) != (int)len + 1)
        return err_sys(err, "write to slot %u", s->index);
    return 0;
}

void slot_give(struct slot *s)
{
    if (s->fd < 0)
        return;
    char path[PATH_MAX], name[16];
    slot_name(name, s->index);
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    unlink(path);
    slot_abandon(s);
}

void slot_abandon(struct slot *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* 1: cleaned and free again, 0: somebody lives there. */
static int slot_sweep_one(int folder, const char *path, unsigned index, slot_remove_fn *remove,
                          struct err *err)
{
    struct slot s = {.folder = path, .fd = -1, .index = index};
    int locked = slot_lock(folder, index, 0, &s.fd, err);
    if (locked <= 0)
        return locked;
    if (slot_clean(s.fd, remove, err) < 0) {
        slot_abandon(&s);
        return -1;
    }
    slot_give(&s);
    return 1;
}

int slot_sweep(const char *path, slot_remove_fn *remove, struct err *err)
{
    AUTO_FD int folder = slot_open_folder(path, err);
    if (folder < 0)
        return -1;
    DIR *dir = fdopendir(folder);
    if (!dir)
        return err_sys(err, "read '%s'", path);
    (void)TAKE_FD(folder); /* the stream's */
    int swept = 0;
    bool failed = false;
    for (struct dirent *e; (e = readdir(dir));) {
        unsigned index;
        char name[16];
        if (sscanf(e->d_name, "slot.%4u", &index) != 1 || index >= SLOT_COUNT)
            continue;
        slot_name(name, index);
        if (strcmp(name, e->d_name) != 0)
            continue;
        int result = slot_sweep_one(dirfd(dir), path, index, remove, err);
        failed = failed || result < 0;
        swept += result > 0;
    }
    closedir(dir);
    return failed ? -1 : swept;
}
