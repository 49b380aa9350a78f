/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/zip_writer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "pack/interrupt.h"
#include "pack/limits.h"

enum {
    SIGNATURE_LOCAL = 0x04034b50,
    SIGNATURE_CENTRAL = 0x02014b50,
    SIGNATURE_END = 0x06054b50,
    LOCAL_SIZE = 30,
    VERSION_NEEDED = 20,
    MADE_ON_UNIX = 3 << 8,
    FLAG_UTF8 = 1 << 11,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    FIRST_DATE = 1 << 5 | 1, /* 1980-01-01, the earliest there is */
    PIECE = 64 << 10,
};

struct entry {
    const char *name;
    size_t name_len;
    uint64_t offset, size, packed;
    uint32_t crc;
    uint16_t method;
    mode_t mode;
};

/* A file on its way through deflate. */
struct passage {
    z_stream stream;
    uint64_t size, packed, at;
    uint64_t max_bytes;
    uint32_t crc;
    char in[PIECE], out[PIECE];
};

static void put(struct buf *b, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_addc(b, (char)(value >> (8 * i)));
}

/* What both headers have in common, from "version needed" to the length of the extra field. */
static void put_common(struct buf *b, const struct entry *e)
{
    bool plain = true;
    for (size_t i = 0; i < e->name_len; i++)
        plain = plain && !(e->name[i] & 0x80);
    put(b, VERSION_NEEDED, 2);
    put(b, plain ? 0 : FLAG_UTF8, 2);
    put(b, e->method, 2);
    put(b, 0, 2); /* midnight */
    put(b, FIRST_DATE, 2);
    put(b, e->crc, 4);
    put(b, e->packed, 4);
    put(b, e->size, 4);
    put(b, e->name_len, 2);
    put(b, 0, 2);
}

static void put_central(struct buf *b, const struct entry *e)
{
    put(b, SIGNATURE_CENTRAL, 4);
    put(b, MADE_ON_UNIX | VERSION_NEEDED, 2);
    put_common(b, e);
    put(b, 0, 2 + 2 + 2); /* comment, disk, kind of content */
    put(b, (uint64_t)e->mode << 16, 4);
    put(b, e->offset, 4);
    buf_add(b, e->name, e->name_len);
}

static int write_at(int fd, const void *bytes, size_t len, uint64_t at, struct err *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write");
        done += (size_t)n;
    }
    return 0;
}

static int write_local(const struct zip_writer *z, const struct entry *e, struct err *err)
{
    AUTO_BUF struct buf b;
    buf_init(&b, LOCAL_SIZE + PACK_NAME_MAX);
    put(&b, SIGNATURE_LOCAL, 4);
    put_common(&b, e);
    buf_add(&b, e->name, e->name_len);
    if (buf_check(&b, "a header of the zip", err) < 0)
        return -1;
    return write_at(z->fd, b.ptr, b.len, e->offset, err);
}

/* The next bytes of the source, counted and summed up. 0 at the end. */
static ssize_t read_piece(struct passage *p, int fd, struct err *err)
{
    if (interrupt_check(err) < 0)
        return -1;
    ssize_t n;
    do
        n = pread(fd, p->in, sizeof p->in, (off_t)p->size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(err, "read");
    p->size += (uint64_t)n;
    if (p->size > p->max_bytes)
        return err_set(err, ERR_LIMIT,
                       "is too much: Lambda takes packages of at most %llu bytes "
                       "unpacked",
                       PACK_UNPACKED_MAX);
    p->crc = (uint32_t)crc32(p->crc, (const Bytef *)p->in, (uInt)n);
    return n;
}

/* Writes what deflate makes of the bytes at hand; flush is Z_FINISH with the last ones. */
static int squeeze(struct passage *p, int fd, int flush, struct err *err)
{
    int status;
    do {
        p->stream.next_out = (Bytef *)p->out;
        p->stream.avail_out = sizeof p->out;
        status = deflate(&p->stream, flush);
        if (status == Z_STREAM_ERROR)
            return err_set(err, ERR_SYSTEM, "zlib refuses to deflate");
        size_t len = sizeof p->out - p->stream.avail_out;
        if (write_at(fd, p->out, len, p->at + p->packed, err) < 0)
            return -1;
        p->packed += len;
    } while (p->stream.avail_out == 0);
    return 0;
}

static int deflate_all(struct passage *p, int fd, int source_fd, struct err *err)
{
    ssize_t n;
    do {
        n = read_piece(p, source_fd, err);
        if (n < 0)
            return -1;
        p->stream.next_in = (Bytef *)p->in;
        p->stream.avail_in = (uInt)n;
        if (squeeze(p, fd, n ? Z_NO_FLUSH : Z_FINISH, err) < 0)
            return -1;
    } while (n);
    return 0;
}

static int write_deflated(struct passage *p, int fd, int source_fd, struct err *err)
{
    enum { RAW = -MAX_WBITS, MEMORY = 9 };
    if (deflateInit2(&p->stream, Z_BEST_COMPRESSION, Z_DEFLATED, RAW, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return err_set(err, ERR_MEMORY, "no memory to deflate");
    int rc = deflate_all(p, fd, source_fd, err);
    deflateEnd(&p->stream);
    return rc;
}

static int write_stored(struct passage *p, int fd, int source_fd, struct err *err)
{
    for (;;) {
        uint64_t at = p->at + p->size;
        ssize_t n = read_piece(p, source_fd, err);
        if (n <= 0)
            return (int)n;
        if (write_at(fd, p->in, (size_t)n, at, err) < 0)
            return -1;
    }
}

/* Writes the data, and tells the entry what it is. */
static int write_data(const struct zip_writer *z, struct entry *e, int source_fd, struct passage *p,
                      struct err *err)
{
    if (write_deflated(p, z->fd, source_fd, err) < 0)
        return -1;
    *e = (struct entry){e->name,   e->name_len, e->offset,       p->size,
                        p->packed, p->crc,      METHOD_DEFLATED, e->mode};
    if (p->packed < p->size)
        return 0;
    p->size = 0;
    p->crc = 0;
    e->method = METHOD_STORED;
    e->packed = e->size;
    if (write_stored(p, z->fd, source_fd, err) < 0)
        return -1;
    if (p->size != e->size || p->crc != e->crc)
        return err_set(err, ERR_INPUT, "was changed while it was read");
    return 0;
}

void zip_writer_begin(struct zip_writer *z, int fd)
{
    *z = (struct zip_writer){.fd = fd};
    buf_init(&z->directory, PACK_DIRECTORY_MAX);
}

int64_t zip_writer_add(struct zip_writer *z, const char *name, int source_fd, bool executable,
                       uint64_t max_bytes, struct err *err)
{
    struct entry e = {
        .name = name,
        .name_len = strlen(name),
        .offset = z->at,
        .mode = S_IFREG | (executable ? 0755 : 0644),
    };
    AUTO_FREE struct passage *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(err, ERR_MEMORY, "no memory to deflate");
    p->max_bytes = max_bytes;
    p->at = z->at + LOCAL_SIZE + e.name_len;
    if (write_data(z, &e, source_fd, p, err) < 0 || write_local(z, &e, err) < 0)
        return -1;
    put_central(&z->directory, &e);
    z->at = p->at + e.packed;
    z->count++;
    return (int64_t)e.size;
}

int64_t zip_writer_end(struct zip_writer *z, struct err *err)
{
    size_t size = z->directory.len;
    put(&z->directory, SIGNATURE_END, 4);
    put(&z->directory, 0, 4); /* one volume */
    put(&z->directory, z->count, 2);
    put(&z->directory, z->count, 2);
    put(&z->directory, size, 4);
    put(&z->directory, z->at, 4);
    put(&z->directory, 0, 2); /* no comment */
    if (buf_check(&z->directory, "the directory of the zip", err) < 0)
        return -1;
    uint64_t whole = z->at + z->directory.len;
    if (write_at(z->fd, z->directory.ptr, z->directory.len, z->at, err) < 0)
        return -1;
    /* a file that was stored may have been longer when it was deflated */
    if (ftruncate(z->fd, (off_t)whole) < 0)
        return err_sys(err, "cut to its length");
    return (int64_t)whole;
}

void zip_writer_fini(struct zip_writer *z)
{
    buf_free(&z->directory);
}
