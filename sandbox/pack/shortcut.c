/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/shortcut.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/sha256.h"

enum {
    SETTLED_S = 2, /* coarser than any file system's clock */
    END_SIZE = 22,
    TAIL_MAX = 1 << 20, /* the zip's directory with its end record */
};

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Where the directory of a plain zip, without a comment, begins; -1: none, or not that plain. */
static int64_t find_directory(int fd, int64_t size)
{
    static const uint8_t sign[4] = {'P', 'K', 5, 6};
    uint8_t end[END_SIZE];
    if (size < END_SIZE || pread(fd, end, sizeof end, size - END_SIZE) != END_SIZE ||
        memcmp(end, sign, sizeof sign) != 0)
        return -1;
    int64_t length = get32(end + 12), start = get32(end + 16);
    return start + length == size - END_SIZE && length <= TAIL_MAX ? start : -1;
}

static bool is_settled(const struct stat *st)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && st->st_ctim.tv_sec < now.tv_sec - SETTLED_S;
}

static bool add_tail(struct sha256 *sum, int fd, int64_t start, int64_t size)
{
    size_t len = (size_t)(size - start);
    AUTO_FREE uint8_t *tail = malloc(len);
    if (!tail || pread(fd, tail, len, start) != (ssize_t)len)
        return false;
    sha256_add(sum, tail, len);
    return true;
}

bool shortcut_name(int zip_fd, char out[static STORE_NAME_MAX])
{
    struct stat st;
    struct sha256 sum;
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE], text[160];
    if (fstat(zip_fd, &st) || !is_settled(&st))
        return false;
    int64_t start = find_directory(zip_fd, st.st_size);
    if (start < 0)
        return false;
    int len = snprintf(text, sizeof text, "%llu %llu %lld %lld.%09ld %lld.%09ld\n",
                       (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
                       (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                       (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    sha256_init(&sum);
    sha256_add(&sum, text, (size_t)len);
    if (!add_tail(&sum, zip_fd, start, st.st_size))
        return false;
    sha256_end(&sum, digest);
    sha256_hex(digest, hex);
    snprintf(out, STORE_NAME_MAX, STORE_SHORTCUT "%s", hex);
    return true;
}

bool shortcut_read(const struct store *s, const char *name, char out_entry[static STORE_NAME_MAX])
{
    ssize_t len = readlinkat(s->fd, name, out_entry, STORE_NAME_MAX - 1);
    if (len <= 0)
        return false;
    out_entry[len] = '\0';
    /* an entry of this boot, and nothing that a link could be made to mean */
    return len == SHA256_HEX_SIZE - 1 + (ssize_t)strlen(s->boot) && !strchr(out_entry, '/') &&
           strcmp(out_entry + SHA256_HEX_SIZE - 1, s->boot) == 0;
}

void shortcut_write(const struct store *s, const char *name, const char *entry)
{
    if (symlinkat(entry, s->fd, name) == 0)
        return;
    /* one to an earlier boot's entry */
    if (unlinkat(s->fd, name, 0) == 0 && symlinkat(entry, s->fd, name))
        return;
}
