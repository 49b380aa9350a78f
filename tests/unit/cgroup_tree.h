/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of plain files that looks like cgroup v2's, for the tests of that code. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "check.h"
#include "jail/cgroup_base.h"
#include "jail/cgroup_v2.h"

#define USER 65534 /* an ordinary one, when the test is root */

static const unsigned M = 1u << JAIL_LIMIT_MEMORY, C = 1u << JAIL_LIMIT_CPU,
                      P = 1u << JAIL_LIMIT_PIDS;
static char root[64];
static struct cgroup g;
static struct err err;

static inline void put(const char *name, const char *text)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s", root, name);
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static inline const char *get(const char *name)
{
    static char text[256];
    char path[640];
    snprintf(path, sizeof path, "%s/%s", root, name);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

static inline void folder(const char *name)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s", root, name);
    CHECK_INT(mkdir(path, 0755), 0);
}

/* Every write to it fails: no space left. */
static inline void full(const char *name)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s", root, name);
    unlink(path);
    CHECK_INT(symlink("/dev/full", path), 0);
}

static inline bool there(const char *name)
{
    char path[640];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return access(path, F_OK) == 0;
}

static inline void tree_make(void)
{
    strcpy(root, "/tmp/clambda-cgroup-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    CHECK_INT(chmod(root, 0755), 0);
    memset(&err, 0, sizeof err);
    cgroup_init(&g);
    g.ops = &cgroup_v2_ops;
    g.limits = (struct cgroup_limits){.memory_bytes = 134217728,
                                      .slack_bytes = 1000,
                                      .cpu_permille = 72,
                                      .processes = 64,
                                      .owner = geteuid()};
}

static inline void tree_remove(void)
{
    char command[96];
    for (size_t i = 0; i < CGROUP_FOLDERS_MAX; i++) {
        attr_close(&g.folders[i]);
        attr_close(&g.attach_fds[i]);
    }
    attr_close(&g.thaw_fd);
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK_INT(system(command), 0);
}

struct level {
    const char *type; /* NULL: the root of all groups has none */
    const char *controllers, *given, *processes;
    bool foreign;
};

#define DOMAIN "domain\n"
#define ALL    "cpuset cpu io memory pids\n"
#define SELF   "SELF"
#define OTHERS "1\n2\n3\n"

static inline void level_make(const char *path, const struct level *level, bool user)
{
    char name[128], self[32];
    const char *const files[][2] = {{"cgroup.type", level->type},
                                    {"cgroup.controllers", level->controllers},
                                    {"cgroup.subtree_control", level->given},
                                    {"cgroup.procs", level->processes}};
    snprintf(self, sizeof self, "%d\n", (int)getpid());
    folder(path);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (!files[i][1])
            continue;
        snprintf(name, sizeof name, "%s/%s", path, files[i][0]);
        put(name, strcmp(files[i][1], SELF) == 0 ? self : files[i][1]);
        snprintf(name, sizeof name, "%s/%s/%s", root, path, files[i][0]);
        if (user && !level->foreign && geteuid() == 0)
            CHECK_INT(chown(name, USER, USER), 0);
        if (level->foreign && geteuid() != 0)
            CHECK_INT(chmod(name, 0444), 0);
    }
    snprintf(name, sizeof name, "%s/%s", root, path);
    if (user && !level->foreign && geteuid() == 0)
        CHECK_INT(chown(name, USER, USER), 0);
}
