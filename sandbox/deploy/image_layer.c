/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/image_layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "pack/interrupt.h"

enum { PIECE = 256 * 1024, LEVEL = 9, WINDOW_GZIP = 15 + 16 };

/* tar -> sum of the unpacked -> gzip -> blob */
struct stream {
    struct archive *tar;
    z_stream gzip;
    bool gzip_open;
    struct sha256 unpacked;
    struct oci_writer writer;
    uint64_t bytes;
    struct err err; /* of what the tar writer called */
    unsigned char out[PIECE];
    char in[PIECE];
};

static int compress_some(struct stream *s, const void *bytes, size_t len, int flush)
{
    int r = Z_OK;
    s->gzip.next_in = (z_const Bytef *)(uintptr_t)bytes;
    s->gzip.avail_in = (uInt)len;
    do {
        s->gzip.next_out = s->out;
        s->gzip.avail_out = sizeof s->out;
        r = deflate(&s->gzip, flush);
        if (r == Z_STREAM_ERROR)
            return err_set(&s->err, ERR_MEMORY, "the layer cannot be compressed");
        if (oci_writer_add(&s->writer, s->out, sizeof s->out - s->gzip.avail_out, &s->err))
            return -1;
    } while (s->gzip.avail_out == 0);
    return 0;
}

static la_ssize_t take_tar(struct archive *a, void *data, const void *bytes, size_t len)
{
    struct stream *s = data;
    (void)a;
    size_t some = len < PIECE ? len : PIECE;
    sha256_add(&s->unpacked, bytes, some);
    return compress_some(s, bytes, some, Z_NO_FLUSH) ? -1 : (la_ssize_t)some;
}

static int tar_failed(struct stream *s, struct err *err)
{
    const char *text = archive_error_string(s->tar);
    if (s->err.kind != ERR_NONE) {
        *err = s->err;
        return -1;
    }
    return err_set(err, archive_errno(s->tar) == ENOMEM ? ERR_MEMORY : ERR_INPUT, "%s",
                   text ? text : "cannot be written to a tar");
}

static bool is_ascii(const struct image_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        for (const char *p = tree->entries[i].name; *p; p++)
            if ((unsigned char)*p > 127)
                return false;
    return true;
}

/* Other names are bytes, not translated by the locale; each of the tar's headers then says so,
 * which some readers remark upon. */
static int set_format(struct archive *tar, const struct image_tree *tree)
{
    int r = archive_write_set_format_pax_restricted(tar);
    if (r == ARCHIVE_OK && !is_ascii(tree))
        r = archive_write_set_options(tar, "hdrcharset=BINARY");
    return r;
}

static int open_stream(struct stream *s, const struct oci_layout *layout,
                       const struct image_tree *tree, struct err *err)
{
    sha256_init(&s->unpacked);
    s->tar = archive_write_new();
    if (!s->tar ||
        deflateInit2(&s->gzip, LEVEL, Z_DEFLATED, WINDOW_GZIP, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, ERR_MEMORY, "no memory to compress a layer");
    s->gzip_open = true;
    if (oci_writer_open(&s->writer, layout, err))
        return -1;
    if (set_format(s->tar, tree) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(s->tar, 1) != ARCHIVE_OK ||
        archive_write_open(s->tar, s, NULL, take_tar, NULL) != ARCHIVE_OK)
        return tar_failed(s, err);
    return 0;
}

static void close_stream(struct stream *s)
{
    if (s->tar)
        archive_write_free(s->tar);
    if (s->gzip_open)
        deflateEnd(&s->gzip);
    if (s->writer.layout)
        oci_writer_close(&s->writer);
    free(s);
}

static int put_header(struct stream *s, const struct image_entry *e, uint64_t size, struct err *err)
{
    struct archive_entry *ae = archive_entry_new();
    if (!ae)
        return err_set(err, ERR_MEMORY, "no memory for a tar's header");
    archive_entry_set_pathname(ae, e->name);
    archive_entry_set_mode(ae, e->mode);
    archive_entry_set_size(ae, (la_int64_t)size);
    archive_entry_set_mtime(ae, 0, 0);
    archive_entry_set_uid(ae, 0);
    archive_entry_set_gid(ae, 0);
    int r = archive_write_header(s->tar, ae);
    archive_entry_free(ae);
    return r == ARCHIVE_OK ? 0 : tar_failed(s, err);
}

static int put_bytes(struct stream *s, const char *bytes, size_t len, struct err *err)
{
    while (len) {
        la_ssize_t n = archive_write_data(s->tar, bytes, len);
        if (n <= 0)
            return tar_failed(s, err);
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int put_source(struct stream *s, const struct image_entry *e, struct err *err)
{
    struct stat st;
    AUTO_FD int fd = open(e->source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) {
        bool full = errno == ENFILE || errno == EMFILE;
        err_sys(err, "open");
        err->kind = full ? ERR_SYSTEM : ERR_INPUT;
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "is no regular file");
    uint64_t size = (uint64_t)st.st_size, done = 0;
    if (size > OCI_BLOB_MAX - s->bytes)
        return err_set(err, ERR_LIMIT, "makes the image larger than %llu bytes",
                       (unsigned long long)OCI_BLOB_MAX);
    if (put_header(s, e, size, err))
        return -1;
    while (interrupt_check(err) == 0) {
        ssize_t n = read(fd, s->in, sizeof s->in);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "read");
        done += (uint64_t)n;
        if (n == 0 || done > size) {
            s->bytes += size;
            return done == size ? 0 : err_set(err, ERR_INPUT, "changes while it is read");
        }
        if (put_bytes(s, s->in, (size_t)n, err))
            return -1;
    }
    return -1;
}

static int put_entry(struct stream *s, const struct image_entry *e, struct err *err)
{
    size_t len = e->text ? strlen(e->text) : 0;
    if (e->source && put_source(s, e, err))
        return err->kind == ERR_CLOSED ? -1 : err_wrap(err, "'%.200s'", e->source);
    if (e->source)
        return 0;
    s->bytes += len;
    if (put_header(s, e, len, err) || put_bytes(s, e->text, len, err))
        return err_wrap(err, "'%.200s' in the image", e->name);
    return 0;
}

static int end_stream(struct stream *s, struct oci_top *out, struct err *err)
{
    uint8_t digest[SHA256_BYTES];
    struct oci_blob unpacked = {0};
    if (archive_write_close(s->tar) != ARCHIVE_OK || compress_some(s, NULL, 0, Z_FINISH))
        return tar_failed(s, err);
    sha256_end(&s->unpacked, digest);
    sha256_hex(digest, unpacked.hex);
    oci_blob_digest(&unpacked, out->diff_id);
    out->layer.media_type = OCI_LAYER_GZIP;
    return oci_writer_end(&s->writer, &out->layer.blob, err);
}

static int put_tree(struct stream *s, const struct image_tree *tree, struct err *err)
{
    for (size_t i = 0; i < tree->count; i++)
        if (put_entry(s, &tree->entries[i], err))
            return -1;
    return 0;
}

int image_layer_write(const struct oci_layout *layout, const struct image_tree *tree,
                      struct oci_top *out, uint64_t *out_bytes, struct err *err)
{
    struct stream *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, ERR_MEMORY, "no memory to write a layer");
    int done =
        open_stream(s, layout, tree, err) || put_tree(s, tree, err) || end_stream(s, out, err);
    *out_bytes = s->bytes;
    close_stream(s);
    return done ? -1 : 0;
}
