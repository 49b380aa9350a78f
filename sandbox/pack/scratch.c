/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534 }; /* who is not mapped into our user namespace: the host's root */

static int try_place(struct store *s, const char *place)
{
    struct stat st;
    char proc[32];
    AUTO_FD int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || store_is_noexec(fd))
        return -1;
    /* where others can rename what is ours, a name is not to be believed */
    bool others = st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX);
    bool theirs = st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != NOBODY;
    if (others || theirs)
        return -1;
    if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS))
        return -1;
    snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(proc, s->path, sizeof s->path - 1);
    if (len <= 0 || (size_t)len > sizeof s->path - 256 || s->path[0] != '/')
        return -1;
    s->path[len] = '\0';
    return TAKE_FD(fd);
}

int scratch_open(struct store *s, struct err *err)
{
    const char *const places[] = {store_path_variable("TMPDIR"), "/var/tmp", "/tmp"};
    *s = (struct store){.fd = -1};
    snprintf(s->tmp, sizeof s->tmp, "clambda-zip-%u-", (unsigned)geteuid());
    for (size_t i = 0; i < ARRAY_LEN(places) && s->fd < 0; i++)
        if (places[i])
            s->fd = try_place(s, places[i]);
    if (s->fd < 0)
        return err_set(err, ERR_HOST,
                       "no folder to unpack into: TMPDIR, /var/tmp and /tmp are not writable, "
                       "mounted noexec, or open to others without the sticky bit; set TMPDIR, or "
                       "unzip it yourself and name the folder");
    return 0;
}
