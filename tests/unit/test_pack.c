/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pack.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "pack/limits.h"
#include "zip_build.h"

enum { MANY = 300 }; /* files of a zip that takes a while to unpack */

static char work[64]; /* the running test's folder */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void start(void)
{
    zip_folder(work);
    CHECK_INT(chmod(work, 0755), 0);
}

static void end(void)
{
    CHECK_INT(nftw(work, remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", work, name);
    return path;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static void write_zip(const char *path, const struct zip_entry *entries)
{
    struct zip_build *z = zip_of(entries);
    write_file(path, z->bytes, z->len);
    free(z);
}

static void write_simple(const char *path, const char *data)
{
    write_zip(path, (const struct zip_entry[]){
                        {.name = "bootstrap", .data = data, .mode = S_IFREG | 0755}, {0}});
}

/* Content of dir/name; valid until the next call. */
static const char *content(const char *dir, const char *name)
{
    static char text[256];
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n < 0 ? NULL : text;
}

/* How many names in cache/unzip-1 begin with prefix. */
static int count(const char *cache, const char *prefix)
{
    char path[PATH_MAX];
    int found = 0;
    snprintf(path, sizeof path, "%s/unzip-1", cache);
    DIR *dir = opendir(path);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        found += d->d_name[0] != '.' && strncmp(d->d_name, prefix, strlen(prefix)) == 0;
    if (dir)
        closedir(dir);
    return found;
}

static void test_open(void)
{
    char dir[PATH_MAX], again[PATH_MAX], marker[PATH_MAX + 16];
    struct err err = {0};
    struct stat st = {0};
    start();
    write_simple(at("f.zip"), "one");
    int fd = pack_open(at("f.zip"), at("cache/of/mine"), dir, sizeof dir, &err);
    CHECK_STR(err.msg, "");
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK_STR(content(dir, "bootstrap"), "one");
    CHECK(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0755);
    CHECK(stat(at("cache/of/mine"), &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK(stat(at("cache/of/mine/unzip-1"), &st) == 0 && (st.st_mode & 07777) == 0700);

    /* the same bytes under another name are found, not unpacked again */
    snprintf(marker, sizeof marker, "%s/marker", dir);
    write_file(marker, "m", 1);
    write_simple(at("other.zip"), "one");
    int second = pack_open(at("other.zip"), at("cache/of/mine"), again, sizeof again, &err);
    CHECK(second >= 0);
    CHECK_STR(again, dir);
    CHECK_STR(content(again, "marker"), "m");
    write_simple(at("f.zip"), "two");
    int third = pack_open(at("f.zip"), at("cache/of/mine"), again, sizeof again, &err);
    CHECK_STR(content(again, "bootstrap"), "two");
    CHECK_INT(count(at("cache/of/mine"), ""), 2);
    close(fd);
    close(second);
    close(third);
    end();
}

static void check_refused(const char *zip, const char *cache, enum err_kind kind, const char *words)
{
    char dir[PATH_MAX];
    struct err err = {0};
    CHECK_INT(pack_open(zip, cache, dir, sizeof dir, &err), -1);
    CHECK_INT(err.kind, kind);
    CHECK_HAS(err.msg, words);
    CHECK_HAS(err.msg, zip);
}

static void test_refused(void)
{
    char small[8];
    struct err err = {0};
    start();
    char cache[PATH_MAX];
    snprintf(cache, sizeof cache, "%s", at("cache"));
    check_refused(at("none.zip"), cache, ERR_INPUT, "No such file");
    CHECK_INT(mkdir(at("folder.zip"), 0755) || mkfifo(at("pipe.zip"), 0600), 0);
    check_refused(at("folder.zip"), cache, ERR_INPUT, "is not a file");
    check_refused(at("pipe.zip"), cache, ERR_INPUT, "is not a file");
    write_file(at("text.zip"), "hello", 5);
    check_refused(at("text.zip"), cache, ERR_INPUT, "not a zip, or cut off");
    write_file(at("empty.zip"), "", 0);
    check_refused(at("empty.zip"), cache, ERR_INPUT, "not a zip, or cut off");
    CHECK_INT(truncate(at("empty.zip"), (off_t)PACK_ZIP_MAX + 1), 0);
    check_refused(at("empty.zip"), cache, ERR_LIMIT, "has 262144001 bytes, at most 262144000");
    write_zip(at("half.zip"), (const struct zip_entry[]){
                                  {.name = "a", .data = "a"}, {.name = "../b", .data = "b"}, {0}});
    check_refused(at("half.zip"), cache, ERR_INPUT, "entry '../b': has '..'");
    CHECK_INT(count(cache, ""), 0); /* what was unpacked before is gone */
    write_simple(at("f.zip"), "x");
    CHECK_INT(pack_open(at("f.zip"), cache, small, sizeof small, &err), -1);
    CHECK_HAS(err.msg, "path is too long");
    end();
}

/* What others can write to is not believed. */
static void test_cache_trust(void)
{
    start();
    write_simple(at("f.zip"), "x");
    check_refused(at("f.zip"), "cache", ERR_INPUT, "is no absolute path");
    CHECK_INT(mkdir(at("real"), 0700) || symlink(at("real"), at("link")), 0);
    check_refused(at("f.zip"), at("link"), ERR_HOST, "is a link or a file");
    CHECK_INT(mkdir(at("open"), 0700) || chmod(at("open"), 0777), 0);
    check_refused(at("f.zip"), at("open"), ERR_HOST, "is open to others (mode 0777)");
    CHECK_INT(mkdir(at("real/unzip-1"), 0755), 0);
    check_refused(at("f.zip"), at("real"), ERR_HOST, "is open to others (mode 0755)");
    write_file(at("file"), "", 0);
    check_refused(at("f.zip"), at("file"), ERR_HOST, "is a link or a file");
    check_refused(at("f.zip"), at("file/below"), ERR_SYSTEM, "Not a directory");
    if (geteuid() == 0) {
        CHECK_INT(mkdir(at("theirs"), 0700) || chown(at("theirs"), 12345, 12345), 0);
        check_refused(at("f.zip"), at("theirs"), ERR_HOST, "belongs to user 12345, not to 0");
    }
    end();
}

/* In a child as an ordinary user, with this environment. */
static void open_as_user(const char *xdg, const char *home, const char *want_dir, const char *words)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        char dir[PATH_MAX] = "";
        struct err err = {0};
        check_failures = 0;
        CHECK_INT(setresuid(12345, 12345, 12345), 0);
        if (xdg)
            setenv("XDG_CACHE_HOME", xdg, 1);
        else
            unsetenv("XDG_CACHE_HOME");
        if (home)
            setenv("HOME", home, 1);
        else
            unsetenv("HOME");
        int fd = pack_open(at("f.zip"), NULL, dir, sizeof dir, &err);
        if (words)
            CHECK_HAS(err.msg, words);
        else
            CHECK(fd >= 0);
        if (want_dir)
            CHECK_HAS(dir, want_dir);
        fflush(stdout);
        _exit(check_failures ? 1 : 0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

static void test_user(void)
{
    if (geteuid() != 0) {
        check_skip("needs root to become another user");
        return;
    }
    start();
    write_simple(at("f.zip"), "x");
    CHECK_INT(mkdir(at("home"), 0700) || chown(at("home"), 12345, 12345), 0);
    open_as_user(NULL, at("home"), at("home/.cache/clambda/unzip-1/"), NULL);
    open_as_user(at("home/xdg"), at("home"), at("home/xdg/clambda/unzip-1/"), NULL);
    open_as_user("relative", at("home"), at("home/.cache/clambda/unzip-1/"), NULL);
    open_as_user(NULL, NULL, NULL, "neither XDG_CACHE_HOME nor HOME");
    open_as_user(NULL, "/proc/nowhere", NULL, "make the cache folder");
    end();
}

static void write_many(const char *path)
{
    static char names[MANY][16];
    static struct zip_entry entries[MANY + 1];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "d%zu/f%zu", i % 7, i);
        entries[i] = (struct zip_entry){.name = names[i], .data = names[i]};
    }
    write_zip(path, entries);
}

static void check_many(const char *dir)
{
    for (size_t i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "d%zu/f%zu", i % 7, i);
        CHECK_STR(content(dir, name), name);
    }
}

static pid_t fork_open(const char *zip, const char *cache)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char dir[PATH_MAX];
    struct err err = {0};
    int fd = pack_open(zip, cache, dir, sizeof dir, &err);
    if (fd < 0)
        fprintf(stderr, "# %s\n", err.msg);
    _exit(fd >= 0 && content(dir, "d0/f0") && content(dir, "d5/f299") ? 0 : 1);
}

/* Several processes unpack the same zip: all have it, one copy stays. */
static void test_at_once(void)
{
    start();
    write_many(at("f.zip"));
    for (int round = 0; round < 5; round++) {
        char cache[32];
        pid_t pids[4];
        snprintf(cache, sizeof cache, "cache%d", round);
        for (int i = 0; i < 4; i++)
            pids[i] = fork_open(at("f.zip"), at(cache));
        for (int i = 0; i < 4; i++) {
            int status = -1;
            CHECK(waitpid(pids[i], &status, 0) == pids[i]);
            CHECK_INT(status, 0);
        }
        CHECK_INT(count(at(cache), ""), 1);
    }
    end();
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* How long a child takes to unpack f.zip. */
static int64_t time_of_open(void)
{
    int64_t start_ns = now_ns();
    CHECK(waitpid(fork_open(at("f.zip"), at("elsewhere")), NULL, 0) > 0);
    return now_ns() - start_ns;
}

/* Killed at any moment: what is there under its name is whole, the rest goes with the next run. */
static void test_killed(void)
{
    char dir[PATH_MAX];
    struct err err = {0};
    int left_behind = 0;
    start();
    write_many(at("f.zip"));
    srand((unsigned)time(NULL) ^ (unsigned)getpid());
    int64_t whole = time_of_open();
    for (int i = 0; i < 10; i++) {
        pid_t pid = fork_open(at("f.zip"), at("cache"));
        int64_t moment = whole * (rand() % 100) / 90;
        nanosleep(&(struct timespec){moment / 1000000000, moment % 1000000000}, NULL);
        CHECK_INT(kill(pid, SIGKILL), 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        left_behind += count(at("cache"), "tmp-");
        if (count(at("cache"), "") > count(at("cache"), "tmp-")) /* it was ready: once more */
            CHECK_INT(nftw(at("cache"), remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
    }
    printf("# %d leftovers seen\n", left_behind);
    int fd = pack_open(at("f.zip"), at("cache"), dir, sizeof dir, &err);
    CHECK_STR(err.msg, "");
    CHECK(fd >= 0);
    check_many(dir);
    CHECK_INT(count(at("cache"), "tmp-"), 0);
    CHECK_INT(count(at("cache"), ""), 1);
    close(fd);
    end();
}

static int open_numbered(int number, char dir[static PATH_MAX])
{
    char text[16];
    struct err err = {0};
    snprintf(text, sizeof text, "n%d", number);
    write_simple(at("n.zip"), text);
    int fd = pack_open(at("n.zip"), at("cache"), dir, PATH_MAX, &err);
    CHECK_STR(err.msg, "");
    CHECK(fd >= 0);
    return fd;
}

/* Old entries go, except what somebody uses. Folders of others are left alone. */
static void test_trim(void)
{
    char dirs[PACK_KEEP_ENTRIES + 6][PATH_MAX], name[256];
    start();
    int held = open_numbered(0, dirs[0]);
    snprintf(name, sizeof name, "cache/unzip-1/%064d-earlier-boot", 0);
    CHECK_INT(mkdir(at(name), 0700) || mkdir(at("cache/unzip-1/notes"), 0700), 0);
    for (int i = 1; i < PACK_KEEP_ENTRIES + 5; i++)
        close(open_numbered(i, dirs[i]));
    close(open_numbered(5, dirs[5])); /* used again: the newest */
    close(open_numbered(PACK_KEEP_ENTRIES + 5, dirs[PACK_KEEP_ENTRIES + 5]));
    CHECK_INT(access(at(name), F_OK), -1);
    CHECK_INT(access(at("cache/unzip-1/notes"), F_OK), 0);
    CHECK_STR(content(dirs[0], "bootstrap"), "n0");
    CHECK_STR(content(dirs[1], "bootstrap"), NULL);
    CHECK_STR(content(dirs[5], "bootstrap"), "n5");
    CHECK_STR(content(dirs[PACK_KEEP_ENTRIES + 5], "bootstrap"), "n25");
    /* kept ones, the one in use, the new one, the notes */
    CHECK_INT(count(at("cache"), ""), PACK_KEEP_ENTRIES + 3);
    close(held);
    close(open_numbered(99, dirs[0]));
    CHECK_INT(count(at("cache"), ""), PACK_KEEP_ENTRIES + 2);
    end();
}

/* A living process' temporary folder is locked and stays; a dead one's goes. */
static void test_living(void)
{
    char dir[PATH_MAX];
    start();
    close(open_numbered(1, dir));
    CHECK_INT(mkdir(at("cache/unzip-1/tmp-1-a"), 0700) || mkdir(at("cache/unzip-1/tmp-1-b"), 0700),
              0);
    int fd = open(at("cache/unzip-1/tmp-1-a"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0 && flock(fd, LOCK_SH) == 0);
    close(open_numbered(2, dir));
    CHECK_INT(access(at("cache/unzip-1/tmp-1-a"), F_OK), 0);
    CHECK_INT(access(at("cache/unzip-1/tmp-1-b"), F_OK), -1);
    close(fd);
    end();
}

static void copy_program(const char *to)
{
    static char block[1 << 16];
    int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    CHECK(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, block, sizeof block)) > 0;)
        CHECK(write(out, block, (size_t)n) == n);
    close(in);
    close(out);
}

/* This program away from its module, and beside a file that is none. */
static void test_no_module(void)
{
    start();
    CHECK_INT(mkdir(at("bin"), 0755) || mkdir(at("lib"), 0755) || mkdir(at("lib/clambda"), 0755),
              0);
    copy_program(at("bin/program"));
    for (int round = 0; round < 2; round++) {
        char command[2 * PATH_MAX], text[8192] = "";
        snprintf(command, sizeof command, "'%s' --only 'unpacked once'", at("bin/program"));
        fflush(stdout);
        FILE *out = popen(command, "re");
        CHECK(out && fread(text, 1, sizeof text - 1, out) > 0);
        CHECK(out && pclose(out) != 0);
        CHECK_HAS(text, "cannot unpack zips: ");
        CHECK_HAS(text, "install clambda again");
        write_file(at("lib/clambda/pack_unzip.so"), "no library", 10);
    }
    end();
}

static void test_is_zip(void)
{
    start();
    write_file(at("a.zip"), "text", 4);
    write_file(at("pk"), "PK\x03\x04", 4);
    write_file(at("elf"),
               "\x7f"
               "ELF",
               4);
    write_file(at("p"), "P", 1);
    CHECK_INT(mkdir(at("d.zip"), 0755) || mkdir(at("d"), 0755) || mkfifo(at("pipe"), 0600), 0);
    static const struct {
        const char *name;
        bool want;
    } cases[] = {{"a.zip", true},  {"pk", true},   {"elf", false},  {"p", false},
                 {"d.zip", false}, {"d", false},   {"pipe", false}, {"none.zip", true},
                 {"none", false},  {"pk/x", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (pack_is_zip(at(cases[i].name)) != cases[i].want)
            printf("# %s\n", cases[i].name);
        CHECK_INT(pack_is_zip(at(cases[i].name)), cases[i].want);
    }
    CHECK(!pack_is_zip(".zip") && !pack_is_zip(""));
    end();
}

static const struct check_test TESTS[] = {
    {"unpacked once", test_open},
    {"refused, with reason and nothing left", test_refused},
    {"cache folders that are not ours alone", test_cache_trust},
    {"an ordinary user's cache", test_user},
    {"several processes at once", test_at_once},
    {"killed while unpacking", test_killed},
    {"old entries go", test_trim},
    {"living and dead", test_living},
    {"the unpacker is missing", test_no_module},
    {"what counts as a zip", test_is_zip},
};
CHECK_MAIN(TESTS)
