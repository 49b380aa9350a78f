/* SPDX-License-Identifier: Apache-2.0 */
/* Zips byte by byte, wrong where a test wants them wrong. */
#pragma once

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ZIP_BEHIND = 1 << 3 }; /* flag */
enum { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_HOST_DOS = 0, ZIP_HOST_UNIX = 3 };

/* An entry; what is zero gets a sensible value. */
struct zip_entry {
    const char *name;
    const char *data;
    unsigned mode;          /* 0: a regular file, 0644 */
    size_t name_len;        /* 0: strlen(name) */
    size_t data_len;        /* 0: strlen(data) */
    const char *local_name; /* in front of the data, when another */
    const char *extra;      /* of the central directory */
    size_t extra_len;
    uint32_t claim;                  /* unpacked size, when it is to be a lie */
    uint32_t crc;                    /* likewise */
    uint32_t local_claim, local_crc; /* in front of the data, when others */
    uint16_t flags, method, local_method, date, time;
    uint8_t dos;    /* made on DOS: no modes */
    uint8_t behind; /* sum and sizes stand behind the data, zeros in front of it */
};

struct zip_build {
    char bytes[1 << 19];
    size_t len, central, count;
    char directory[1 << 18];
    size_t directory_len;
};

static inline void zip_put(char *buffer, size_t *len, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buffer[(*len)++] = (char)(value >> (8 * i));
}

static inline void zip_put_bytes(char *buffer, size_t *len, const void *bytes, size_t n)
{
    if (n)
        memcpy(buffer + *len, bytes, n);
    *len += n;
}

static inline uint32_t zip_crc(const char *data, size_t len)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint8_t)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* What both headers have in common, from "version needed" to the length of the extra field. */
struct zip_common {
    uint16_t flags, method;
    uint32_t crc;
    size_t packed, size, name_len, extra_len;
};

static inline void zip_put_common(char *to, size_t *len, const struct zip_entry *e,
                                  const struct zip_common *c)
{
    zip_put(to, len, 20, 2);
    zip_put(to, len, c->flags, 2);
    zip_put(to, len, c->method, 2);
    zip_put(to, len, e->time, 2);
    zip_put(to, len, e->date ? e->date : 44 << 9 | 2 << 5 | 3, 2);
    zip_put(to, len, c->crc, 4);
    zip_put(to, len, c->packed, 4);
    zip_put(to, len, c->size, 4);
    zip_put(to, len, c->name_len, 2);
    zip_put(to, len, c->extra_len, 2);
}

/* In front of the data: as in the directory, or what e has for it. */
static inline void zip_put_local(struct zip_build *z, const struct zip_entry *e,
                                 const struct zip_common *c)
{
    const char *name = e->local_name ? e->local_name : e->name;
    struct zip_common local = *c;
    local.extra_len = 0;
    local.name_len = e->local_name ? strlen(name) : c->name_len;
    if (e->local_method)
        local.method = e->local_method;
    if (e->local_crc)
        local.crc = e->local_crc;
    if (e->local_claim)
        local.size = e->local_claim;
    if (e->behind)
        local.crc = 0, local.packed = local.size = 0;
    zip_put(z->bytes, &z->len, 0x04034b50, 4);
    zip_put_common(z->bytes, &z->len, e, &local);
    zip_put_bytes(z->bytes, &z->len, name, local.name_len);
}

static inline void zip_put_behind(struct zip_build *z, const struct zip_common *c)
{
    zip_put(z->bytes, &z->len, 0x08074b50, 4);
    zip_put(z->bytes, &z->len, c->crc, 4);
    zip_put(z->bytes, &z->len, c->packed, 4);
    zip_put(z->bytes, &z->len, c->size, 4);
}

static inline void zip_add(struct zip_build *z, const struct zip_entry *e)
{
    const char *data = e->data ? e->data : "";
    size_t len = e->data_len ? e->data_len : strlen(data), offset = z->len;
    const struct zip_common c = {
        .flags = (uint16_t)(e->flags | (e->behind ? ZIP_BEHIND : 0)),
        .method = e->method,
        .crc = e->crc ? e->crc : zip_crc(data, len),
        .packed = e->method == ZIP_DEFLATED ? len + 5 : len,
        .size = e->claim ? e->claim : len,
        .name_len = e->name_len ? e->name_len : strlen(e->name),
        .extra_len = e->extra_len,
    };
    zip_put_local(z, e, &c);
    if (e->method == ZIP_DEFLATED) { /* one block that is stored as it is */
        zip_put(z->bytes, &z->len, 1, 1);
        zip_put(z->bytes, &z->len, len | (~len & 0xffff) << 16, 4);
    }
    zip_put_bytes(z->bytes, &z->len, data, len);
    if (e->behind)
        zip_put_behind(z, &c);

    char *d = z->directory;
    size_t *dl = &z->directory_len;
    zip_put(d, dl, 0x02014b50, 4);
    zip_put(d, dl, 20u | (e->dos ? ZIP_HOST_DOS : ZIP_HOST_UNIX) << 8, 2);
    zip_put_common(d, dl, e, &c);
    zip_put(d, dl, 0, 6); /* comment, disk, internal attributes */
    zip_put(d, dl, (uint64_t)(e->dos ? 0 : e->mode ? e->mode : S_IFREG | 0644) << 16, 4);
    zip_put(d, dl, offset, 4);
    zip_put_bytes(d, dl, e->name, c.name_len);
    zip_put_bytes(d, dl, e->extra, e->extra_len);
    z->count++;
}

/* wide: count, size and place of the directory stand in a zip64 record only. */
static inline void zip_finish_as(struct zip_build *z, int wide)
{
    z->central = z->len;
    zip_put_bytes(z->bytes, &z->len, z->directory, z->directory_len);
    size_t end = z->len;
    if (wide) {
        zip_put(z->bytes, &z->len, 0x06064b50, 4);
        zip_put(z->bytes, &z->len, 44, 8);
        zip_put(z->bytes, &z->len, 45 | 45 << 16, 4);
        zip_put(z->bytes, &z->len, 0, 8);
        zip_put(z->bytes, &z->len, z->count, 8);
        zip_put(z->bytes, &z->len, z->count, 8);
        zip_put(z->bytes, &z->len, z->directory_len, 8);
        zip_put(z->bytes, &z->len, z->central, 8);
        zip_put(z->bytes, &z->len, 0x07064b50, 4);
        zip_put(z->bytes, &z->len, 0, 4);
        zip_put(z->bytes, &z->len, end, 8);
        zip_put(z->bytes, &z->len, 1, 4);
    }
    zip_put(z->bytes, &z->len, 0x06054b50, 4);
    zip_put(z->bytes, &z->len, 0, 4);
    zip_put(z->bytes, &z->len, wide ? 0xffff : z->count, 2);
    zip_put(z->bytes, &z->len, wide ? 0xffff : z->count, 2);
    zip_put(z->bytes, &z->len, wide ? 0xffffffff : z->directory_len, 4);
    zip_put(z->bytes, &z->len, wide ? 0xffffffff : z->central, 4);
    zip_put(z->bytes, &z->len, 0, 2);
}

static inline void zip_finish(struct zip_build *z)
{
    zip_finish_as(z, 0);
}

/* A descriptor of bytes in memory. */
static inline int zip_memfd(const void *bytes, size_t len)
{
    int fd = memfd_create("zip", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
        perror("memfd");
        abort();
    }
    return fd;
}

/* entries up to the one without a name; the caller frees it. */
static inline struct zip_build *zip_of(const struct zip_entry *entries)
{
    struct zip_build *z = calloc(1, sizeof *z);
    if (!z)
        abort();
    for (; entries->name; entries++)
        zip_add(z, entries);
    zip_finish(z);
    return z;
}

/* A new folder, in memory where that can be had and programs may be run; the caller removes it. */
static inline void zip_folder(char out[static 64])
{
    struct statvfs fs;
    const char *place = "/dev/shm";
    if (access(place, W_OK | X_OK) || statvfs(place, &fs) || fs.f_flag & ST_NOEXEC)
        place = "/tmp";
    snprintf(out, 64, "%s/clambda-pack-XXXXXX", place);
    if (!mkdtemp(out)) {
        perror("mkdtemp");
        abort();
    }
}
