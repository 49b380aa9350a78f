/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "launch/function.h"

static char root[32];

static void at(char *out, const char *name)
{
    snprintf(out, PATH_MAX, "%s/%s", root, name);
}

static void make_file(const char *name)
{
    char path[PATH_MAX];
    at(path, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
    CHECK(fd >= 0);
    close(fd);
}

static void make_tree(void)
{
    char path[PATH_MAX];
    strcpy(root, "/tmp/test_function.XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    at(path, "pkg");
    mkdir(path, 0755);
    at(path, "layer");
    mkdir(path, 0755);
    make_file("orders.so");
    at(path, "pipe");
    CHECK_INT(mkfifo(path, 0600), 0);
    make_file("x.zip");
    make_file("runtime");
    make_file("pkg/bootstrap");
    make_file("layer/bootstrap");
}

/* A package of one handler file that has, or has not, our symbol. */
static void make_handler(const char *name, bool ours)
{
    static const char bytes[] = "\177ELF\0lambda_module\0\0";
    char path[PATH_MAX];
    at(path, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0755);
    CHECK(fd >= 0 && write(fd, bytes, ours ? sizeof bytes : 10) > 0);
    close(fd);
}

static void remove_tree(void)
{
    static const char *const names[] = {
        "pkg/bootstrap", "pkg/one.so", "pkg/libz.so",     "pkg/two.so", "pkg/a.b.so", "pkg/link.so",
        "pkg/pipe.so",   "pkg",        "layer/bootstrap", "layer",      "orders.so",  "x.zip",
        "runtime",       "pipe"};
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        at(path, names[i]);
        remove(path);
    }
    CHECK_INT(rmdir(root), 0);
}

static const struct {
    const char *path, *layer, *name, *handler, *target, *fault;
} rows[] = {
    {"pkg", NULL, "pkg", "bootstrap", "/var/task", NULL},
    {"pkg/.", NULL, "pkg", "bootstrap", "/var/task", NULL},
    {"orders.so", NULL, "orders", "orders", "/var/task/orders.so", NULL},
    {"orders.so", "layer", "orders", "orders", "/var/task/orders.so", NULL},
    {"nothing", NULL, NULL, NULL, NULL, "function '"},
    {"pipe", NULL, NULL, NULL, NULL, "pipe' is a pipe or a device: write the zip to a file"},
    {"x.zip", NULL, NULL, NULL, NULL, "x.zip"},
    {"runtime", NULL, NULL, NULL, NULL, "neither a folder with a bootstrap nor a handler file"},
};

static void test_rows(void)
{
    char path[PATH_MAX], layer[PATH_MAX];
    make_tree();
    at(path, "runtime");
    setenv("CLAMBDA_BOOTSTRAP", path, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct function f = {0};
        struct settings s = {0};
        struct err err = {0};
        if (rows[i].layer) {
            at(layer, rows[i].layer);
            CHECK_INT(function_add_layer(&f, layer, &err), 0);
        }
        at(path, rows[i].path);
        CHECK_INT(function_resolve(&f, path, &s, &err), rows[i].fault ? -1 : 0);
        if (rows[i].fault) {
            CHECK_HAS(err.msg, rows[i].fault);
            CHECK_INT(err.kind, ERR_INPUT);
        } else {
            bool file = strstr(rows[i].path, ".so") != NULL;
            CHECK_STR(s.name, rows[i].name);
            CHECK_STR(s.handler, rows[i].handler);
            CHECK_STR(f.code.binds[0].target, rows[i].target);
            CHECK_INT(f.code.nbinds, file && !rows[i].layer ? 2 : 1);
        }
        function_fini(&f);
    }
    remove_tree();
}

/* The layer is looked at when the function is resolved. */
static void check_layer(struct function *f, const char *layer, const char *words)
{
    struct settings s = {0};
    struct err err = {0};
    char path[PATH_MAX];
    at(path, "pkg");
    CHECK_INT(function_add_layer(f, layer, &err), 0);
    CHECK_INT(function_resolve(f, path, &s, &err), words ? -1 : 0);
    if (words)
        CHECK_HAS(err.msg, words);
    function_fini(f);
}

static void test_layers(void)
{
    struct function f = {0};
    struct err err = {0};
    char path[PATH_MAX], file[PATH_MAX];
    make_tree();
    at(path, "layer");
    at(file, "orders.so");
    check_layer(&f, file, "--layer: layer '");
    check_layer(&f, file, "is not a folder");
    check_layer(&f, path, NULL);
    CHECK_INT(function_add_layer(&f, path, &err), 0);
    check_layer(&f, path, "are the same or overlap");
    CHECK_INT(function_add_layer(&f, path, &err), 0);
    check_layer(&f, root, "are the same or overlap");
    for (int i = 0; i <= CODE_LAYERS_MAX; i++)
        CHECK_INT(function_add_layer(&f, path, &err), i < CODE_LAYERS_MAX ? 0 : -1);
    CHECK_HAS(err.msg, "at most 5 layers");
    function_fini(&f);
    remove_tree();
}

/* A folder with a bootstrap: the one handler file in it is meant, if there is one. */
static void check_handler(const char *want, const char *words)
{
    struct function f = {0};
    struct settings s = {0};
    struct err err = {0};
    char path[PATH_MAX];
    at(path, "pkg");
    CHECK_INT(function_resolve(&f, path, &s, &err), want ? 0 : -1);
    if (want)
        CHECK_STR(s.handler, want);
    else
        CHECK_HAS(err.msg, words);
    function_fini(&f);
    s = (struct settings){.handler = "mine"};
    CHECK_INT(function_resolve(&f, path, &s, &err), 0);
    CHECK_STR(s.handler, "mine");
    function_fini(&f);
}

static void test_packed_handler(void)
{
    char path[PATH_MAX], target[PATH_MAX];
    make_tree();
    check_handler("bootstrap", NULL);
    make_handler("pkg/libz.so", false);
    at(path, "pkg/pipe.so");
    CHECK_INT(mkfifo(path, 0600), 0);
    make_handler("orders.so", true);
    at(target, "orders.so");
    at(path, "pkg/link.so");
    CHECK_INT(symlink(target, path), 0);
    check_handler("bootstrap", NULL);
    make_handler("pkg/one.so", true);
    check_handler("one", NULL);
    make_handler("pkg/two.so", true);
    check_handler(NULL, "several handler files, 'one.so' and 'two.so': say which by --handler");
    at(path, "pkg/one.so");
    unlink(path);
    at(path, "pkg/two.so");
    unlink(path);
    make_handler("pkg/a.b.so", true); /* its name cannot be a handler */
    check_handler("bootstrap", NULL);
    remove_tree();
}

static void test_bootstrap_override(void)
{
    struct function f = {0};
    struct settings s = {0};
    struct err err = {0};
    char path[PATH_MAX];
    make_tree();
    at(path, "orders.so");
    setenv("CLAMBDA_BOOTSTRAP", "/nonexistent/bootstrap", 1);
    CHECK_INT(function_resolve(&f, path, &s, &err), -1);
    CHECK_HAS(err.msg, "CLAMBDA_BOOTSTRAP names '/nonexistent/bootstrap'");
    function_fini(&f);
    unsetenv("CLAMBDA_BOOTSTRAP");
    remove_tree();
}

static const struct check_test tests[] = {
    {"rows", test_rows},
    {"layers", test_layers},
    {"packed_handler", test_packed_handler},
    {"bootstrap_override", test_bootstrap_override},
};

CHECK_MAIN(tests)
