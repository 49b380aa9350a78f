/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pack.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "pack/limits.h"
#include "pack_work.h"

static void test_open(void)
{
    char marker[PATH_MAX + 16];
    struct pack first, second, third;
    struct err err = {0};
    struct stat st = {0};
    start();
    write_simple(at("f.zip"), "one");
    CHECK_INT(open_in(&first, at("f.zip"), at("cache/of/mine"), &err), 0);
    CHECK_STR(err.msg, "");
    CHECK(first.fd >= 0 && fcntl(first.fd, F_GETFD) == FD_CLOEXEC);
    CHECK_STR(content(first.dir, "bootstrap"), "one");
    CHECK_INT(first.bytes, 3);
    CHECK(stat(first.dir, &st) == 0 && (st.st_mode & 07777) == 0755);
    CHECK(stat(at("cache/of/mine"), &st) == 0 && (st.st_mode & 07777) == 0700);
    CHECK(stat(at("cache/of/mine/unzip-1"), &st) == 0 && (st.st_mode & 07777) == 0700);

    /* the same bytes under another name are found, not unpacked again */
    snprintf(marker, sizeof marker, "%s/marker", first.dir);
    write_file(marker, "m", 1);
    write_simple(at("other.zip"), "one");
    CHECK_INT(open_in(&second, at("other.zip"), at("cache/of/mine"), &err), 0);
    CHECK_STR(second.dir, first.dir);
    CHECK_STR(content(second.dir, "marker"), "m");
    CHECK_INT(second.bytes, 3);
    write_simple(at("f.zip"), "two more");
    CHECK_INT(open_in(&third, at("f.zip"), at("cache/of/mine"), &err), 0);
    CHECK_STR(content(third.dir, "bootstrap"), "two more");
    CHECK_INT(third.bytes, 8);
    pack_close(&first);
    pack_close(&second);
    pack_close(&third);
    pack_close(&third); /* twice does no harm */
    CHECK_INT(count_folders(at("cache/of/mine")), 2);
    end();
}

static void test_refused(void)
{
    char cache[PATH_MAX];
    start();
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
    struct pack p;
    struct err err = {0};
    int failed = open_in(&p, zip, cache, &err);
    if (failed)
        fprintf(stderr, "# %s\n", err.msg);
    _exit(!failed && content(p.dir, "d0/f0") && content(p.dir, "d5/f299") ? 0 : 1);
}

/* Unpacks other zips, which trims the cache each time. */
static pid_t fork_trim(const char *cache)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    int failed = 0;
    char here[PATH_MAX];
    snprintf(here, sizeof here, "%s", cache);
    for (int i = 0; i < 10; i++) {
        char text[16], name[16];
        struct pack p;
        struct err err = {0};
        snprintf(text, sizeof text, "t%d", i);
        snprintf(name, sizeof name, "t%d.zip", i);
        write_simple(at(name), text);
        failed |= open_in(&p, at(name), here, &err);
        if (failed)
            fprintf(stderr, "# %s\n", err.msg);
        else
            pack_close(&p);
    }
    _exit(failed ? 1 : 0);
}

/* Several processes unpack the same zip into a new cache while another one sweeps it: all have it,
 * one copy stays. */
static void test_at_once(void)
{
    enum { ROUNDS = 5, PROCESSES = 8 };
    start();
    write_many(at("f.zip"));
    for (int round = 0; round < ROUNDS; round++) {
        char cache[32];
        pid_t pids[PROCESSES + 1];
        snprintf(cache, sizeof cache, "cache%d", round);
        for (int i = 0; i < PROCESSES; i++)
            pids[i] = fork_open(at("f.zip"), at(cache));
        pids[PROCESSES] = fork_trim(at(cache));
        for (int i = 0; i <= PROCESSES; i++) {
            int status = -1;
            CHECK(waitpid(pids[i], &status, 0) == pids[i]);
            CHECK_INT(status, 0);
        }
        CHECK_INT(count(at(cache), "tmp-"), 0);
        CHECK_INT(count_folders(at(cache)), 11);
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
    struct pack p;
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
        if (count_folders(at("cache")) > count(at("cache"), "tmp-")) /* it was ready: once more */
            CHECK_INT(nftw(at("cache"), remove_one, 64, FTW_DEPTH | FTW_PHYS), 0);
    }
    printf("# %d leftovers seen\n", left_behind);
    CHECK_INT(open_in(&p, at("f.zip"), at("cache"), &err), 0);
    CHECK_STR(err.msg, "");
    check_many(p.dir);
    CHECK_INT(count(at("cache"), "tmp-"), 0);
    CHECK_INT(count_folders(at("cache")), 1);
    pack_close(&p);
    end();
}

static int open_numbered(int number, char dir[static PATH_MAX])
{
    char text[16];
    struct err err = {0};
    snprintf(text, sizeof text, "n%d", number);
    write_simple(at("n.zip"), text);
    struct pack p = {.fd = -1};
    CHECK_INT(open_in(&p, at("n.zip"), at("cache"), &err), 0);
    CHECK_STR(err.msg, "");
    snprintf(dir, PATH_MAX, "%s", p.dir);
    return p.fd;
}

/* Used long ago, one second after the other: the system's clock may tick more slowly than entries
 * come. */
static int open_aged(int number, char dir[static PATH_MAX])
{
    int fd = open_numbered(number, dir);
    const struct timespec used = {.tv_sec = 1700000000 + number};
    CHECK_INT(futimens(fd, (const struct timespec[2]){used, used}), 0);
    return fd;
}

/* Old entries go, except what somebody uses. Folders of others are left alone. */
static void test_trim(void)
{
    char dirs[PACK_KEEP_ENTRIES + 6][PATH_MAX], name[256];
    start();
    int held = open_aged(0, dirs[0]);
    snprintf(name, sizeof name, "cache/unzip-1/%064d-earlier-boot", 0);
    CHECK_INT(mkdir(at(name), 0700) || mkdir(at("cache/unzip-1/notes"), 0700), 0);
    for (int i = 1; i < PACK_KEEP_ENTRIES + 5; i++)
        close(open_aged(i, dirs[i]));
    close(open_numbered(5, dirs[5])); /* used again: the newest */
    close(open_numbered(PACK_KEEP_ENTRIES + 5, dirs[PACK_KEEP_ENTRIES + 5]));
    CHECK_INT(access(at(name), F_OK), -1);
    CHECK_INT(access(at("cache/unzip-1/notes"), F_OK), 0);
    CHECK_STR(content(dirs[0], "bootstrap"), "n0");
    CHECK_STR(content(dirs[1], "bootstrap"), NULL);
    CHECK_STR(content(dirs[5], "bootstrap"), "n5");
    CHECK_STR(content(dirs[PACK_KEEP_ENTRIES + 5], "bootstrap"), "n25");
    /* kept ones, the one in use, the new one, the notes */
    CHECK_INT(count_folders(at("cache")), PACK_KEEP_ENTRIES + 3);
    close(held);
    close(open_numbered(99, dirs[0]));
    CHECK_INT(count_folders(at("cache")), PACK_KEEP_ENTRIES + 2);
    end();
}

/* Whether a file was not changed just now, by two seconds: so slow a machine may be. */
static bool is_settled(const char *path)
{
    struct stat st = {0};
    return stat(path, &st) == 0 && time(NULL) - st.st_ctim.tv_sec > 2;
}

/* A zip that has been there for a while is not read again as long as it is the same file. */
static void test_shortcut(void)
{
    struct pack p;
    struct err err = {0};
    start();
    write_simple(at("f.zip"), "first");
    CHECK_INT(open_in(&p, at("f.zip"), at("cache"), &err), 0);
    pack_close(&p);
    CHECK(count(at("cache"), "id-") == 0 || is_settled(at("f.zip")));
    sleep(4);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(open_in(&p, at("f.zip"), at("cache"), &err), 0);
        CHECK_STR(content(p.dir, "bootstrap"), "first");
        CHECK_INT(p.bytes, 5);
        CHECK_INT(count(at("cache"), "id-"), 1);
        pack_close(&p);
    }
    /* in the same place with the same size and the same times of writing */
    struct stat st = {0};
    CHECK_INT(stat(at("f.zip"), &st), 0);
    write_simple(at("f.zip"), "other");
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    CHECK_INT(utimensat(AT_FDCWD, at("f.zip"), times, 0), 0);
    CHECK_INT(open_in(&p, at("f.zip"), at("cache"), &err), 0);
    CHECK_STR(content(p.dir, "bootstrap"), "other");
    CHECK(count(at("cache"), "id-") == 1 || is_settled(at("f.zip")));
    pack_close(&p);
    end();
}

/* Shortcuts to what is gone go, and there are never many. */
static void test_shortcuts_swept(void)
{
    char name[64], target[128], dir[PATH_MAX];
    start();
    close(open_numbered(1, dir));
    const char *entry = strstr(dir, "unzip-1/") + strlen("unzip-1/");
    snprintf(target, sizeof target, "%.*s", (int)strcspn(entry, "/"), entry);
    for (int i = 0; i < PACK_KEEP_LINKS + 10; i++) {
        snprintf(name, sizeof name, "cache/unzip-1/id-%d", i);
        CHECK_INT(symlink(i == 0 ? "nothing" : target, at(name)), 0);
    }
    close(open_numbered(2, dir)); /* sweeps */
    CHECK(count(at("cache"), "id-") <= PACK_KEEP_LINKS && count(at("cache"), "id-") > 0);
    CHECK_INT(readlink(at("cache/unzip-1/id-0"), name, sizeof name), -1);
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
    {"several processes at once", test_at_once},
    {"killed while unpacking", test_killed},
    {"old entries go", test_trim},
    {"a zip that stays", test_shortcut},
    {"shortcuts are swept", test_shortcuts_swept},
    {"living and dead", test_living},
    {"the unpacker is missing", test_no_module},
    {"what counts as a zip", test_is_zip},
};
CHECK_MAIN(TESTS)
