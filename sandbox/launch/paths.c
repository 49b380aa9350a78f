/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder of the running program. */
static int own_folder(char out[static PATH_MAX], struct err *err)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n < 0)
        return err_sys(err, "find the running program by /proc/self/exe (is /proc mounted?)");
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    return 0;
}

static int join(const char *folder, const char *name, char out[static PATH_MAX], struct err *err)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_MAX)
        return err_set(err, ERR_INPUT, "the path '%.100s/%s' is too long", folder, name);
    return 0;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static const char *chosen_runtime(void)
{
    const char *path = getenv("CLAMBDA_BOOTSTRAP");
    return path && *path ? path : NULL;
}

static int use_chosen(const char *path, char out[static PATH_MAX], struct err *err)
{
    if (is_file(path) && realpath(path, out))
        return 0;
    return err_set(err, ERR_INPUT, "CLAMBDA_BOOTSTRAP names '%.200s', which is not a file", path);
}

int paths_bootstrap(char out[static PATH_MAX], struct err *err)
{
    static const char *const places[] = {"../lib/clambda/bootstrap", "bootstrap"};
    char folder[PATH_MAX], path[PATH_MAX];
    const char *chosen = chosen_runtime();
    if (chosen)
        return use_chosen(chosen, out, err);
    if (own_folder(folder, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (join(folder, places[i], path, err) < 0)
            return -1;
        if (is_file(path) && realpath(path, out))
            return 0;
    }
    return err_set(
        err, ERR_INPUT,
        "no runtime for handler files: neither '%.120s/%s' nor '%.120s/%s' is there; set "
        "CLAMBDA_BOOTSTRAP to its path",
        folder, places[0], folder, places[1]);
}

int paths_runtime(enum elf_arch arch, char out[static PATH_MAX], bool *out_release, struct err *err)
{
    char folder[PATH_MAX], name[64], path[PATH_MAX];
    const char *chosen = chosen_runtime();
    snprintf(name, sizeof name, "../lib/clambda/%s/bootstrap", elf_arch_name(arch));
    if (own_folder(folder, err) < 0 || join(folder, name, path, err) < 0)
        return -1;
    bool release = chosen || is_file(path);
    int found = -1;
    if (chosen)
        found = use_chosen(chosen, out, err);
    else if (release && realpath(path, out))
        found = 0;
    else if (arch == elf_arch_host())
        found = paths_bootstrap(out, err);
    else
        err_set(err, ERR_INPUT, "no runtime for %s: '%.200s' is missing; layers/release makes it",
                elf_arch_name(arch), path);
    if (found == 0)
        *out_release = release;
    return found;
}

/* A file of this installation, seen from the running program. */
static int own_file(const char *name, const char *what, char out[static PATH_MAX], struct err *err)
{
    char folder[PATH_MAX], path[PATH_MAX];
    if (own_folder(folder, err) < 0 || join(folder, name, path, err) < 0)
        return -1;
    if (is_file(path) && realpath(path, out))
        return 0;
    return err_set(err, ERR_HOST, "%s '%.200s' is missing: install it again", what, path);
}

int paths_examine(char out[static PATH_MAX], struct err *err)
{
    return own_file("../lib/clambda/examine", "the doctor's program", out, err);
}

int paths_policy(char out[static PATH_MAX], struct err *err)
{
    return own_file("../share/clambda/lambda.policy", "the system call policy", out, err);
}
