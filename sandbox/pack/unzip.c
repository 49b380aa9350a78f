/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/unzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/directory.h"
#include "pack/interrupt.h"
#include "pack/path.h"
#include "pack/tree.h"

enum { READ_BLOCK = 256 * 1024 };

/* One zip on its way into one folder. */
struct unzip {
    struct archive *archive;
    struct directory directory;
    struct tree tree;
    uint64_t total;
};

static int archive_failed(struct archive *a, struct err *err)
{
    const char *text = archive_error_string(a);
    if (archive_errno(a) == ENOMEM)
        return err_set(err, ERR_MEMORY, "no memory to unpack");
    if (!text)
        text = "no reason given";
    /* some of its messages are whole lines */
    return err_set(err, ERR_INPUT, "is damaged: %.*s", (int)strcspn(text, "\n"), text);
}

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

/* The central directory's sizes add up to what is allowed: no entry may give more than its own. */
static int copy_data(struct unzip *u, const struct directory_entry *e, int fd, struct err *err)
{
    uint64_t done = 0;
    for (;;) {
        const void *block;
        size_t len;
        la_int64_t offset;
        if (interrupt_check(err))
            return -1;
        int r = archive_read_data_block(u->archive, &block, &len, &offset);
        if (r == ARCHIVE_EOF)
            break;
        if (r != ARCHIVE_OK)
            return archive_failed(u->archive, err);
        if ((uint64_t)offset != done || len > e->size - done)
            return err_set(err, ERR_INPUT, "unpacks to more than the %llu bytes it claims",
                           (unsigned long long)e->size);
        if (write_all(fd, block, len, err))
            return -1;
        done += len;
    }
    if (done != e->size)
        return err_set(err, ERR_INPUT, "unpacks to %llu bytes, not the %llu it claims",
                       (unsigned long long)done, (unsigned long long)e->size);
    u->total += done;
    return 0;
}

static int put_file(struct unzip *u, const struct directory_entry *e, const char *path,
                    struct err *err)
{
    AUTO_FD int fd = tree_create_file(&u->tree, path, err);
    if (fd < 0 || copy_data(u, e, fd, err))
        return -1;
    return tree_finish_file(fd, e->mode, e->mtime, err);
}

static int put_link(struct unzip *u, const struct directory_entry *e, struct archive_entry *ae,
                    const char *path, struct err *err)
{
    const char *target = archive_entry_symlink(ae);
    if (!target || strlen(target) != e->size)
        return err_set(err, ERR_INPUT, "is a link without a usable target");
    return tree_make_link(&u->tree, path, target, e->mtime, err);
}

static int put_entry(struct unzip *u, const struct directory_entry *e, struct archive_entry *ae,
                     struct err *err)
{
    struct path path;
    mode_t type = e->mode & S_IFMT;
    if (path_clean(&path, e->name, e->name_len, err))
        return -1;
    if (S_ISLNK(type) != (archive_entry_filetype(ae) == AE_IFLNK))
        return err_set(err, ERR_INPUT, "has another type in front of its data");
    if (S_ISDIR(type) || path.directory) {
        if (e->size || S_ISLNK(type))
            return err_set(err, ERR_INPUT, "has the name of a folder and is none");
        return tree_make_folder(&u->tree, path.text, e->mode, err);
    }
    if (S_ISLNK(type))
        return put_link(u, e, ae, path.text, err);
    return put_file(u, e, path.text, err);
}

/* libarchive gives the entries in the order of their data, as the directory here has them. It takes
 * the name from the header in front of the data (for DOS with '/' for '\'), which directory_read
 * has compared: a difference means that the two have lost step. */
static bool same_name(const struct directory_entry *e, struct archive_entry *ae)
{
    const char *name = archive_entry_pathname(ae);
    if (!name || strlen(name) < e->name_len)
        return false;
    for (size_t i = 0; i < e->name_len; i++)
        if (name[i] != e->name[i] && !(e->name[i] == '\\' && name[i] == '/'))
            return false;
    /* a folder's name gets its slash */
    return name[e->name_len] == '\0' || strcmp(name + e->name_len, "/") == 0;
}

static int put_next(struct unzip *u, const struct directory_entry *e, struct err *err)
{
    struct archive_entry *ae;
    if (interrupt_check(err))
        return -1;
    int r = archive_read_next_header(u->archive, &ae);
    if (r == ARCHIVE_EOF)
        return err_set(err, ERR_INPUT, "is damaged: it has no data");
    if (r != ARCHIVE_OK)
        return archive_failed(u->archive, err);
    if (!same_name(e, ae))
        return err_set(err, ERR_INPUT, "has two names");
    return put_entry(u, e, ae, err);
}

static int put_all(struct unzip *u, struct err *err)
{
    char name[128];
    const struct directory *d = &u->directory;
    for (size_t i = 0; i < d->count; i++) {
        const struct directory_entry *e = &d->entries[i];
        if (put_next(u, e, err))
            return err_wrap(err, "entry '%s'", path_show(e->name, e->name_len, name, sizeof name));
    }
    struct archive_entry *more;
    if (archive_read_next_header(u->archive, &more) != ARCHIVE_EOF)
        return err_set(err, ERR_INPUT, "has data that its central directory does not name");
    return 0;
}

static int date_folders(struct unzip *u, struct err *err)
{
    const struct directory *d = &u->directory;
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

/* Only zip, only read by its central directory, no decompression filter around it. */
static int open_archive(struct unzip *u, int zip_fd, struct err *err)
{
    u->archive = archive_read_new();
    if (!u->archive)
        return err_set(err, ERR_MEMORY, "no memory to unpack");
    if (archive_read_support_format_zip_seekable(u->archive) != ARCHIVE_OK)
        return archive_failed(u->archive, err);
    if (lseek(zip_fd, 0, SEEK_SET) != 0)
        return err_sys(err, "seek in the zip");
    if (archive_read_open_fd(u->archive, zip_fd, READ_BLOCK) != ARCHIVE_OK)
        return archive_failed(u->archive, err);
    return 0;
}

static int64_t unzip_all(int zip_fd, int dir_fd, struct err *err)
{
    struct unzip u = {0};
    int64_t total = -1;
    tree_init(&u.tree, dir_fd);
    if (directory_read(zip_fd, &u.directory, err))
        return -1;
    if (open_archive(&u, zip_fd, err) == 0 && put_all(&u, err) == 0 && date_folders(&u, err) == 0)
        total = (int64_t)u.total;
    archive_read_free(u.archive);
    tree_fini(&u.tree);
    directory_free(&u.directory);
    return total;
}

int64_t unzip_into(int zip_fd, int dir_fd, struct err *err)
{
    /* libarchive converts names from UTF-8 to the locale's: to have them as they are, a UTF-8 one
     */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int64_t total = unzip_all(zip_fd, dir_fd, err);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return total;
}
