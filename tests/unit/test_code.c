/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "env/code.h"

static char root[] = "/tmp/test_code.XXXXXX";

static const char *folder(char *out, const char *name, bool bootstrap)
{
    char path[128];
    sprintf(out, "%s/%s", root, name);
    mkdir(out, 0700);
    sprintf(path, "%s/bootstrap", out);
    int fd = bootstrap ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        close(fd);
    return out;
}

static void test_order(void)
{
    char with[64], without[64], layer[64];
    CHECK(mkdtemp(root) != NULL);
    folder(with, "with", true);
    folder(without, "without", false);
    folder(layer, "layer", true);
    struct code none = {.binds = {{without, "/var/task"}}, .nbinds = 1};
    struct code own = {
        .binds = {{with, "/var/task"}}, .nbinds = 1, .layers = {layer}, .nlayers = 1};
    struct code opt = {
        .binds = {{without, "/var/task"}}, .nbinds = 1, .layers = {layer}, .nlayers = 1};
    struct code file = {.binds = {{"/x.so", "/var/task/x.so"}, {"/b", "/opt/bootstrap"}},
                        .nbinds = 2};
    CHECK_STR(code_bootstrap(&none), NULL);
    CHECK_STR(code_bootstrap(&own), "/var/task/bootstrap");
    CHECK_STR(code_bootstrap(&opt), "/opt/bootstrap");
    CHECK_STR(code_bootstrap(&file), "/opt/bootstrap");
    char path[128];
    sprintf(path, "%s/bootstrap", without);
    CHECK_INT(symlink("/only/inside", path), 0);
    CHECK_STR(code_bootstrap(&none), "/var/task/bootstrap");
    unlink(path);
    sprintf(path, "%s/bootstrap", with);
    unlink(path);
    sprintf(path, "%s/bootstrap", layer);
    unlink(path);
    rmdir(with);
    rmdir(without);
    rmdir(layer);
    CHECK_INT(rmdir(root), 0);
}

static const struct check_test tests[] = {{"order", test_order}};

CHECK_MAIN(tests)
