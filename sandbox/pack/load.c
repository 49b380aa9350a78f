/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pack/module.h"

static int module_path(char out[static PATH_MAX], struct err *err)
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
    if (snprintf(out, PATH_MAX, "%s/../lib/clambda/" PACK_MODULE_FILE, exe) >= PATH_MAX)
        return err_set(err, ERR_HOST, "the program's path is too long");
    return 0;
}

const struct pack_module *load_module(struct err *err)
{
    char path[PATH_MAX];
    if (module_path(path, err))
        return NULL;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        err_set(err, ERR_HOST,
                "cannot unpack zips: %.300s (install clambda again, or name an unpacked folder)",
                dlerror());
        return NULL;
    }
    pack_module_fn get;
    void *symbol = dlsym(handle, PACK_MODULE_NAME);
    memcpy(&get, &symbol, sizeof get); /* ISO C has no cast from an object to a function */
    const struct pack_module *module = symbol ? get() : NULL;
    if (!module || module->abi != PACK_MODULE_ABI || module->size != sizeof *module ||
        module->err_size != sizeof *err) {
        err_set(err, ERR_HOST, "'%.300s' is of another version than this program: install it again",
                path);
        return NULL;
    }
    return module;
}
