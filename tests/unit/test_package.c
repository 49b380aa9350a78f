/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/package.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>

#include "check.h"
#include "deploy/files.h"
#include "pack/directory.h"
#include "pack/limits.h"
#include "pack/unzip.h"
#include "zip_build.h"

enum { NOISE = 200000, TEXT = 300000, PATHS = 8 };

static char work[64]; /* the running test's folder */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void end(void)
{
    CHECK_INT(nftw(work, remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *at(const char *name)
{
    static char paths[PATHS][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    snprintf(path, PATH_MAX, "%s/%s", work, name);
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t len)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static void write_text(const char *name)
{
    write_bytes(name, name, strlen(name));
}

static void start(void)
{
    static char noise[NOISE], text[TEXT];
    zip_folder(work);
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * 1664525 + 1013904223;
        noise[i] = (char)(state >> 24);
    }
    memset(text, 'a', sizeof text);
    write_bytes("noise", noise, sizeof noise);
    write_bytes("text", text, sizeof text);
    write_bytes("empty", "", 0);
    write_text("a");
    write_text("b");
    CHECK_INT(mkdir(at("folder"), 0755) || mkfifo(at("pipe"), 0600), 0);
}

static int write_zip(const char *path, const struct package_file *files, size_t n, struct err *err)
{
    struct package_size size = {0};
    int rc = package_write_zip(path, files, n, &size, err);
    struct stat st;
    if (rc == 0 && (stat(path, &st) || (uint64_t)st.st_size != size.zip_bytes))
        check_report(__FILE__, __LINE__, "the size told is not the file's");
    return rc;
}

static void check_entry(const struct directory_entry *e, const char *name, unsigned method,
                        mode_t mode, uint64_t size)
{
    CHECK_MEM(e->name, e->name_len, name, strlen(name));
    CHECK_INT(e->method, method);
    CHECK_INT(e->mode, S_IFREG | mode);
    CHECK_INT(e->size, size);
    CHECK_INT(e->mtime, 315532800); /* 1980-01-01 */
}

/* Our own reader refuses a zip whose two copies of anything differ. */
static void test_entries(void)
{
    start();
    const struct package_file files[] = {
        {at("text"), "z/\xc3\xb6.txt", false},
        {at("noise"), "noise", true},
        {at("a"), "a-b", false},
        {at("text"), "bootstrap", true},
        {at("empty"), "a/empty", false},
        {at("b"), "Z", false},
    };
    static const struct {
        const char *name;
        unsigned method;
        mode_t mode;
        uint64_t size;
        unsigned flags;
    } want[] = {
        {"bootstrap", ZIP_DEFLATED, 0755, TEXT, 0},
        {"Z", ZIP_STORED, 0644, 1, 0},
        {"a-b", ZIP_STORED, 0644, 1, 0},
        {"a/empty", ZIP_STORED, 0644, 0, 0},
        {"noise", ZIP_STORED, 0755, NOISE, 0},
        {"z/\xc3\xb6.txt", ZIP_DEFLATED, 0644, TEXT, 1 << 11},
    };
    struct err err = {0};
    struct directory d;
    CHECK_INT(write_zip(at("x.zip"), files, ARRAY_LEN(files), &err), 0);
    int fd = open(at("x.zip"), O_RDONLY | O_CLOEXEC);
    CHECK_INT(directory_read(fd, &d, &err), 0);
    CHECK_STR(err.msg, "");
    CHECK_INT(d.count, ARRAY_LEN(want));
    for (size_t i = 0; i < d.count && i < ARRAY_LEN(want); i++) {
        check_entry(&d.entries[i], want[i].name, want[i].method, want[i].mode, want[i].size);
        CHECK_INT(d.entries[i].flags, want[i].flags);
    }
    directory_free(&d);
    CHECK_INT(mkdir(at("out"), 0755), 0);
    int dir = open(at("out"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(unzip_into(fd, dir, &err), 2 * TEXT + NOISE + 2);
    close(dir);
    close(fd);
    end();
}

static char *read_zip(const char *name, size_t *out_len)
{
    struct stat st;
    int fd = open(at(name), O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    char *bytes = calloc(1, (size_t)st.st_size + 1);
    CHECK(bytes && read(fd, bytes, (size_t)st.st_size) == st.st_size);
    close(fd);
    *out_len = (size_t)st.st_size;
    return bytes;
}

static void test_same_bytes(void)
{
    start();
    struct package_file files[] = {
        {at("a"), "a", false}, {at("noise"), "bootstrap", true}, {at("text"), "t/t", false}};
    struct err err = {0};
    size_t lens[2];
    CHECK_INT(write_zip(at("1.zip"), files, 3, &err), 0);
    const struct package_file first = files[0];
    files[0] = files[2];
    files[2] = first;
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    CHECK_INT(utimensat(AT_FDCWD, at("a"), times, 0) || chmod(at("noise"), 0777), 0);
    CHECK_INT(write_zip(at("2.zip"), files, 3, &err), 0);
    char *one = read_zip("1.zip", &lens[0]), *two = read_zip("2.zip", &lens[1]);
    CHECK(lens[0] == lens[1] && memcmp(one, two, lens[0]) == 0);
    free(one);
    free(two);
    end();
}

static void test_names(void)
{
    static const struct {
        const char *names[3];
        const char *words;
    } rows[] = {
        {{""}, "has no name"},
        {{"/a"}, "file '/a' of the package: has an absolute path"},
        {{"a/../../b"}, "has '..' in its path"},
        {{".."}, "has '..' in its path"},
        {{"./a"}, "is no plain name"},
        {{"a/"}, "is no plain name"},
        {{"a//b"}, "is no plain name"},
        {{"."}, "is no plain name"},
        {{"a\nb"}, "file 'a?b' of the package: has a control character"},
        {{"a\\b"}, "has a control character or a '\\'"},
        {{"a\xff"}, "not UTF-8"},
        {{"a\xed\xa0\x80"}, "not UTF-8"},
        {{"x", "y", "x"}, "'x' would be there twice, from '"},
        {{"bootstrap", "bootstrap"}, "'bootstrap' would be there twice"},
        {{"a", "a-b", "a/b"}, "'a' would be a file, and a folder with 'a/b' in it"},
        {{"a/b/c", "a/b"}, "'a/b' would be a file, and a folder"},
        {{"bootstrap/x", "bootstrap"}, "'bootstrap' would be a file, and a folder"},
        {{"a", "a-b", "b/a"}, NULL},
    };
    start();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct package_file files[3];
        struct err err = {0};
        size_t n = 0;
        for (; n < 3 && rows[i].names[n]; n++)
            files[n] = (struct package_file){at("a"), rows[i].names[n], false};
        CHECK_INT(write_zip(at("n.zip"), files, n, &err), rows[i].words ? -1 : 0);
        CHECK_INT(access(at("n.zip"), F_OK), rows[i].words ? -1 : 0);
        CHECK_HAS(err.msg, rows[i].words ? rows[i].words : "");
        CHECK(!rows[i].words || err.kind == ERR_INPUT);
    }
    end();
}

/* Names in the folder that are not of the test. */
static int leftovers(void)
{
    int n = 0;
    DIR *dir = opendir(work);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        n += strncmp(d->d_name, ".clambda-", 9) == 0;
    if (dir)
        closedir(dir);
    return n;
}

static void test_places(void)
{
    static const struct {
        const char *source, *target, *words;
    } rows[] = {
        {"none", "x.zip", "none': No such file"},
        {"folder", "x.zip", "folder' is no regular file"},
        {"pipe", "x.zip", "pipe' is no regular file"},
        {"a", "folder", "folder' is a folder, not a file"},
        {"a", "new/", "new/' is a folder, not a file"},
        {"a", "pipe", "pipe' is a pipe or a device"},
        {"a", "none/x.zip", "none' of 'x.zip': No such file"},
        {"a", "a/x.zip", "a' of 'x.zip': Not a directory"},
        {"a", "a", "a' is also what would be written"},
        {"a", "link", "a' is also what would be written"},
        {"a", "b", NULL},
    };
    start();
    CHECK_INT(symlink("a", at("link")), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        const struct package_file file = {at(rows[i].source), "bootstrap", true};
        CHECK_INT(write_zip(at(rows[i].target), &file, 1, &err), rows[i].words ? -1 : 0);
        CHECK_HAS(err.msg, rows[i].words ? rows[i].words : "");
        CHECK(!rows[i].words || err.kind == ERR_INPUT);
        CHECK_INT(leftovers(), 0);
    }
    end();
}

static void make_hole(const char *name, off_t size)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, size) == 0);
    close(fd);
}

static void test_limits(void)
{
    start();
    make_hole("hole", PACK_UNPACKED_MAX);
    const struct package_file files[] = {{at("hole"), "hole", false}, {at("a"), "a", false}};
    struct err err = {0};
    CHECK_INT(write_zip(at("x.zip"), files, 2, &err), -1);
    CHECK_INT(err.kind, ERR_LIMIT);
    CHECK_HAS(err.msg, "262144001 bytes together");
    CHECK_INT(write_zip(at("x.zip"), files, 0, &err), -1);
    struct package_file *many = calloc(FILES_MAX + 1, sizeof *many);
    CHECK(many);
    CHECK_INT(write_zip(at("x.zip"), many, FILES_MAX + 1, &err), -1);
    CHECK_INT(err.kind, ERR_LIMIT);
    free(many);
    CHECK_INT(access(at("x.zip"), F_OK), -1);
    end();
}

/* A blocked signal ends it; what was there before stays. */
static void test_interrupted(void)
{
    start();
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    const struct package_file file = {at("text"), "bootstrap", true};
    struct err err = {0};
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGTERM);
    CHECK_INT(write_zip(at("b"), &file, 1, &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    CHECK_INT(leftovers(), 0);
    size_t len;
    char *bytes = read_zip("b", &len);
    CHECK_MEM(bytes, len, "b", 1);
    free(bytes);
    sigwaitinfo(&set, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    end();
}

static void test_identify(void)
{
    static const struct {
        const char *name, *bytes;
        bool is_elf, is_script;
        const char *words;
    } rows[] = {
        {"none", NULL, false, false, "none': No such file"},
        {"folder", NULL, false, false, "folder' is no regular file"},
        {"pipe", NULL, false, false, "pipe' is no regular file"},
        {"empty", "", false, false, NULL},
        {"one", "#", false, false, NULL},
        {"script", "#!/bin/sh\n", false, true, NULL},
        {"text", "int main", false, false, NULL},
        {"cut", "\177ELF\2\1\1", true, false, "cut': "},
    };
    start();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct package_identity id = {0};
        struct err err = {0};
        if (rows[i].bytes)
            write_bytes(rows[i].name, rows[i].bytes, strlen(rows[i].bytes));
        CHECK_INT(package_identify(at(rows[i].name), &id, &err), rows[i].words ? -1 : 0);
        CHECK_HAS(err.msg, rows[i].words ? rows[i].words : "");
        CHECK(!rows[i].words || err.kind == ERR_INPUT);
        if (!rows[i].words)
            CHECK(id.is_elf == rows[i].is_elf && id.is_script == rows[i].is_script);
    }
    struct package_identity self;
    struct err err = {0};
    CHECK_INT(package_identify("/proc/self/exe", &self, &err), 0);
    CHECK(self.is_elf && self.type == ELF_TYPE_PROGRAM && self.arch != ELF_ARCH_OTHER);
    CHECK(self.nhandlers == 0 && self.size > 1000);
    end();
}

static const struct check_test TESTS[] = {
    {"entries", test_entries},
    {"the same files, the same bytes", test_same_bytes},
    {"names", test_names},
    {"sources and targets", test_places},
    {"limits", test_limits},
    {"interrupted", test_interrupted},
    {"what a file is", test_identify},
};
CHECK_MAIN(TESTS)
