/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "cmd/function.h"

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
    make_file("x.zip");
    make_file("runtime");
    make_file("pkg/bootstrap");
    make_file("layer/bootstrap");
}

static void remove_tree(void)
{
    static const char *const names[] = {"pkg/bootstrap", "layer/bootstrap", "pkg",    "layer",
                                        "orders.so",     "x.zip",           "runtime"};
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
    {"x.zip", NULL, NULL, NULL, NULL, "x.zip"},
    {"runtime", NULL, NULL, NULL, NULL, "neither a folder with a bootstrap nor a handler file"},
};

static void test_rows(void)
{
    char path[PATH_MAX];
    make_tree();
    at(path, "runtime");
    setenv("CLAMBDA_BOOTSTRAP", path, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct function f = {0};
        struct settings s = {0};
        struct err err = {0};
        if (rows[i].layer) {
            at(path, rows[i].layer);
            CHECK_INT(function_add_layer(&f, path, &err), 0);
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

static void test_layers(void)
{
    struct function f = {0};
    struct err err = {0};
    make_tree();
    char path[PATH_MAX], file[PATH_MAX];
    at(path, "layer");
    at(file, "orders.so");
    CHECK_INT(function_add_layer(&f, file, &err), -1);
    CHECK_HAS(err.msg, "is not a folder");
    CHECK_INT(function_add_layer(&f, path, &err), 0);
    CHECK_INT(function_add_layer(&f, path, &err), -1);
    CHECK_HAS(err.msg, "are the same or overlap");
    CHECK_INT(function_add_layer(&f, root, &err), -1);
    CHECK_HAS(err.msg, "are the same or overlap");
    function_fini(&f);
    for (int i = 0; i <= CODE_LAYERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "layer%d", i);
        at(path, name);
        mkdir(path, 0755);
        CHECK_INT(function_add_layer(&f, path, &err), i < CODE_LAYERS_MAX ? 0 : -1);
        rmdir(path);
    }
    CHECK_HAS(err.msg, "at most 5 layers");
    function_fini(&f);
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
    {"bootstrap_override", test_bootstrap_override},
};

CHECK_MAIN(tests)
