/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/unzip.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/interrupt.h"
#include "pack/path.h"
#include "pack/tree.h"
#include "pack/zip.h"

/* One zip on its way into one folder. */
struct unzip {
    struct zip zip;
    struct tree tree;
    uint64_t total;
};

static int write_all(int fd, const char *data, size_t len, struct err *err)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write");
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Somebody who has blocked signals cleans up first. */
static int write_piece(void *fd, const char *bytes, size_t len, struct err *err)
{
    if (interrupt_check(err))
        return -1;
    return write_all(*(const int *)fd, bytes, len, err);
}

static int put_file(struct unzip *u, const struct directory_entry *e, const char *path,
                    struct err *err)
{
    AUTO_FD int fd = tree_create_file(&u->tree, path, err);
    if (fd < 0)
        return zip_wrap(e, err);
    if (zip_read(&u->zip, write_piece, &fd, err))
        return -1;
    u->total += e->size;
    return tree_finish_file(fd, e->mode, e->mtime, err) ? zip_wrap(e, err) : 0;
}

static int put_other(struct unzip *u, const struct directory_entry *e, const struct path *path,
                     struct err *err)
{
    if (!S_ISDIR(e->mode) && !path->directory)
        return tree_make_link(&u->tree, path->text, u->zip.target, e->mtime, err);
    if (e->size || S_ISLNK(e->mode))
        return err_set(err, ERR_INPUT, "has the name of a folder and is none");
    return tree_make_folder(&u->tree, path->text, e->mode, err);
}

static int put_entry(struct unzip *u, const struct directory_entry *e, struct err *err)
{
    struct path path;
    if (path_clean(&path, e->name, e->name_len, err))
        return zip_wrap(e, err);
    if (S_ISREG(e->mode) && !path.directory)
        return put_file(u, e, path.text, err);
    return put_other(u, e, &path, err) ? zip_wrap(e, err) : 0;
}

static int put_all(struct unzip *u, struct err *err)
{
    const struct directory_entry *e = NULL;
    for (;;) {
        if (interrupt_check(err))
            return -1;
        int more = zip_next(&u->zip, &e, err);
        if (more <= 0)
            return more;
        if (put_entry(u, e, err))
            return -1;
    }
}

static int date_folders(struct unzip *u, struct err *err)
{
    const struct directory *d = &u->zip.directory;
    for (size_t i = 0; i < d->count; i++) {
        const struct directory_entry *e = &d->entries[i];
        struct path path;
        if (path_clean(&path, e->name, e->name_len, err))
            return -1;
        if ((S_ISDIR(e->mode) || path.directory) &&
            tree_date_folder(&u->tree, path.text, e->mtime, err))
            return -1;
    }
    return 0;
}

int64_t unzip_into(int zip_fd, int dir_fd, struct err *err)
{
    struct unzip u = {0};
    if (zip_open(&u.zip, zip_fd, err))
        return -1;
    tree_init(&u.tree, dir_fd);
    int failed = put_all(&u, err) || date_folders(&u, err);
    tree_fini(&u.tree);
    zip_close(&u.zip);
    return failed ? -1 : (int64_t)u.total;
}
