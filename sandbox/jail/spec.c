/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/spec.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define MIB           (1024ull * 1024)
#define MEMORY_MIN    (8 * MIB)
#define MEMORY_MAX    (1024 * 1024 * MIB)
#define TMP_MIN       (16 * MIB)
#define TMP_MAX       (64 * 1024 * MIB)
#define CPU_MAX       1000000u
#define PROCESSES_MAX 65536u
#define FILES_MIN     8u
#define FILES_MAX     1048576u
#define ID_MAX        0x6fffffffu
#define HOSTNAME_MAX  64
#define USER_NAME_MAX 32

static int check_range(const char *what, uint64_t value, uint64_t min, uint64_t max,
                       struct err *err)
{
    if (value >= min && value <= max)
        return 0;
    return err_set(err, ERR_INPUT, "%s is %llu, it must be from %llu to %llu", what,
                   (unsigned long long)value, (unsigned long long)min, (unsigned long long)max);
}

/* Letters, digits and a few marks: the name goes into /etc/passwd. */
static int check_name(const char *what, const char *name, size_t max, const char *marks,
                      struct err *err)
{
    if (!name || !*name || strlen(name) > max)
        return err_set(err, ERR_INPUT, "%s must have 1 to %zu characters", what, max);
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(marks, *c))
            return err_set(err, ERR_INPUT, "%s '%s' has the character '%c'", what, name, *c);
    return 0;
}

static int check_source(const char *what, const char *path, struct err *err)
{
    if (!path || *path != '/' || strlen(path) >= PATH_MAX)
        return err_set(err, ERR_INPUT, "%s '%s' is no absolute path", what, path ? path : "");
    return 0;
}

/* Absolute, without parts that lead elsewhere. */
static int check_path(const char *what, const char *path, struct err *err)
{
    if (check_source(what, path, err) < 0)
        return -1;
    for (const char *part = path; part; part = strchr(part, '/')) {
        part++;
        size_t len = strcspn(part, "/");
        if ((len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
            return err_set(err, ERR_INPUT, "%s '%s' has the part '%.*s'", what, path, (int)len,
                           part);
    }
    return 0;
}

static int check_limits(const struct jail_limits *l, struct err *err)
{
    const struct {
        const char *what;
        uint64_t value, min, max;
    } rows[] = {
        {"memory", l->memory_bytes, MEMORY_MIN, MEMORY_MAX},
        {"/tmp", l->tmp_bytes, TMP_MIN, TMP_MAX},
        {"the CPU share", l->cpu_permille, 1, CPU_MAX},
        {"the number of processes", l->processes, 1, PROCESSES_MAX},
        {"the number of files", l->files, FILES_MIN, FILES_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (check_range(rows[i].what, rows[i].value, rows[i].min, rows[i].max, err) < 0)
            return -1;
    return 0;
}

int spec_check(const struct jail_spec *spec, struct err *err)
{
    if (check_name("the host name", spec->hostname, HOSTNAME_MAX, ".-_", err) < 0 ||
        check_name("the user name", spec->user_name, USER_NAME_MAX, "-_", err) < 0 ||
        check_range("the user id", spec->uid, 1, ID_MAX, err) < 0 ||
        check_range("the group id", spec->gid, 1, ID_MAX, err) < 0 ||
        check_limits(&spec->limits, err) < 0 ||
        check_range("the number of binds", spec->nbinds, 0, JAIL_BINDS_MAX, err) < 0 ||
        check_range("the number of layers", spec->nlayers, 0, JAIL_LAYERS_MAX, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->nbinds; i++)
        if (check_source("the source of a bind", spec->binds[i].source, err) < 0 ||
            check_path("the target of a bind", spec->binds[i].target, err) < 0)
            return -1;
    for (size_t i = 0; i < spec->nlayers; i++)
        if (check_source("a layer", spec->layers[i], err) < 0)
            return -1;
    return spec->policy_path ? 0 : err_set(err, ERR_INPUT, "no system call policy is named");
}

int spec_check_program(const struct jail_program *program, struct err *err)
{
    if (!program->argv || !program->argv[0] || !program->envp)
        return err_set(err, ERR_INPUT, "the program has no arguments or no environment");
    if (check_path("the program", program->path, err) < 0)
        return -1;
    return check_path("the working folder", program->cwd, err);
}
