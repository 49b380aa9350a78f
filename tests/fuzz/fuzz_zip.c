/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks a zip that is made of the input: as it is, or a well-formed one with some bytes changed.
 * Nothing may appear beside the folder it is unpacked into. */
#include <dirent.h>
#include <stdbool.h>

#include "pack/remove.h"
#include "pack/unzip.h"
#include "zip_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { FIELDS = 8, ENTRIES = 12, CHANGES = 6 };

static int outer = -1, inner = -1; /* a folder with one folder in it */
static char work[64];

static void need(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

static int make_folder(int parent, const char *name)
{
    int fd = -1;
    if (mkdirat(parent, name, 0700) == 0)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(fd >= 0, name);
    return fd;
}

static void remove_work(void)
{
    unlinkat(outer, "in", AT_REMOVEDIR);
    rmdir(work);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    /* in memory where that can be had: a disk would be most of the time */
    snprintf(work, sizeof work, "%s/clambda-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    need(mkdtemp(work) != NULL && atexit(remove_work) == 0, "mkdtemp");
    outer = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(outer >= 0, work);
    inner = make_folder(outer, "in");
    return 0;
}

/* The next entry; takes its bytes from the front of the input. names holds what it points to. */
static bool take_entry(const uint8_t **p, size_t *left, struct zip_entry *e, char names[2][64])
{
    static const unsigned types[] = {S_IFREG, S_IFDIR, S_IFLNK, 0,
                                     S_IFIFO, S_IFREG, S_IFREG, S_IFLNK};
    static const char *const parts[] = {"a", "b", "..", ".", "", "a/", "\xc3\xa9", "\\"};
    if (*left < FIELDS)
        return false;
    const uint8_t *f = *p;
    snprintf(names[0], 64, "%s%s%s%s%s", parts[f[0] % 8], f[1] & 1 ? "/" : "", parts[f[1] / 2 % 8],
             f[2] & 1 ? "/" : "", f[2] & 2 ? parts[f[2] / 4 % 8] : "");
    snprintf(names[1], 64, "%s/%s", parts[f[3] % 8], parts[f[3] / 8 % 8]);
    *e = (struct zip_entry){
        .name = names[0],
        .data = f[4] & 1 ? "" : names[1],
        .mode = types[f[4] / 2 % 8] | f[5],
        .flags = f[6] & 1 ? 1 << 11 : 0,
        .method = f[6] & 2 ? ZIP_DEFLATED : ZIP_STORED,
        .dos = f[6] >> 2 & 1,
        .claim = f[6] & 8 ? f[7] : 0,
        .local_claim = f[6] & 32 ? f[7] : 0,
        .local_crc = f[6] & 64 ? f[7] : 0,
        .behind = f[6] >> 7,
        .extra = f[6] & 16 ? "\x01\x00\x08\x00\x01\x00\x00\x00\x00\x00\x00\x00" : NULL,
        .extra_len = f[6] & 16 ? 12 : 0,
    };
    *p += FIELDS;
    *left -= FIELDS;
    return e->name[0] != '\0';
}

static void make_zip(struct zip_build *z, const uint8_t *p, size_t left)
{
    size_t count = left ? *p % ENTRIES : 0, changes = left ? *p / ENTRIES % CHANGES : 0;
    if (left) {
        p++;
        left--;
    }
    for (size_t i = 0; i < count; i++) {
        char names[2][64];
        struct zip_entry e;
        if (!take_entry(&p, &left, &e, names))
            break;
        zip_add(z, &e);
    }
    zip_finish_as(z, left & 1);
    for (; changes && left >= 3; changes--, p += 3, left -= 3)
        z->bytes[(p[0] | (size_t)p[1] << 8) % z->len] = (char)p[2];
}

static size_t count_names(int fd)
{
    size_t found = 0;
    DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    need(dir != NULL, "read a folder");
    while (readdir(dir))
        found++;
    closedir(dir);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zip_build *z = calloc(1, sizeof *z);
    need(z != NULL, "calloc");
    if (size && data[0] == 'P') {
        memcpy(z->bytes, data, size < sizeof z->bytes ? size : sizeof z->bytes);
        z->len = size < sizeof z->bytes ? size : sizeof z->bytes;
    } else {
        make_zip(z, data, size);
    }
    struct err err = {0};
    int zip = zip_memfd(z->bytes, z->len);
    int64_t total = unzip_into(zip, inner, &err);
    need((total >= 0) == (err.kind == ERR_NONE), "an error without words");
    need(err.kind == ERR_NONE || err.kind == ERR_INPUT || err.kind == ERR_LIMIT, err.msg);
    need(count_names(outer) == 3, "something beside the folder"); /* ".", "..", "in" */
    close(zip);
    close(inner);
    free(z);
    need(remove_tree(outer, "in", &err) == 0, err.msg);
    inner = make_folder(outer, "in");
    return 0;
}
