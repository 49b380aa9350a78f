/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/path.h"

enum { READ_BLOCK = 256 * 1024 };

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

int zip_wrap(const struct directory_entry *e, struct err *err)
{
    char name[128];
    return err_wrap(err, "entry '%s'", path_show(e->name, e->name_len, name, sizeof name));
}

/* Only zip, only read by its central directory, no decompression filter around it. */
static int open_archive(struct zip *z, int zip_fd, struct err *err)
{
    z->archive = archive_read_new();
    if (!z->archive)
        return err_set(err, ERR_MEMORY, "no memory to unpack");
    if (archive_read_support_format_zip_seekable(z->archive) != ARCHIVE_OK)
        return archive_failed(z->archive, err);
    if (lseek(zip_fd, 0, SEEK_SET) != 0)
        return err_sys(err, "seek in the zip");
    if (archive_read_open_fd(z->archive, zip_fd, READ_BLOCK) != ARCHIVE_OK)
        return archive_failed(z->archive, err);
    return 0;
}

int zip_open(struct zip *z, int zip_fd, struct err *err)
{
    *z = (struct zip){0};
    /* libarchive converts names from UTF-8 to the locale's: to have them as they are, a UTF-8 one
     */
    z->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    z->locale_before = z->locale ? uselocale(z->locale) : (locale_t)0;
    if (directory_read(zip_fd, &z->directory, err) == 0 && open_archive(z, zip_fd, err) == 0)
        return 0;
    zip_close(z);
    return -1;
}

void zip_close(struct zip *z)
{
    archive_read_free(z->archive);
    directory_free(&z->directory);
    if (z->locale) {
        uselocale(z->locale_before);
        freelocale(z->locale);
    }
    *z = (struct zip){0};
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

static int check_header(struct zip *z, const struct directory_entry *e, struct archive_entry *ae,
                        struct err *err)
{
    bool link = S_ISLNK(e->mode);
    if (!same_name(e, ae))
        return err_set(err, ERR_INPUT, "has two names");
    if (link != (archive_entry_filetype(ae) == AE_IFLNK))
        return err_set(err, ERR_INPUT, "has another type in front of its data");
    z->target = link ? archive_entry_symlink(ae) : NULL;
    if (link && (!z->target || strlen(z->target) != e->size))
        return err_set(err, ERR_INPUT, "is a link without a usable target");
    return 0;
}

int zip_next(struct zip *z, const struct directory_entry **out, struct err *err)
{
    struct archive_entry *ae;
    int r = archive_read_next_header(z->archive, &ae);
    if (z->at == z->directory.count) {
        if (r != ARCHIVE_EOF)
            return err_set(err, ERR_INPUT, "has data that its central directory does not name");
        return 0;
    }
    const struct directory_entry *e = &z->directory.entries[z->at];
    if (r == ARCHIVE_EOF)
        err_set(err, ERR_INPUT, "is damaged: it has no data");
    else if (r != ARCHIVE_OK)
        archive_failed(z->archive, err);
    else if (check_header(z, e, ae, err) == 0) {
        z->at++;
        *out = e;
        return 1;
    }
    return zip_wrap(e, err);
}

/* The central directory's sizes add up to what is allowed: no entry may give more than its own. */
static int read_all(struct zip *z, const struct directory_entry *e, zip_sink sink, void *data,
                    struct err *err)
{
    uint64_t done = 0;
    for (;;) {
        const void *block;
        size_t len;
        la_int64_t offset;
        int r = archive_read_data_block(z->archive, &block, &len, &offset);
        if (r == ARCHIVE_EOF)
            break;
        if (r != ARCHIVE_OK)
            return archive_failed(z->archive, err);
        if ((uint64_t)offset != done || len > e->size - done)
            return err_set(err, ERR_INPUT, "unpacks to more than the %llu bytes it claims",
                           (unsigned long long)e->size);
        if (sink(data, block, len, err))
            return -1;
        done += len;
    }
    if (done != e->size)
        return err_set(err, ERR_INPUT, "unpacks to %llu bytes, not the %llu it claims",
                       (unsigned long long)done, (unsigned long long)e->size);
    return 0;
}

int zip_read(struct zip *z, zip_sink sink, void *data, struct err *err)
{
    const struct directory_entry *e = &z->directory.entries[z->at - 1];
    return read_all(z, e, sink, data, err) ? zip_wrap(e, err) : 0;
}
