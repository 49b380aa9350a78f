/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef const struct load_head *(*module_fn)(void);

static int module_path(const char *file, char out[static PATH_MAX], struct err *err)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n < 0)
        return err_sys(err, "read '/proc/self/exe'");
    exe[n] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return err_set(err, ERR_HOST, "'/proc/self/exe' is '%.200s', which is no path", exe);
    *slash = '\0';
    if (snprintf(out, PATH_MAX, "%s/../lib/clambda/%s", exe, file) >= PATH_MAX)
        return err_set(err, ERR_HOST, "the program's path is too long");
    return 0;
}

const void *load_module(const struct load_wanted *wanted, struct err *err)
{
    char path[PATH_MAX];
    if (module_path(wanted->file, path, err))
        return NULL;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        err_set(err, ERR_HOST, "%s: %.300s (%s)", wanted->task, dlerror(), wanted->advice);
        return NULL;
    }
    module_fn get;
    void *symbol = dlsym(handle, wanted->symbol);
    memcpy(&get, &symbol, sizeof get); /* ISO C has no cast from an object to a function */
    const struct load_head *head = symbol ? get() : NULL;
    if (!head || head->abi != wanted->abi || head->size != wanted->size ||
        head->err_size != sizeof *err) {
        err_set(err, ERR_HOST, "'%.300s' is of another version than this program: install it again",
                path);
        return NULL;
    }
    return head;
}
