/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "pack/limits.h"
#include "pack/load.h"
#include "pack/module.h"
#include "pack/remove.h"
#include "pack/store.h"

enum { HASH_BLOCK = 256 * 1024, TRIES = 3 };

bool pack_is_zip(const char *path)
{
    struct stat st;
    char start[2];
    size_t len = strlen(path);
    bool named = len > 4 && strcmp(path + len - 4, ".zip") == 0;
    if (stat(path, &st))
        return named; /* pack_open says what is wrong */
    if (named || !S_ISREG(st.st_mode))
        return named && !S_ISDIR(st.st_mode);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, start, 2) == 2 && memcmp(start, "PK", 2) == 0;
}

static int open_zip(const char *path, struct err *err)
{
    struct stat st;
    /* O_NONBLOCK: a pipe is refused, not waited for */
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st)) {
        err_sys(err, "open");
        err->kind = ERR_INPUT;
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "is not a file");
    if ((uint64_t)st.st_size > PACK_ZIP_MAX)
        return err_set(err, ERR_LIMIT, "has %lld bytes, at most %llu", (long long)st.st_size,
                       PACK_ZIP_MAX);
    return TAKE_FD(fd);
}

static int hash_file(int fd, char out_hex[static SHA256_HEX_SIZE], struct err *err)
{
    struct sha256 sum;
    uint8_t digest[SHA256_BYTES];
    uint64_t offset = 0;
    AUTO_FREE char *block = malloc(HASH_BLOCK);
    if (!block)
        return err_set(err, ERR_MEMORY, "no memory to read it");
    sha256_init(&sum);
    while (offset <= PACK_ZIP_MAX) {
        ssize_t n = pread(fd, block, HASH_BLOCK, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "read");
        if (n == 0)
            break;
        sha256_add(&sum, block, (size_t)n);
        offset += (uint64_t)n;
    }
    sha256_end(&sum, digest);
    sha256_hex(digest, out_hex);
    return 0;
}

static int write_size(int entry_fd, int64_t bytes, struct err *err)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld\n", (long long)bytes);
    AUTO_FD int fd =
        openat(entry_fd, STORE_SIZE_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, (size_t)len) != len)
        return err_sys(err, "write the size");
    return 0;
}

/* Fills a temporary folder. The zip is read twice more or less at once: what was unpacked must be
 * what the name says. */
static int fill(int zip_fd, int entry_fd, const char *hash, struct err *err)
{
    char again[SHA256_HEX_SIZE];
    const struct pack_module *module = load_module(err);
    if (!module)
        return -1;
    if (mkdirat(entry_fd, STORE_FILES, 0755))
        return err_sys(err, "make a folder in the cache");
    AUTO_FD int files = openat(entry_fd, STORE_FILES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files < 0 || fchmod(files, 0755))
        return err_sys(err, "open a folder in the cache");
    int64_t bytes = module->unzip(zip_fd, files, err);
    if (bytes < 0 || write_size(entry_fd, bytes, err) || hash_file(zip_fd, again, err))
        return -1;
    if (strcmp(again, hash) != 0)
        return err_set(err, ERR_INPUT, "was changed while it was unpacked: try again");
    return 0;
}

static int add(const struct store *store, int zip_fd, const char *hash, const char *name,
               struct err *err)
{
    char tmp[STORE_NAME_MAX];
    struct err ignored;
    AUTO_FD int fd = store_begin(store, tmp, err);
    if (fd < 0)
        return -1;
    if (fill(zip_fd, fd, hash, err) == 0)
        return store_publish(store, tmp, name, err);
    if (remove_tree(store->fd, tmp, &ignored))
        return -1; /* a later run removes it */
    return -1;
}

static int find_or_add(const struct store *store, int zip_fd, char *out_dir, size_t out_size,
                       struct err *err)
{
    char hash[SHA256_HEX_SIZE], name[STORE_NAME_MAX];
    if (hash_file(zip_fd, hash, err))
        return -1;
    snprintf(name, sizeof name, "%s%s", hash, store->boot);
    if ((size_t)snprintf(out_dir, out_size, "%s/%s/" STORE_FILES, store->path, name) >= out_size)
        return err_set(err, ERR_INPUT, "the cache folder's path is too long");
    for (int i = 0; i < TRIES; i++) {
        int fd;
        if (store_find(store, name, &fd, err))
            return -1;
        if (fd >= 0)
            return fd;
        if (i == 0)
            store_trim(store); /* before there is more: a full disk may hold only leftovers */
        if (add(store, zip_fd, hash, name, err))
            return -1;
    }
    return err_set(err, ERR_SYSTEM, "'%s/%s' does not stay", store->path, name);
}

int pack_open(const char *zip_path, const char *cache_dir, char *out_dir, size_t out_size,
              struct err *err)
{
    struct store store;
    AUTO_FD int zip_fd = open_zip(zip_path, err);
    if (zip_fd < 0 || store_open(&store, cache_dir, err))
        return err_wrap(err, "'%.200s'", zip_path);
    int fd = find_or_add(&store, zip_fd, out_dir, out_size, err);
    store_close(&store);
    return fd < 0 ? err_wrap(err, "'%.200s'", zip_path) : fd;
}
