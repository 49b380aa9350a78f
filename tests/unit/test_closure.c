/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/closure.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deploy/closure_folders.h"
#include "pack_work.h"

#define LEAF        "libleaf.so.1"
#define MIDDLE_NAME "var/task/middle.so"

enum { MACHINE_AT = 18, SPARC = 43 };

static void make_folders(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", at(name));
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

static void put(const char *name, const char *text)
{
    make_folders(name);
    write_file(at(name), text, strlen(text));
}

/* A copy, for another machine unless that is 0. */
static void copy(const char *source, const char *name, char machine)
{
    static char bytes[1 << 20];
    int fd = open(source, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    CHECK(n > MACHINE_AT && n < (ssize_t)sizeof bytes);
    if (machine)
        bytes[MACHINE_AT] = machine;
    make_folders(name);
    write_file(at(name), bytes, (size_t)n);
}

static const struct closure_file *find(const struct closure *c, const char *soname)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->files[i].soname, soname) == 0)
            return &c->files[i];
    return NULL;
}

/* Where the leaf lies, seen from the root, and where that puts it. */
static const struct {
    const char *what;
    const char *conf, *conf_name, *conf_text; /* of etc/ld.so.conf, and of one more file */
    const char *leaf[2];                      /* copies; of the first one the machine below */
    char machine;
    bool in_package;
    const char *source, *name; /* NULL: not looked for, or not found */
} rows[] = {
    {"a folder of ld.so's own",
     NULL,
     NULL,
     NULL,
     {"usr/lib/" LEAF},
     0,
     false,
     "usr/lib/" LEAF,
     "usr/lib/" LEAF},
    {"the run path",
     NULL,
     NULL,
     NULL,
     {"lib64/" LEAF, "task/deps/" LEAF},
     0,
     false,
     "task/./deps/" LEAF,
     "task/deps/" LEAF},
    {"ld.so.conf",
     "# /no\n/own/first/ , /own/second # x\n",
     NULL,
     NULL,
     {"own/second/" LEAF, "usr/lib/" LEAF},
     0,
     false,
     "own/second/" LEAF,
     "own/second/" LEAF},
    {"an included file",
     "include conf.d/*.conf\n",
     "etc/conf.d/a.conf",
     "/own\ninclude a.conf\n",
     {"own/" LEAF},
     0,
     false,
     "own/" LEAF,
     "own/" LEAF},
    {"a file that includes itself",
     "include /etc/ld.so.conf\n",
     NULL,
     NULL,
     {"lib/" LEAF},
     0,
     false,
     "lib/" LEAF,
     "lib/" LEAF},
    {"another machine in front",
     "/own\n",
     NULL,
     NULL,
     {"own/" LEAF, "usr/lib/" LEAF},
     SPARC,
     false,
     "usr/lib/" LEAF,
     "usr/lib/" LEAF},
    {"the package", NULL, NULL, NULL, {"task/" LEAF, "usr/lib/" LEAF}, 0, true, NULL, NULL},
    {"nowhere", NULL, NULL, NULL, {NULL}, 0, false, NULL, NULL},
    {"another machine only", NULL, NULL, NULL, {"usr/lib/" LEAF}, SPARC, false, NULL, NULL},
};

static void test_row(size_t i)
{
    struct closure c;
    struct err err = {0};
    char middle[PATH_MAX], leaf[PATH_MAX], source[PATH_MAX];
    if (rows[i].conf)
        put("etc/ld.so.conf", rows[i].conf);
    if (rows[i].conf_name)
        put(rows[i].conf_name, rows[i].conf_text);
    for (size_t k = 0; k < 2 && rows[i].leaf[k]; k++)
        copy(LEAF_PATH, rows[i].leaf[k], k == 0 ? rows[i].machine : 0);
    copy(MIDDLE_PATH, "task/middle.so", 0);
    snprintf(middle, sizeof middle, "%s", at("task/middle.so"));
    snprintf(leaf, sizeof leaf, "%s", at("task/" LEAF));
    const struct package_file files[] = {{middle, MIDDLE_NAME, true},
                                         {leaf, "var/task/lib/" LEAF, true}};
    int done = closure_find(&c, work, elf_arch_host(), files, rows[i].in_package ? 2 : 1, &err);
    if (!rows[i].source && !rows[i].in_package) {
        CHECK_INT(done, -1);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, LEAF);
        return;
    }
    CHECK_INT(done, 0);
    CHECK_STR(err.msg, "");
    CHECK_INT(c.count, rows[i].in_package ? 0 : 1);
    if (rows[i].source && find(&c, LEAF)) {
        snprintf(source, sizeof source, "%s", at(rows[i].source));
        CHECK_STR(find(&c, LEAF)->source, source);
        CHECK_STR(find(&c, LEAF)->name, rows[i].name);
    }
    closure_free(&c);
}

static void test_places(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int before = check_failures;
        start();
        test_row(i);
        end();
        if (check_failures > before)
            printf("# with the library in: %s\n", rows[i].what);
    }
}

/* This program's own closure: what ld.so has loaded for it, and one file that it has not. */
static void test_program(void)
{
    struct closure c;
    struct err err = {0};
    char self[PATH_MAX] = "";
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    const struct package_file file = {self, "var/runtime/bootstrap", true};
    CHECK_INT(closure_find(&c, "", elf_arch_host(), &file, 1, &err), 0);
    CHECK_STR(err.msg, "");
    const struct closure_file *interpreter = find(&c, ""), *libc = find(&c, "libc.so.6");
    CHECK(interpreter && strstr(interpreter->name, "/ld-linux"));
    CHECK(libc && *libc->name != '/' && strcmp(libc->source + 1, libc->name) == 0);
    for (size_t i = 0; i < c.count; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(c.files[i].name, c.files[k].name) != 0);
    closure_free(&c);
}

static void test_others(void)
{
    struct closure c;
    struct err err = {0};
    start();
    char path[PATH_MAX];
    put("text", "no program");
    snprintf(path, sizeof path, "%s", at("text"));
    const struct package_file text = {path, "var/task/text", false};
    CHECK_INT(closure_find(&c, "", elf_arch_host(), &text, 1, &err), 0);
    CHECK_INT(c.count, 0);
    closure_free(&c);
    put("text", "\177ELF and no more");
    CHECK_INT(closure_find(&c, "", elf_arch_host(), &text, 1, &err), 0);
    CHECK_INT(c.count, 0);
    closure_free(&c);
    const struct package_file none = {"/nonexistent/file", "var/task/text", false};
    CHECK_INT(closure_find(&c, "", elf_arch_host(), &none, 1, &err), -1);
    end();
}

static const struct check_test tests[] = {
    {"places of a library", test_places},
    {"a program of this host", test_program},
    {"files without needs", test_others},
};
CHECK_MAIN(tests)
