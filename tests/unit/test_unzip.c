/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/unzip.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <sys/time.h>

#include "check.h"
#include "pack/limits.h"
#include "pack/path.h"
#include "zip_build.h"

enum { LOCAL_SIZE = 30 }; /* of the header in front of an entry's data, without its name */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_all(const char *path)
{
    CHECK_INT(nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
}

/* Unpacks bytes into a new folder, whose path goes to out. */
static int64_t unzip_bytes(const void *bytes, size_t len, char out[static 64], struct err *err)
{
    zip_folder(out);
    int zip = zip_memfd(bytes, len), dir = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int64_t total = unzip_into(zip, dir, err);
    close(zip);
    close(dir);
    return total;
}

static int64_t unzip_entries(const struct zip_entry *entries, char out[static 64], struct err *err)
{
    struct zip_build *z = zip_of(entries);
    int64_t total = unzip_bytes(z->bytes, z->len, out, err);
    free(z);
    return total;
}

static void check_file(const char *dir, const char *name, const char *want, unsigned mode)
{
    char path[512], text[256] = "";
    struct stat st = {0};
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    CHECK_MEM(text, (size_t)n, want, strlen(want));
    CHECK(fd < 0 || fstat(fd, &st) == 0);
    CHECK_INT(st.st_mode & 07777, mode);
    if (fd >= 0)
        close(fd);
}

static void check_mode(const char *dir, const char *name, unsigned mode)
{
    char path[128];
    struct stat st = {0};
    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_mode & 07777, mode);
}

/* What real zips have: folders named or not, modes, links, "./", both methods, empty files. */
static void test_content(void)
{
    const struct zip_entry entries[] = {
        {.name = "./bootstrap", .data = "#!/bin/sh\n", .mode = S_IFREG | 0755},
        {.name = "lib/", .mode = S_IFDIR | 0750},
        {.name = "lib/a.txt", .data = "stored"},
        {.name = "lib/b.txt", .data = "deflated", .method = ZIP_DEFLATED},
        {.name = "deep//er/./c.txt", .data = "c", .mode = S_IFREG | 0604},
        {.name = "empty", .data = ""},
        {.name = "link", .data = "lib/a.txt", .mode = S_IFLNK | 0777},
        {.name = "out", .data = "../../../etc/passwd", .mode = S_IFLNK | 0777},
        {.name = "setuid", .data = "x", .mode = S_IFREG | 07755},
        {.name = "\xc3\xa9.txt", .data = "utf8", .flags = 1 << 11},
        {.name = "latin\xe9.txt", .data = "bytes"},
        {.name = "back\\slash", .data = "unix"},
        {.name = "..\\up", .data = "dos", .dos = 1},
        {.name = "Case", .data = "1"},
        {.name = "case", .data = "22"},
        {.name = "closed", .data = "0", .mode = S_IFREG},
        {.name = "behind", .data = "streamed", .method = ZIP_DEFLATED, .behind = 1},
        {.name = "self", .data = "self", .mode = S_IFLNK | 0777},
        {.name = "typeless", .data = "t", .mode = 0666},
        {.name = "sealed/", .mode = S_IFDIR | 0555},
        {.name = "sealed/in", .data = "in"},
        {.name = "./", .mode = S_IFDIR | 0755},
        {0},
    };
    char dir[64], path[128], target[64] = "";
    struct err err = {0};
    CHECK_INT(unzip_entries(entries, dir, &err),
              10 + 6 + 8 + 1 + 1 + 4 + 5 + 4 + 1 + 2 + 3 + 1 + 2 + 1 + 8);
    CHECK_STR(err.msg, "");
    check_file(dir, "bootstrap", "#!/bin/sh\n", 0755);
    check_file(dir, "lib/a.txt", "stored", 0644);
    check_file(dir, "lib/b.txt", "deflated", 0644);
    check_file(dir, "deep/er/c.txt", "c", 0604);
    check_file(dir, "empty", "", 0644);
    check_file(dir, "setuid", "x", 0755);
    check_file(dir, "\xc3\xa9.txt", "utf8", 0644);
    check_file(dir, "latin\xe9.txt", "bytes", 0644);
    check_file(dir, "back\\slash", "unix", 0644);
    check_file(dir, "..\\up", "dos", 0644);
    check_file(dir, "Case", "1", 0644);
    check_file(dir, "case", "22", 0644);
    check_mode(dir, "closed", 0);
    check_file(dir, "behind", "streamed", 0644);
    check_file(dir, "typeless", "t", 0666);
    check_file(dir, "sealed/in", "in", 0644);
    snprintf(path, sizeof path, "%s/out", dir);
    CHECK_INT(readlink(path, target, sizeof target - 1), 19);
    CHECK_STR(target, "../../../etc/passwd");
    static const struct {
        const char *name;
        unsigned mode;
    } folders[] = {{"lib", 0750}, {"deep", 0755}, {"deep/er", 0755}, {"sealed", 0755}, {".", 0755}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        check_mode(dir, folders[i].name, folders[i].mode);
    remove_all(dir);
}

/* A zip made on DOS or Windows has no modes: a bootstrap in it cannot be executed. */
static void test_dos(void)
{
    const struct zip_entry entries[] = {
        {.name = "bootstrap", .data = "x", .dos = 1}, {.name = "d/", .dos = 1}, {0}};
    char dir[64];
    struct err err = {0};
    CHECK_INT(unzip_entries(entries, dir, &err), 1);
    check_file(dir, "bootstrap", "x", 0644);
    remove_all(dir);
}

static int64_t time_of(const char *dir, const char *name)
{
    char path[128];
    struct stat st = {0};
    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_INT(lstat(path, &st), 0);
    return st.st_mtime;
}

/* Times: the DOS one counts as UTC, the extra field wins, a folder keeps its own. */
static void test_times(void)
{
    static const char extra[] = "UT\x05\x00\x03\x40\xe2\x01\x00"; /* 123456 */
    const struct zip_entry entries[] = {
        {.name = "d/", .mode = S_IFDIR | 0755, .extra = extra, .extra_len = 9},
        {.name = "d/dos", .data = "x", .date = 44 << 9 | 2 << 5 | 3, .time = 4 << 11 | 5 << 5 | 3},
        {.name = "unix", .data = "x", .extra = extra, .extra_len = 9},
        {.name = "zero", .data = "x", .date = 44 << 9},
        {.name = "link", .data = "x", .mode = S_IFLNK | 0777, .extra = extra, .extra_len = 9},
        {0}};
    char dir[64];
    struct err err = {0};
    setenv("TZ", "America/New_York", 1);
    CHECK_INT(unzip_entries(entries, dir, &err), 3);
    CHECK_INT(time_of(dir, "d/dos"), 1706933106);
    CHECK_INT(time_of(dir, "unix"), 123456);
    CHECK_INT(time_of(dir, "zero"), 1704067200);
    CHECK_INT(time_of(dir, "link"), 123456);
    CHECK_INT(time_of(dir, "d"), 123456);
    unsetenv("TZ");
    remove_all(dir);
}

/* The later of two entries with one name wins, files and links alike. */
static void test_duplicates(void)
{
    const struct zip_entry entries[] = {
        {.name = "a", .data = "first"},
        {.name = "a", .data = "second", .mode = S_IFREG | 0755},
        {.name = "l", .data = "/etc/passwd", .mode = S_IFLNK | 0777},
        {.name = "l", .data = "file"},
        {.name = "m", .data = "file"},
        {.name = "./m", .data = "elsewhere", .mode = S_IFLNK | 0777},
        {0}};
    char dir[64], path[128], target[64] = "";
    struct err err = {0};
    CHECK_INT(unzip_entries(entries, dir, &err), 19);
    check_file(dir, "a", "second", 0755);
    check_file(dir, "l", "file", 0644);
    snprintf(path, sizeof path, "%s/m", dir);
    CHECK_INT(readlink(path, target, sizeof target - 1), 9);
    remove_all(dir);
}

#define LINK(n, to)                                   \
    {                                                 \
        .name = n, .data = to, .mode = S_IFLNK | 0777 \
    }
#define FOLDER(n)                         \
    {                                     \
        .name = n, .mode = S_IFDIR | 0777 \
    }
#define FILE_(n, ...)                          \
    {                                          \
        .name = n, .data = "data", __VA_ARGS__ \
    }

/* Each zip is refused with these words, and nothing appears outside of its folder. */
static const struct {
    const char *title;
    struct zip_entry entries[4];
    const char *words;
} HOSTILE[] = {
    {"absolute",
     {FILE_("/etc/clambda-escape")},
     "entry '/etc/clambda-escape': has an absolute path"},
    {"up", {FILE_("../clambda-escape")}, "entry '../clambda-escape': has '..' in its path"},
    {"up within", {FILE_("a/../../clambda-escape")}, "has '..' in its path"},
    {"up at the end", {FILE_("a/..")}, "has '..' in its path"},
    {"twice absolute", {FILE_("//etc/clambda-escape")}, "has an absolute path"},
    {"the root", {FOLDER("/")}, "has an absolute path"},
    {"up as a folder", {FOLDER("../")}, "has '..' in its path"},
    {"up behind a dot", {FILE_("a/./../clambda-escape")}, "has '..' in its path"},
    {"link above", {LINK("../clambda-escape", "x")}, "has '..' in its path"},
    {"NUL", {FILE_("a\0b", .name_len = 3)}, "has a NUL byte in its name"},
    {"no name", {FILE_("x", .local_name = "")}, "another name"},
    {"through a link", {LINK("d", "/tmp"), FILE_("d/clambda-escape")}, "'d' is no folder"},
    {"through a link to .", {LINK("d", "."), FILE_("d/f")}, "'d' is no folder"},
    {"through two links",
     {LINK("d", "e"), LINK("e", "/tmp"), FILE_("d/clambda-escape")},
     "'d' is no folder"},
    {"through a link to itself", {LINK("d", "d"), FILE_("d/f")}, "'d' is no folder"},
    {"a link made of a file", {FILE_("d"), LINK("d", "/tmp"), FILE_("d/x")}, "'d' is no folder"},
    {"folder over a link", {LINK("d", "/tmp"), FOLDER("d/")}, "'d' is no folder"},
    {"below a file", {FILE_("f"), FILE_("f/g")}, "entry 'f/g': 'f' is no folder"},
    {"file over a folder", {FILE_("f/g"), FILE_("f")}, "is a file or link, and a folder"},
    {"link over a folder", {FILE_("f/g"), LINK("f", "x")}, "is a file or link, and a folder"},
    {"folder over a file", {FILE_("f"), FOLDER("f/")}, "'f' is no folder"},
    {"file that ends in a slash", {FILE_("f/", .mode = S_IFREG | 0644)}, "is none"},
    {"folder with content", {FILE_("f", .mode = S_IFDIR | 0755)}, "folder with content"},
    {"link that ends in a slash", {LINK("f/", "x")}, "another type"},
    {"empty link", {LINK("f", "")}, "target of 0 bytes"},
    {"pipe", {FILE_("f", .mode = S_IFIFO | 0644)}, "is neither file, folder nor symbolic link"},
    {"device", {FILE_("f", .mode = S_IFBLK | 0644)}, "is neither file"},
    {"character device", {FILE_("f", .mode = S_IFCHR | 0644)}, "is neither file"},
    {"socket", {FILE_("f", .mode = S_IFSOCK | 0644)}, "is neither file"},
    {"encrypted", {FILE_("f", .flags = 1)}, "entry 'f': is encrypted"},
    {"method 12", {FILE_("f", .method = 12)}, "is compressed by method 12"},
    {"two methods", {FILE_("f", .local_method = 12)}, "another method"},
    {"two names", {FILE_("ffff", .local_name = "gggg")}, "another name in front"},
    {"two lengths of name", {FILE_("f", .local_name = "ff")}, "another name in front"},
    {"wrong sum", {FILE_("f", .crc = 12345)}, "entry 'f': is damaged: ZIP bad CRC"},
    {"another sum in front", {FILE_("f", .local_crc = 12345)}, "has another sum or size in front"},
    {"another size in front",
     {FILE_("f", .local_claim = 3, .method = ZIP_DEFLATED)},
     "has another sum or size in front"},
    {"64-bit size in front without its field",
     {FILE_("f", .local_claim = 0xffffffff, .method = ZIP_DEFLATED)},
     "lacks its 64-bit sizes in front"},
    {"long link",
     {FILE_("f", .mode = S_IFLNK | 0777, .claim = 5000, .method = ZIP_DEFLATED)},
     "is a link with a target of 5000 bytes"},
    {"claims less",
     {FILE_("f", .claim = 2, .method = ZIP_DEFLATED)},
     "is damaged: ZIP uncompressed data is wrong size"},
    {"claims more", {FILE_("f", .claim = 6, .method = ZIP_DEFLATED)}, "damaged"},
    {"claims too much",
     {FILE_("f", .claim = PACK_UNPACKED_MAX + 1, .method = ZIP_DEFLATED)},
     "Unzipped size must be smaller than 262144000 bytes"},
    {"too much together",
     {FILE_("f", .claim = PACK_UNPACKED_MAX - 3, .method = ZIP_DEFLATED), FILE_("g")},
     "Unzipped size must be smaller than 262144000 bytes"},
    {"64-bit size without its field",
     {FILE_("f", .claim = 0xffffffff, .method = ZIP_DEFLATED)},
     "lacks its 64-bit sizes"},
    {"nothing", {{0}}, "Uploaded file must be a non-empty zip"},
};

static void test_hostile(void)
{
    for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
        char dir[64];
        struct err err = {0};
        int64_t total = unzip_entries(HOSTILE[i].entries, dir, &err);
        if (total != -1)
            printf("# %s\n", HOSTILE[i].title);
        CHECK_INT(total, -1);
        CHECK_HAS(err.msg, HOSTILE[i].words);
        CHECK(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
        CHECK_INT(access("/tmp/clambda-escape", F_OK), -1);
        CHECK_INT(access("/etc/clambda-escape", F_OK), -1);
        remove_all(dir);
    }
}

static void test_paths(void)
{
    static const struct {
        const char *name, *want;
        bool directory;
    } good[] = {
        {"a", "a", false},      {"a/b", "a/b", false},   {"./a", "a", false},
        {"a//b/", "a/b", true}, {"./", "", true},        {".", "", true},
        {"a/.", "a", true},     {"...", "...", false},   {"..a/b..", "..a/b..", false},
        {".a", ".a", false},    {"a/./b", "a/b", false},
    };
    struct path path;
    struct err err;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_INT(path_clean(&path, good[i].name, strlen(good[i].name), &err), 0);
        CHECK_STR(path.text, good[i].want);
        CHECK_INT(path.directory, good[i].directory);
    }
    char text[PACK_NAME_MAX + 2];
    memset(text, 'a', sizeof text);
    CHECK_INT(path_clean(&path, text, 255, &err), 0);
    CHECK_INT(path_clean(&path, text, 256, &err), -1);
    CHECK_HAS(err.msg, "component of 256 bytes");
    CHECK_INT(path_clean(&path, text, 0, &err), -1);
    CHECK_HAS(err.msg, "has no name");
    for (size_t i = 1; i < sizeof text; i += 2)
        text[i] = '/';
    CHECK_INT(path_clean(&path, text, 2 * PACK_DEPTH_MAX, &err), 0);
    CHECK_INT(path_clean(&path, text, 2 * PACK_DEPTH_MAX + 1, &err), -1);
    CHECK_HAS(err.msg, "folders deep");
    CHECK_INT(path_clean(&path, text, PACK_NAME_MAX + 1, &err), -1);
    CHECK_HAS(err.msg, "name of 1025 bytes");
}

/* Cut at every length, a zip is refused; and no length crashes. */
static void test_cut(void)
{
    const struct zip_entry entries[] = {{.name = "bootstrap", .data = "content of it"},
                                        {.name = "b", .data = "more", .method = ZIP_DEFLATED},
                                        {0}};
    struct zip_build *z = zip_of(entries);
    for (size_t len = 0; len < z->len; len++) {
        char dir[64];
        struct err err = {0};
        CHECK_INT(unzip_bytes(z->bytes, len, dir, &err), -1);
        CHECK(err.msg[0] != '\0');
        remove_all(dir);
    }
    free(z);
}

/* Every byte changed: refused or unpacked, never a crash, never a file elsewhere. */
static void test_flipped(void)
{
    const struct zip_entry entries[] = {{.name = "bootstrap", .data = "content of it"}, {0}};
    struct zip_build *z = zip_of(entries);
    for (size_t at = 0; at < z->len; at++) {
        char dir[64];
        struct err err = {0};
        z->bytes[at] = (char)(z->bytes[at] ^ 0xff);
        int64_t total = unzip_bytes(z->bytes, z->len, dir, &err);
        CHECK((total == -1) == (err.msg[0] != '\0'));
        z->bytes[at] = (char)(z->bytes[at] ^ 0xff);
        remove_all(dir);
    }
    free(z);
}

/* Something in front, behind, between: whoever reads such a zip may see another one. */
static void test_around(void)
{
    const struct zip_entry entries[] = {
        {.name = "a", .data = "a"}, {.name = "b", .data = "b"}, {0}};
    struct zip_build *z = zip_of(entries);
    char bytes[1024], dir[64];
    struct err err = {0};
    memcpy(bytes + 3, z->bytes, z->len);
    memcpy(bytes, "xxx", 3);
    CHECK_INT(unzip_bytes(bytes, z->len + 3, dir, &err), -1);
    CHECK_HAS(err.msg, "put before or behind");
    remove_all(dir);
    memcpy(bytes, z->bytes, z->len);
    memcpy(bytes + z->len, "xxx", 3);
    CHECK_INT(unzip_bytes(bytes, z->len + 3, dir, &err), -1);
    CHECK_HAS(err.msg, "no end record");
    remove_all(dir);
    /* both entries with the data of the first */
    memcpy(bytes + z->central + 47 + 42, bytes + z->central + 42, 4);
    CHECK_INT(unzip_bytes(bytes, z->len, dir, &err), -1);
    CHECK_HAS(err.msg, "out of place");
    remove_all(dir);
    /* the second within the data of the first */
    bytes[z->central + 47 + 42] = LOCAL_SIZE + 1;
    CHECK_INT(unzip_bytes(bytes, z->len, dir, &err), -1);
    CHECK_HAS(err.msg, "entry 'a': its data overlaps");
    remove_all(dir);
    free(z);
}

/* Nothing but a zip64 record tells where the directory is. */
static void test_wide(void)
{
    struct zip_build *z = calloc(1, sizeof *z);
    char dir[64];
    struct err err = {0};
    if (!z)
        abort();
    zip_add(z, &(struct zip_entry){.name = "a", .data = "wide"});
    zip_finish_as(z, 1);
    CHECK_INT(unzip_bytes(z->bytes, z->len, dir, &err), 4);
    CHECK_STR(err.msg, "");
    check_file(dir, "a", "wide", 0644);
    remove_all(dir);
    z->bytes[z->len - 22 - 20 - 56 + 48] ^= 1; /* its idea of the place */
    CHECK_INT(unzip_bytes(z->bytes, z->len, dir, &err), -1);
    CHECK_HAS(err.msg, "not where the zip64 record says");
    remove_all(dir);
    free(z);
}

/* More entries than there may be are refused before any of them is read. */
static void test_count(void)
{
    char end[98] = "PK\x06\x06", dir[64];
    size_t at = 24;
    struct err err = {0};
    zip_put(end, &at, 0, 0);
    at = 32;
    zip_put(end, &at, PACK_ENTRIES_MAX + 1, 8); /* zip64 record: count, size 0, start 0 */
    at = 56;
    zip_put(end, &at, 0x07064b50, 4);
    at = 76;
    zip_put(end, &at, 0x06054b50, 4);
    CHECK_INT(unzip_bytes(end, sizeof end, dir, &err), -1);
    CHECK_HAS(err.msg, "65536 entries");
    remove_all(dir);
}

/* Folders that only paths name count as well. */
static void test_nodes(void)
{
    enum { DEPTH = PACK_DEPTH_MAX, ENTRIES = PACK_ENTRIES_MAX / DEPTH + 1 };
    struct zip_build *z = calloc(1, sizeof *z);
    char dir[64];
    struct err err = {0};
    if (!z)
        abort();
    for (int i = 0; i < ENTRIES; i++) {
        char name[8 + 2 * DEPTH];
        int len = snprintf(name, sizeof name, "%d", i);
        for (int level = 1; level < DEPTH; level++, len += 2)
            memcpy(name + len, "/x", 3);
        zip_add(z, &(struct zip_entry){.name = name});
    }
    zip_finish(z);
    CHECK_INT(unzip_bytes(z->bytes, z->len, dir, &err), -1);
    CHECK_HAS(err.msg, "more than 65535 files and folders");
    remove_all(dir);
    free(z);
}

static const struct check_test TESTS[] = {
    {"content, modes and links of an ordinary zip", test_content},
    {"a zip without modes", test_dos},
    {"times", test_times},
    {"two entries of one name", test_duplicates},
    {"hostile zips", test_hostile},
    {"paths", test_paths},
    {"cut at every length", test_cut},
    {"every byte flipped", test_flipped},
    {"bytes around a zip", test_around},
    {"a zip64 record", test_wide},
    {"too many entries", test_count},
    {"too many folders", test_nodes},
};
CHECK_MAIN(TESTS)
