/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/scratch.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#include "pack_work.h"

static void set_or_unset(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

/* Where f.zip is unpacked for an ordinary user with these variables, and that it is readable. */
static void open_as_user(const char *xdg, const char *home, const char *tmp, const char *want_dir)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct pack p = {.fd = -1, .parent_fd = -1};
        struct err err = {0};
        check_failures = 0;
        CHECK_INT(setresgid(12345, 12345, 12345) || setresuid(12345, 12345, 12345), 0);
        set_or_unset("XDG_CACHE_HOME", xdg);
        set_or_unset("HOME", home);
        set_or_unset("TMPDIR", tmp);
        CHECK_INT(pack_open(&p, at("f.zip"), &(struct pack_options){0}, &err), 0);
        CHECK_STR(err.msg, "");
        CHECK_HAS(p.dir, want_dir);
        CHECK_STR(content(p.dir, "bootstrap"), "x");
        CHECK_STR(content(p.dir, "secret"), NULL); /* nor can Lambda's function read it */
        bool cached = strstr(want_dir, "unzip-1") != NULL;
        CHECK_INT(p.parent_fd >= 0, !cached);
        pack_close(&p);
        CHECK_INT(access(p.dir, F_OK), cached ? 0 : -1);
        fflush(stdout);
        _exit(check_failures ? 1 : 0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* Without a home of one's own there is no cache, and no error. */
static void test_user(void)
{
    char once[PATH_MAX];
    if (geteuid() != 0) {
        check_skip("needs root to become another user");
        return;
    }
    start();
    write_zip(at("f.zip"),
              (const struct zip_entry[]){{.name = "bootstrap", .data = "x", .mode = S_IFREG | 0755},
                                         {.name = "secret", .data = "s", .mode = S_IFREG | 0640},
                                         {0}});
    CHECK_INT(mkdir(at("home"), 0700) || chown(at("home"), 12345, 12345), 0);
    CHECK_INT(
        mkdir(at("closed"), 0700) || mkdir(at("mine"), 0700) || chown(at("mine"), 12345, 12345), 0);
    snprintf(once, sizeof once, "%s", at("mine/clambda-zip-12345-"));
    open_as_user(NULL, at("home"), NULL, at("home/.cache/clambda/unzip-1/"));
    open_as_user(at("home/xdg"), at("home"), NULL, at("home/xdg/clambda/unzip-1/"));
    open_as_user("relative", at("home"), NULL, at("home/.cache/clambda/unzip-1/"));
    open_as_user(NULL, NULL, at("mine"), once);
    open_as_user(NULL, "/nonexistent", at("mine"), once);
    open_as_user(NULL, "/proc/nowhere", at("mine"), once);
    open_as_user(NULL, at("closed"), at("mine"), once);
    open_as_user(NULL, "/nonexistent", at("closed"), "/var/tmp/clambda-zip-12345-");
    open_as_user(NULL, "/nonexistent", NULL, "/var/tmp/clambda-zip-12345-");
    end();
}

/* How many names in a folder begin with prefix. */
static int count_in(const char *folder, const char *prefix)
{
    int found = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        found += strncmp(d->d_name, prefix, strlen(prefix)) == 0;
    if (dir)
        closedir(dir);
    return found;
}

/* Unpacked for one use: nobody else gets at it, it goes with its user, and a dead user's goes with
 * the next one. */
static void test_once(void)
{
    const struct pack_options once = {.no_cache = true};
    struct pack a, b;
    struct err err = {0};
    struct stat st = {0};
    start();
    write_simple(at("f.zip"), "x");
    CHECK_INT(mkdir(at("tmp"), 01777) || chmod(at("tmp"), 01777), 0);
    setenv("TMPDIR", at("tmp"), 1);
    CHECK_INT(pack_open(&a, at("f.zip"), &once, &err), 0);
    CHECK_INT(pack_open(&b, at("f.zip"), &once, &err), 0);
    CHECK_STR(err.msg, "");
    CHECK(strcmp(a.dir, b.dir) != 0);
    CHECK_STR(content(a.dir, "bootstrap"), "x");
    CHECK_INT(a.bytes, 1);
    CHECK(fstat(a.fd, &st) == 0 && (st.st_mode & 07777) == 0700);
    pack_sweep(); /* what is in use stays */
    CHECK_STR(content(b.dir, "bootstrap"), "x");
    pack_close(&a);
    CHECK_INT(access(a.dir, F_OK), -1);
    CHECK_INT(count_in(at("tmp"), "clambda-zip-"), 1);
    close(b.fd); /* as if killed */
    close(b.parent_fd);
    CHECK_INT(count_in(at("tmp"), "clambda-zip-"), 1);
    pack_sweep();
    CHECK_INT(count_in(at("tmp"), "clambda-zip-"), 0);
    write_zip(at("bad.zip"), (const struct zip_entry[]){
                                 {.name = "a", .data = "a"}, {.name = "../b", .data = "b"}, {0}});
    CHECK_INT(pack_open(&a, at("bad.zip"), &once, &err), -1);
    CHECK_HAS(err.msg, "entry '../b'");
    CHECK_INT(count_in(at("tmp"), ""), 2); /* "." and ".." */
    unsetenv("TMPDIR");
    end();
}

/* Other names, and folders of others, are not swept. */
static void test_sweep_others(void)
{
    char mine[64], theirs[64];
    start();
    snprintf(mine, sizeof mine, "tmp/clambda-zip-%u-1-a", (unsigned)geteuid());
    snprintf(theirs, sizeof theirs, "tmp/clambda-zip-%u-1-b", (unsigned)geteuid());
    CHECK_INT(mkdir(at("tmp"), 0700) || mkdir(at(mine), 0700) || mkdir(at(theirs), 0700) ||
                  mkdir(at("tmp/clambda-zip-98765-1-a"), 0700) || mkdir(at("tmp/notes"), 0700),
              0);
    write_file(at("tmp/file"), "x", 1);
    if (geteuid() == 0)
        CHECK_INT(chown(at(theirs), 12345, 12345), 0);
    setenv("TMPDIR", at("tmp"), 1);
    pack_sweep();
    unsetenv("TMPDIR");
    CHECK_INT(access(at(mine), F_OK), -1);
    CHECK_INT(access(at(theirs), F_OK), geteuid() == 0 ? 0 : -1);
    CHECK_INT(access(at("tmp/clambda-zip-98765-1-a"), F_OK), 0);
    CHECK_INT(access(at("tmp/notes"), F_OK) || access(at("tmp/file"), F_OK), 0);
    end();
}

/* In a mount namespace of its own: a place of 2 MB, or one that no program may be run from. */
static void test_mounts(void)
{
    static char big[100 * 1024];
    const struct zip_entry entries[] = {
        {.name = "a", .data = big}, {.name = "b", .data = big}, {0}};
    if (geteuid() != 0) {
        check_skip("needs root to mount");
        return;
    }
    start();
    memset(big, 'x', sizeof big - 1);
    write_zip(at("f.zip"), entries);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct pack p;
        struct err err = {0};
        check_failures = 0;
        CHECK_INT(unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        CHECK_INT(mkdir(at("full"), 0700) || mkdir(at("noexec"), 0700), 0);
        CHECK_INT(mount("t", at("full"), "tmpfs", 0, "size=128k,mode=700"), 0);
        CHECK_INT(mount("t", at("noexec"), "tmpfs", MS_NOEXEC, "mode=700"), 0);
        check_refused(at("f.zip"), at("full"), ERR_SYSTEM, "No space left on device");
        check_refused(at("f.zip"), at("full"), ERR_SYSTEM, "which needs room");
        CHECK_INT(count(at("full"), ""), 0);
        check_refused(at("f.zip"), at("noexec"), ERR_SYSTEM, "is mounted noexec");
        setenv("TMPDIR", at("noexec"), 1);
        CHECK_INT(pack_open(&p, at("f.zip"), &(struct pack_options){.no_cache = true}, &err), 0);
        CHECK(strstr(p.dir, at("noexec")) == NULL);
        pack_close(&p);
        fflush(stdout);
        _exit(check_failures ? 1 : 0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    end();
}

/* A signal that its receiver has blocked, to clean up first, ends the unpacking. */
static void test_interrupted(void)
{
    const struct pack_options once = {.no_cache = true};
    struct pack p;
    struct err err = {0};
    sigset_t set, before;
    start();
    write_many(at("f.zip"));
    CHECK_INT(mkdir(at("tmp"), 0700), 0);
    setenv("TMPDIR", at("tmp"), 1);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGHUP, SIG_IGN);
    raise(SIGHUP); /* as under nohup: of no account */
    CHECK_INT(pack_open(&p, at("f.zip"), &once, &err), 0);
    pack_close(&p);
    raise(SIGINT);
    CHECK_INT(pack_open(&p, at("f.zip"), &once, &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    CHECK_INT(open_in(&p, at("f.zip"), at("cache"), &err), -1);
    CHECK_INT(err.kind, ERR_CLOSED);
    CHECK_INT(count_in(at("tmp"), "clambda-zip-"), 0);
    CHECK_INT(count(at("cache"), ""), 0);
    CHECK_INT(sigtimedwait(&set, NULL, &(struct timespec){0}) > 0, 1);
    while (sigtimedwait(&set, NULL, &(struct timespec){0}) > 0)
        ;
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    unsetenv("TMPDIR");
    end();
}

static const struct check_test TESTS[] = {
    {"an ordinary user's cache, or none", test_user},
    {"for one use", test_once},
    {"nothing of others is swept", test_sweep_others},
    {"a full disk, and one without programs", test_mounts},
    {"interrupted", test_interrupted},
};
CHECK_MAIN(TESTS)
