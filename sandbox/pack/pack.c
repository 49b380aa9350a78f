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
#include "pack/module.h"
#include "pack/remove.h"
#include "pack/scratch.h"
#include "pack/shortcut.h"
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

const struct pack_module *pack_load(struct err *err)
{
    static const struct load_wanted wanted = {
        .file = "pack_unzip.so",
        .symbol = "pack_module",
        .task = "cannot unpack zips",
        .advice = "install clambda again, or name an unpacked folder",
        .abi = PACK_MODULE_ABI,
        .size = sizeof(struct pack_module),
    };
    return load_module(&wanted, err);
}

/* Fills a temporary folder. The zip is read twice more or less at once: what was unpacked must be
 * what the name says. */
static int fill(int zip_fd, int entry_fd, const char *hash, struct err *err)
{
    char again[SHA256_HEX_SIZE];
    const struct pack_module *module = pack_load(err);
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

/* A temporary folder with the zip's content; gives its descriptor. */
static int unpack(const struct store *store, int zip_fd, const char *hash,
                  char out_tmp[static STORE_NAME_MAX], struct err *err)
{
    struct err ignored;
    AUTO_FD int fd = store_begin(store, out_tmp, err);
    if (fd < 0)
        return -1;
    if (fill(zip_fd, fd, hash, err) == 0)
        return TAKE_FD(fd);
    if (err->kind == ERR_SYSTEM && err->sys == ENOSPC)
        err_wrap(err, "unpack to '%.100s', which needs room", store->path);
    if (remove_tree(store->fd, out_tmp, &ignored))
        return -1; /* a later run removes it */
    return -1;
}

static int add(const struct store *store, int zip_fd, const char *hash, const char *name,
               struct err *err)
{
    char tmp[STORE_NAME_MAX];
    AUTO_FD int fd = unpack(store, zip_fd, hash, tmp, err);
    return fd < 0 ? -1 : store_publish(store, tmp, name, err);
}

static int set_dir(struct pack *out, const struct store *store, const char *name, struct err *err)
{
    int n = snprintf(out->dir, sizeof out->dir, "%s/%s/" STORE_FILES, store->path, name);
    if (n < 0 || (size_t)n >= sizeof out->dir)
        return err_set(err, ERR_INPUT, "the cache folder's path is too long");
    out->bytes = store_size(out->fd);
    return 0;
}

static int find_or_add(struct pack *out, const struct store *store, int zip_fd, const char *hash,
                       const char *name, struct err *err)
{
    for (int i = 0; i < TRIES; i++) {
        if (store_find(store, name, &out->fd, err))
            return -1;
        if (out->fd >= 0)
            return set_dir(out, store, name, err);
        if (i == 0)
            store_trim(store); /* before there is more: a full disk may hold only leftovers */
        if (add(store, zip_fd, hash, name, err))
            return -1;
    }
    return err_set(err, ERR_SYSTEM, "'%s/%s' does not stay", store->path, name);
}

/* For one use: the folder stays a temporary one. */
static int use_once(struct pack *out, struct store *store, int zip_fd, struct err *err)
{
    char hash[SHA256_HEX_SIZE];
    if (hash_file(zip_fd, hash, err))
        return -1;
    store_sweep(store);
    out->fd = unpack(store, zip_fd, hash, out->name, err);
    if (out->fd < 0)
        return -1;
    out->parent_fd = store->fd;
    store->fd = -1;
    return set_dir(out, store, out->name, err);
}

/* *out_once: the store is no cache. */
static int open_store(struct store *store, const struct pack_options *o, bool *out_once,
                      struct err *err)
{
    struct err why;
    *out_once = o->no_cache;
    if (o->no_cache)
        return scratch_open(store, err);
    if (store_open(store, o->cache_dir, &why) == 0)
        return 0;
    *out_once = !o->cache_dir && why.kind == ERR_SYSTEM;
    if (*out_once)
        return scratch_open(store, err);
    *err = why;
    return -1;
}

static int use_cache(struct pack *out, const struct store *store, int zip_fd, struct err *err)
{
    char hash[SHA256_HEX_SIZE], name[STORE_NAME_MAX], id[STORE_NAME_MAX], again[STORE_NAME_MAX];
    bool settled = shortcut_name(zip_fd, id);
    if (settled && shortcut_read(store, id, name)) {
        if (store_find(store, name, &out->fd, err))
            return -1;
        if (out->fd >= 0)
            return set_dir(out, store, name, err);
    }
    if (hash_file(zip_fd, hash, err))
        return -1;
    snprintf(name, sizeof name, "%s%s", hash, store->boot);
    if (find_or_add(out, store, zip_fd, hash, name, err))
        return -1;
    if (settled && shortcut_name(zip_fd, again) && strcmp(id, again) == 0)
        shortcut_write(store, id, name);
    return 0;
}

int pack_open(struct pack *out, const char *zip_path, const struct pack_options *o, struct err *err)
{
    struct store store;
    struct pack p = {.fd = -1, .parent_fd = -1};
    bool once;
    AUTO_FD int zip_fd = open_zip(zip_path, err);
    if (zip_fd < 0 || open_store(&store, o, &once, err))
        return err_wrap(err, "'%.200s'", zip_path);
    int failed = once ? use_once(&p, &store, zip_fd, err) : use_cache(&p, &store, zip_fd, err);
    store_close(&store);
    if (failed) {
        pack_close(&p);
        return err_wrap(err, "'%.200s'", zip_path);
    }
    *out = p;
    return 0;
}

void pack_close(struct pack *p)
{
    struct err ignored;
    if (p->parent_fd >= 0) {
        if (remove_tree(p->parent_fd, p->name, &ignored))
            p->name[0] = '\0'; /* a later run removes it */
        close(p->parent_fd);
    }
    if (p->fd >= 0)
        close(p->fd);
    p->fd = p->parent_fd = -1;
}

void pack_sweep(void)
{
    struct store store;
    struct err ignored;
    if (store_look(&store, NULL, &ignored) == 0) {
        store_sweep(&store);
        store_close(&store);
    }
    if (scratch_open(&store, &ignored) == 0) {
        store_sweep(&store);
        store_close(&store);
    }
}
