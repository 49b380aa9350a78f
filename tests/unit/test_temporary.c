/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/temporary.h"

/* The file's mode, 01000 when it is no regular file itself, -1 when it is not there. */
static int mode_of(const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return -1;
    return S_ISREG(st.st_mode) ? (int)(st.st_mode & 0777) : 01000;
}

static void check_written(const char *name, const char *text, const char *target, int mode)
{
    struct err err = {0};
    size_t len = 0;
    CHECK_INT(temporary_write(name, text, strlen(text), &err), 0);
    char *got = file_read(name, 100, &len, &err);
    CHECK_STR(got, text);
    free(got);
    CHECK_INT(mode_of(target), mode);
    if (strcmp(name, target) != 0)
        CHECK_INT(mode_of(name), 01000);
}

static void test_modes(void)
{
    umask(0);
    check_written("f", "one", "f", 0600);
    CHECK(chmod("f", 0644) == 0);
    check_written("f", "two", "f", 0644);
    CHECK(chmod("f", 0400) == 0);
    check_written("f", "", "f", 0400);
    struct temporary t;
    struct err err = {0};
    CHECK_INT(temporary_begin(&t, "g", 0640, &err), 0);
    CHECK_INT(mode_of("g"), -1);
    CHECK_INT(temporary_publish(&t, &err), 0);
    temporary_fini(&t);
    CHECK_INT(mode_of("g"), 0640);
    CHECK(unlink("f") == 0 && unlink("g") == 0);
}

static void test_links(void)
{
    CHECK(mkdir("d", 0700) == 0 && symlink("d/one", "link") == 0 &&
          symlink("../link", "d/back") == 0);
    check_written("link", "new", "d/one", 0600);
    CHECK(chmod("d/one", 0644) == 0);
    check_written("d/back", "newer", "d/one", 0644);
    CHECK_INT(mode_of("link"), 01000);
    CHECK(unlink("d/one") == 0 && unlink("d/back") == 0 && unlink("link") == 0 && rmdir("d") == 0);
}

static void test_refused(void)
{
    static const struct {
        const char *path, *text;
    } rows[] = {{".", "is a folder"},
                {"none/", "is a folder"},
                {"/dev/full", "a pipe or a device"},
                {"none/f", "the folder 'none' of 'f'"},
                {"round", "go in circles"},
                {"away", "the folder 'none' of 'f'"}};
    CHECK(symlink("round", "round") == 0 && symlink("none/f", "away") == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        CHECK_INT(temporary_write(rows[i].path, "x", 1, &err), -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, rows[i].text);
    }
    CHECK(unlink("round") == 0 && unlink("away") == 0);
}

static const struct check_test tests[] = {
    {"modes", test_modes}, {"links", test_links}, {"refused", test_refused}};

int main(int argc, char **argv)
{
    char folder[] = "/tmp/clambda-temporary.XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return 1;
    int status = check_main(tests, sizeof tests / sizeof *tests, argc, argv);
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
    return status;
}
