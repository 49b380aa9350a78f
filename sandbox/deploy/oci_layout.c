/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/oci_layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "pack/interrupt.h"

#define MARKER      "oci-layout"
#define MARKER_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX       "index.json"
#define INDEX_TEXT  "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX "\",\"manifests\":[]}"

enum { PIECE = 256 * 1024, SHORT_MAX = 4096, LOCK_PAUSE_NS = 20 * 1000 * 1000 };

/* ---- reading ----------------------------------------------------------------------------------
 */

static int open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Of a regular file that is no link. A pipe would wait for its writer. */
static int open_file(int at, const char *name, uint64_t *out_size, struct err *err)
{
    struct stat st;
    AUTO_FD int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, ERR_INPUT, "'%s' is a link", name);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_INPUT, "'%s' is missing", name);
    if (fd < 0 || fstat(fd, &st))
        return err_sys(err, "open '%s'", name);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "'%s' is no regular file", name);
    *out_size = (uint64_t)st.st_size;
    return TAKE_FD(fd);
}

static ssize_t read_some(int fd, void *room, size_t len)
{
    ssize_t n;
    do
        n = read(fd, room, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static int read_all(int fd, struct buf *out, uint64_t size, struct err *err)
{
    char *room = buf_reserve(out, (size_t)size + 1);
    size_t done = 0;
    if (!room)
        return buf_check(out, "the file", err);
    while (done < size) {
        ssize_t n = read_some(fd, room + done, (size_t)size - done);
        if (n < 0)
            return err_sys(err, "read");
        if (n == 0)
            break;
        done += (size_t)n;
    }
    room[done] = '\0';
    out->len += done;
    return 0;
}

static int read_name(int at, const char *name, size_t limit, struct buf *out, struct err *err)
{
    uint64_t size;
    AUTO_FD int fd = open_file(at, name, &size, err);
    if (fd < 0)
        return -1;
    if (size > limit)
        return err_set(err, ERR_LIMIT, "'%s' has %llu bytes, the most is %zu", name,
                       (unsigned long long)size, limit);
    buf_init(out, limit + 1);
    if (read_all(fd, out, size, err))
        return err_wrap(err, "'%s'", name);
    return 0;
}

/* Compares content with name. */
static int check_sum(struct sha256 *sum, uint64_t size, const struct oci_blob *blob,
                     struct err *err)
{
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    sha256_end(sum, digest);
    sha256_hex(digest, hex);
    if (size != blob->size)
        return err_set(err, ERR_INPUT, "blob sha256:%.12s... has %llu bytes where %llu were told",
                       blob->hex, (unsigned long long)size, (unsigned long long)blob->size);
    if (strcmp(hex, blob->hex) != 0)
        return err_set(err, ERR_INPUT,
                       "blob sha256:%.12s... is damaged: its content's sum is sha256:%.12s...",
                       blob->hex, hex);
    return 0;
}

struct json *oci_layout_read(const struct oci_layout *layout, const struct oci_blob *blob,
                             struct err *err)
{
    AUTO_BUF struct buf text = {0};
    struct sha256 sum;
    struct json *document = NULL;
    if (read_name(layout->blobs, blob->hex, OCI_JSON_MAX, &text, err) == 0) {
        sha256_init(&sum);
        sha256_add(&sum, text.ptr, text.len);
        if (check_sum(&sum, text.len, blob, err))
            return NULL;
        document = json_parse(text.ptr, text.len, err);
    }
    if (!document)
        err_wrap(err, "blob sha256:%.12s...", blob->hex);
    return document;
}

struct json *oci_layout_index(const struct oci_layout *layout, struct err *err)
{
    AUTO_BUF struct buf text = {0};
    if (faccessat(layout->dir, INDEX, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT)
        return json_parse(INDEX_TEXT, strlen(INDEX_TEXT), err);
    if (read_name(layout->dir, INDEX, OCI_JSON_MAX, &text, err))
        return NULL;
    struct json *index = json_parse(text.ptr, text.len, err);
    if (!index)
        err_wrap(err, INDEX);
    else if (json_kind(json_get(index, "manifests")) == JSON_ARRAY)
        return index;
    else
        err_set(err, ERR_INPUT, INDEX " has no list of manifests");
    json_free(index);
    return NULL;
}

/* ---- the folder -------------------------------------------------------------------------------
 */

static int check_marker(const struct oci_layout *layout, struct err *err)
{
    AUTO_BUF struct buf text = {0};
    if (read_name(layout->dir, MARKER, SHORT_MAX, &text, err))
        return -1;
    struct json *marker = json_parse(text.ptr, text.len, err);
    if (!marker)
        return err_wrap(err, "'" MARKER "'");
    const char *version = json_string(json_get(marker, "imageLayoutVersion"));
    bool known = version && strncmp(version, "1.", 2) == 0;
    json_free(marker);
    return known ? 0 : err_set(err, ERR_INPUT, "'" MARKER "' names no version 1 of image layouts");
}

static int open_blobs(struct oci_layout *layout, struct err *err)
{
    AUTO_FD int parent = open_folder(layout->dir, "blobs");
    if (parent >= 0)
        layout->blobs = open_folder(parent, "sha256");
    if (layout->blobs < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        return err_sys(err, "open blobs/sha256");
    return layout->blobs < 0 ? err_set(err, ERR_INPUT, "has no folder blobs/sha256") : 0;
}

static int not_layout(const char *path, struct err *err)
{
    return err_wrap(err, "'%.200s' is no OCI image layout", path);
}

int oci_layout_open(struct oci_layout *out, const char *path, struct err *err)
{
    struct oci_layout layout = OCI_LAYOUT_NONE;
    layout.path = path;
    layout.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layout.dir < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(err, ERR_INPUT, "there is no folder '%.200s'", path);
    if (layout.dir < 0)
        return err_sys(err, "open '%.200s'", path);
    if (check_marker(&layout, err) || open_blobs(&layout, err)) {
        oci_layout_close(&layout);
        return not_layout(path, err);
    }
    *out = layout;
    return 0;
}

/* 1: nothing but what a killed writer may have left; 0: something; -1. */
static int is_empty(int dir, struct err *err)
{
    AUTO_FD int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (!listing && errno == ENOMEM)
        return err_set(err, ERR_MEMORY, "no memory to list the folder");
    if (!listing)
        return err_sys(err, "list the folder");
    copy = -1;
    int empty = 1;
    for (struct dirent *e; empty && (e = readdir(listing));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
                strcmp(e->d_name, OCI_LAYOUT_NEW) == 0;
    closedir(listing);
    return empty;
}

static int replace(const struct oci_layout *layout, int at, const char *name, const void *bytes,
                   size_t len, struct err *err)
{
    struct oci_writer w;
    int done = -1;
    if (oci_writer_open(&w, layout, err))
        return -1;
    if (oci_writer_add(&w, bytes, len, err) == 0) {
        done = renameat(layout->dir, OCI_LAYOUT_NEW, at, name);
        if (done)
            err_sys(err, "rename to '%s'", name);
    }
    oci_writer_close(&w);
    return done;
}

static int make_folders(struct oci_layout *layout, struct err *err)
{
    if (mkdirat(layout->dir, "blobs", 0755) && errno != EEXIST)
        return err_sys(err, "make 'blobs'"), err_place(err);
    AUTO_FD int parent = open_folder(layout->dir, "blobs");
    if (parent < 0 || (mkdirat(parent, "sha256", 0755) && errno != EEXIST))
        return err_sys(err, "make 'blobs/sha256'"), err_place(err);
    return open_blobs(layout, err);
}

/* Signals may be blocked: it is asked for again and again. */
static int lock(int dir, struct err *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    while (flock(dir, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_sys(err, "lock");
        if (interrupt_check(err))
            return -1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int become_layout(struct oci_layout *layout, struct err *err)
{
    int empty = is_empty(layout->dir, err);
    if (empty < 0)
        return -1;
    layout->begun = empty;
    if (empty && replace(layout, layout->dir, MARKER, MARKER_TEXT, strlen(MARKER_TEXT), err))
        return -1;
    if (!empty && check_marker(layout, err))
        return err_wrap(err, "the folder is neither empty nor an OCI image layout");
    return make_folders(layout, err);
}

/* Whether the path leads to what is open. */
static bool is_there(const struct oci_layout *layout)
{
    struct stat own, st;
    return fstat(layout->dir, &own) == 0 && stat(layout->path, &st) == 0 &&
           own.st_dev == st.st_dev && own.st_ino == st.st_ino;
}

/* Locked. Who had it locked before may have removed it. */
static int open_place(struct oci_layout *layout, struct err *err)
{
    do {
        oci_layout_close(layout);
        layout->made = mkdir(layout->path, 0755) == 0;
        if (!layout->made && errno != EEXIST)
            return err_sys(err, "make '%.200s'", layout->path), err_place(err);
        layout->dir = open(layout->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (layout->dir < 0 && errno == ENOTDIR)
            return err_set(err, ERR_INPUT, "'%.200s' is no folder", layout->path);
        if (layout->dir < 0)
            return err_sys(err, "open '%.200s'", layout->path), err_place(err);
        if (lock(layout->dir, err))
            return err->kind == ERR_CLOSED ? -1 : err_wrap(err, "'%.200s'", layout->path);
    } while (!is_there(layout));
    return 0;
}

int oci_layout_make(struct oci_layout *out, const char *path, struct err *err)
{
    struct oci_layout layout = OCI_LAYOUT_NONE;
    layout.path = path;
    if (open_place(&layout, err)) {
        oci_layout_close(&layout);
        return -1;
    }
    if (become_layout(&layout, err)) {
        oci_layout_undo(&layout);
        oci_layout_close(&layout);
        return err->kind == ERR_CLOSED ? -1 : err_wrap(err, "'%.200s'", path);
    }
    *out = layout;
    return 0;
}

static void remove_blobs(int blobs)
{
    AUTO_FD int copy = openat(blobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (!listing)
        return;
    copy = -1;
    for (struct dirent *e; (e = readdir(listing));)
        unlinkat(blobs, e->d_name, 0);
    closedir(listing);
}

/* What another has put there meanwhile keeps its folder. */
void oci_layout_undo(const struct oci_layout *layout)
{
    static const struct {
        const char *name;
        int flags;
    } parts[] = {{INDEX, 0},
                 {"blobs/sha256", AT_REMOVEDIR},
                 {"blobs", AT_REMOVEDIR},
                 {OCI_LAYOUT_NEW, 0},
                 {MARKER, 0}};
    if (!layout->begun)
        return;
    if (layout->blobs >= 0)
        remove_blobs(layout->blobs);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        unlinkat(layout->dir, parts[i].name, parts[i].flags);
    if (layout->made)
        rmdir(layout->path);
}

void oci_layout_close(struct oci_layout *layout)
{
    attr_close(&layout->dir);
    attr_close(&layout->blobs);
    layout->dir = layout->blobs = -1;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

int oci_writer_open(struct oci_writer *out, const struct oci_layout *layout, struct err *err)
{
    *out = (struct oci_writer){.layout = layout, .fd = -1};
    sha256_init(&out->sum);
    if (unlinkat(layout->dir, OCI_LAYOUT_NEW, 0) && errno != ENOENT)
        return err_sys(err, "remove '" OCI_LAYOUT_NEW "'"), err_place(err);
    out->fd = openat(layout->dir, OCI_LAYOUT_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out->fd < 0)
        return err_sys(err, "create a file in '%.200s'", layout->path), err_place(err);
    return 0;
}

int oci_writer_add(struct oci_writer *w, const void *bytes, size_t len, struct err *err)
{
    const char *p = bytes;
    sha256_add(&w->sum, bytes, len);
    w->size += len;
    while (len) {
        ssize_t n = write(w->fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write to '%.200s'", w->layout->path);
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int name_blob(const struct oci_writer *w, const char *hex, struct err *err)
{
    if (renameat(w->layout->dir, OCI_LAYOUT_NEW, w->layout->blobs, hex))
        return err_sys(err, "rename to 'blobs/sha256/%s'", hex), err_place(err);
    return 0;
}

int oci_writer_end(struct oci_writer *w, struct oci_blob *out, struct err *err)
{
    uint8_t digest[SHA256_BYTES];
    sha256_end(&w->sum, digest);
    sha256_hex(digest, out->hex);
    out->size = w->size;
    return name_blob(w, out->hex, err);
}

void oci_writer_close(struct oci_writer *w)
{
    attr_close(&w->fd);
    w->fd = -1;
    unlinkat(w->layout->dir, OCI_LAYOUT_NEW, 0);
}

int oci_layout_put(const struct oci_layout *layout, const void *bytes, size_t len,
                   struct oci_blob *out, struct err *err)
{
    struct oci_writer w;
    if (oci_writer_open(&w, layout, err))
        return -1;
    int done = oci_writer_add(&w, bytes, len, err) ? -1 : oci_writer_end(&w, out, err);
    oci_writer_close(&w);
    return done;
}

int oci_layout_replace_index(const struct oci_layout *layout, const void *bytes, size_t len,
                             struct err *err)
{
    return replace(layout, layout->dir, INDEX, bytes, len, err);
}

/* ---- copying ----------------------------------------------------------------------------------
 */

/* Sums the blob up, into the writer as well when there is one. */
static int pump(const struct oci_layout *from, const struct oci_blob *blob, struct oci_writer *w,
                struct err *err)
{
    uint64_t size, done = 0;
    struct sha256 sum;
    sha256_init(&sum);
    AUTO_FD int fd = open_file(from->blobs, blob->hex, &size, err);
    AUTO_FREE char *piece = malloc(PIECE);
    if (fd < 0)
        return -1;
    if (!piece)
        return err_set(err, ERR_MEMORY, "no memory to read a blob");
    while (size == blob->size) {
        if (interrupt_check(err))
            return -1;
        ssize_t n = read_some(fd, piece, PIECE);
        if (n < 0)
            return err_sys(err, "read blob sha256:%.12s...", blob->hex);
        done += (uint64_t)n;
        if (n == 0 || done > size)
            break;
        if (w && oci_writer_add(w, piece, (size_t)n, err))
            return -1;
        if (!w)
            sha256_add(&sum, piece, (size_t)n);
    }
    /* a copy of the writer's state: it is ended by its owner */
    if (w)
        sum = w->sum;
    return check_sum(&sum, size == blob->size ? done : size, blob, err);
}

int oci_layout_copy(const struct oci_layout *to, const struct oci_layout *from,
                    const struct oci_blob *blob, struct err *err)
{
    struct oci_writer w;
    if (pump(to, blob, NULL, err) == 0)
        return 0;
    if (err->kind == ERR_CLOSED || err->kind == ERR_MEMORY)
        return -1;
    if (oci_writer_open(&w, to, err))
        return -1;
    int done = pump(from, blob, &w, err) ? -1 : name_blob(&w, blob->hex, err);
    oci_writer_close(&w);
    return done && err->kind != ERR_CLOSED ? err_wrap(err, "'%.200s'", from->path) : done;
}
