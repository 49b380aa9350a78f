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
#include <unistd.h>

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_HOST_DOS = 0, ZIP_HOST_UNIX = 3 };

/* An entry; what is zero gets a sensible value. */
struct zip_entry {
    const char *name;
    const char *data;
    unsigned mode;          /* 0: a regular file, 0644 */
    size_t name_len;        /* 0: strlen(name) */
    const char *local_name; /* in front of the data, when another */
    const char *extra;      /* of the central directory */
    size_t extra_len;
    uint32_t claim; /* unpacked size, when it is to be a lie */
    uint32_t crc;   /* likewise */
    uint16_t flags, method, local_method, date, time;
    uint8_t dos; /* made on DOS: no modes */
};

struct zip_build {
    char bytes[1 << 18];
    size_t len, central, count;
    char directory[1 << 17];
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
static inline void zip_put_common(char *to, size_t *len, const struct zip_entry *e, uint16_t method,
                                  size_t packed, size_t name_len, size_t extra_len)
{
    size_t size = strlen(e->data ? e->data : "");
    zip_put(to, len, 20, 2);
    zip_put(to, len, e->flags, 2);
    zip_put(to, len, method, 2);
    zip_put(to, len, e->time, 2);
    zip_put(to, len, e->date ? e->date : 44 << 9 | 2 << 5 | 3, 2);
    zip_put(to, len, e->crc ? e->crc : zip_crc(e->data ? e->data : "", size), 4);
    zip_put(to, len, packed, 4);
    zip_put(to, len, e->claim ? e->claim : size, 4);
    zip_put(to, len, name_len, 2);
    zip_put(to, len, extra_len, 2);
}

static inline void zip_add(struct zip_build *z, const struct zip_entry *e)
{
    const char *data = e->data ? e->data : "", *local = e->local_name ? e->local_name : e->name;
    size_t len = strlen(data), name_len = e->name_len ? e->name_len : strlen(e->name);
    size_t local_len = e->local_name ? strlen(local) : name_len, offset = z->len;
    /* deflated: one block that is stored as it is */
    size_t packed = e->method == ZIP_DEFLATED ? len + 5 : len;
    zip_put(z->bytes, &z->len, 0x04034b50, 4);
    zip_put_common(z->bytes, &z->len, e, e->local_method ? e->local_method : e->method, packed,
                   local_len, 0);
    zip_put_bytes(z->bytes, &z->len, local, local_len);
    if (e->method == ZIP_DEFLATED) {
        zip_put(z->bytes, &z->len, 1, 1);
        zip_put(z->bytes, &z->len, len | (~len & 0xffff) << 16, 4);
    }
    zip_put_bytes(z->bytes, &z->len, data, len);

    char *d = z->directory;
    size_t *dl = &z->directory_len;
    zip_put(d, dl, 0x02014b50, 4);
    zip_put(d, dl, 20u | (e->dos ? ZIP_HOST_DOS : ZIP_HOST_UNIX) << 8, 2);
    zip_put_common(d, dl, e, e->method, packed, name_len, e->extra_len);
    zip_put(d, dl, 0, 6); /* comment, disk, internal attributes */
    zip_put(d, dl, (uint64_t)(e->dos ? 0 : e->mode ? e->mode : S_IFREG | 0644) << 16, 4);
    zip_put(d, dl, offset, 4);
    zip_put_bytes(d, dl, e->name, name_len);
    zip_put_bytes(d, dl, e->extra, e->extra_len);
    z->count++;
}

static inline void zip_finish(struct zip_build *z)
{
    z->central = z->len;
    zip_put_bytes(z->bytes, &z->len, z->directory, z->directory_len);
    zip_put(z->bytes, &z->len, 0x06054b50, 4);
    zip_put(z->bytes, &z->len, 0, 4);
    zip_put(z->bytes, &z->len, z->count, 2);
    zip_put(z->bytes, &z->len, z->count, 2);
    zip_put(z->bytes, &z->len, z->directory_len, 4);
    zip_put(z->bytes, &z->len, z->central, 4);
    zip_put(z->bytes, &z->len, 0, 2);
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

/* A new folder; the caller removes it. */
static inline void zip_folder(char out[static 64])
{
    snprintf(out, 64, "/tmp/clambda-pack-XXXXXX");
    if (!mkdtemp(out)) {
        perror("mkdtemp");
        abort();
    }
}
