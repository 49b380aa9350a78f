/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/package.h"

#include <errno.h>
#include <fcntl.h>

#include "base/temporary.h"
#include "deploy/files.h"
#include "deploy/zip_writer.h"
#include "pack/interrupt.h"
#include "pack/limits.h"

static int add_file(struct zip_writer *z, const struct package_file *file, uint64_t *bytes,
                    struct err *err)
{
    AUTO_FD int fd = open(file->source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        err_sys(err, "open '%.200s'", file->source);
        if (errno != ENFILE && errno != EMFILE)
            err->kind = ERR_INPUT;
        return -1;
    }
    int64_t n =
        zip_writer_add(z, file->name, fd, file->executable, PACK_UNPACKED_MAX - *bytes, err);
    if (n < 0)
        return err->kind == ERR_CLOSED ? -1 : err_wrap(err, "'%.200s'", file->source);
    *bytes += (uint64_t)n;
    return 0;
}

static int write_all(struct zip_writer *z, const struct files *files, struct package_size *out,
                     struct err *err)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < files->count; i++)
        if (add_file(z, &files->list[i], &bytes, err) < 0)
            return -1;
    int64_t zip_bytes = zip_writer_end(z, err);
    if (zip_bytes < 0)
        return -1;
    *out = (struct package_size){.zip_bytes = (uint64_t)zip_bytes, .bytes = bytes};
    return 0;
}

static int write_beside(const char *path, const struct files *files, struct package_size *out,
                        struct err *err)
{
    struct temporary t;
    struct zip_writer z;
    if (temporary_begin(&t, path, 0666, err) < 0)
        return -1;
    zip_writer_begin(&z, t.fd);
    int rc = write_all(&z, files, out, err);
    if (rc == 0 && interrupt_check(err) < 0)
        rc = -1;
    if (rc == 0)
        rc = temporary_publish(&t, err);
    zip_writer_fini(&z);
    temporary_fini(&t);
    return rc;
}

int package_write_zip(const char *path, const struct package_file *files, size_t nfiles,
                      struct package_size *out, struct err *err)
{
    struct files arranged;
    if (files_arrange(&arranged, files, nfiles, path, PACK_UNPACKED_MAX, err) < 0)
        return -1;
    int rc = write_beside(path, &arranged, out, err);
    files_fini(&arranged);
    if (rc < 0 && err->kind == ERR_SYSTEM)
        return err_wrap(err, "cannot write '%.150s'", path);
    return rc;
}
