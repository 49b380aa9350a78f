/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "check.h"
#include "launch/places.h"

/* Below a folder that is the current one:
 *   d/f, d/sub/g, hard: the file d/f, soft -> d, out, d/link -> ../out,
 *   d/far -> ../later, which is not there, round -> round */
static void make_files(char *folder)
{
    CHECK(mkdtemp(folder) && chdir(folder) == 0);
    CHECK(mkdir("d", 0700) == 0 && mkdir("d/sub", 0700) == 0 && mkdir("d-e", 0700) == 0);
    for (const char *const *name = (const char *const[]){"d/f", "d/sub/g", "out", NULL}; *name;
         name++)
        close(open(*name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK(link("d/f", "hard") == 0 && symlink("d", "soft") == 0 &&
          symlink("../out", "d/link") == 0 && symlink("../later", "d/far") == 0 &&
          symlink("round", "round") == 0);
}

static void remove_files(const char *folder)
{
    static const char *const names[] = {"d/far",   "round", "d/link", "soft",  "hard", "out",
                                        "d/sub/g", "d/f",   "d-e",    "d/sub", "d"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        CHECK(remove(names[i]) == 0);
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
}

static const struct {
    const char *a, *b; /* a: the folder, of the other two */
    bool same, in, below;
} rows[] = {
    {"d/f", "./d//f", true, false, true},      {"d/f", "hard", true, false, true},
    {"d/f", "soft/f", true, false, true},      {"d/f", "d/none", false, false, false},
    {"none", "./none", true, false, true},     {"d/none", "soft/none", true, false, true},
    {"none/x", "none/x", false, false, false}, {"d", "d/f", false, true, true},
    {"soft", "d/f", false, true, true},        {"d", "soft/new", false, true, true},
    {"d", "hard", false, true, false},         {"d", "out", false, true, false},
    {"d", "d/sub/g", false, false, true},      {"d", "d/sub/new", false, false, true},
    {"d", "d-e/new", false, false, false},     {"d", "d", true, false, true},
    {".", "new", false, true, true},           {".", "d/f", false, true, true},
    {"later", "d/far", true, false, true},     {"d", "d/far", false, false, false},
    {"round", "later", false, false, false},   {"/", "/new", false, true, true},
    {"d", "d/sub/../new", false, true, true},
};

static void test_rows(void)
{
    char folder[] = "/tmp/clambda-places.XXXXXX";
    make_files(folder);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool same = place_is_same(rows[i].a, rows[i].b), in = place_is_in(rows[i].a, rows[i].b);
        bool below = place_is_below(rows[i].a, rows[i].b);
        CHECK_INT(same, rows[i].same);
        CHECK_INT(in, rows[i].in);
        CHECK_INT(below, rows[i].below);
        if (same != rows[i].same || in != rows[i].in || below != rows[i].below)
            fprintf(stderr, "# %s, %s\n", rows[i].a, rows[i].b);
    }
    remove_files(folder);
}

static void test_claim(void)
{
    char folder[] = "/tmp/clambda-places.XXXXXX";
    static const struct {
        const char *path;
        bool taken; /* while d/new is */
    } claims[] = {{"d/new", true}, {"soft/../d/new", true}, {"soft/new", true},  {"new", false},
                  {"d/f", false},  {"d/new2", false},       {"d/sub/new", false}};
    make_files(folder);
    for (int round = 0; round < 2; round++) {
        struct err err = {0};
        AUTO_FD int first = -1;
        CHECK_INT(place_claim("d/new", &first, &err), 0);
        for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
            AUTO_FD int fd = -1;
            CHECK_INT(place_claim(claims[i].path, &fd, &err), claims[i].taken ? -1 : 0);
            if (claims[i].taken)
                CHECK_HAS(err.msg, "another run writes '");
        }
        CHECK_INT(access("d/new", F_OK), -1);
    }
    struct err err = {0};
    int none = 0;
    CHECK(place_claim("none/new", &none, &err) == 0 && none == -1);
    remove_files(folder);
}

static const struct check_test tests[] = {{"rows", test_rows}, {"claim", test_claim}};

CHECK_MAIN(tests)
