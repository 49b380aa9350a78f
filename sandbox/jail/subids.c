/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/subids.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "jail/files.h"
#include "jail/ids.h"

#define FILE_MAX  65536
#define NEWUIDMAP "/usr/bin/newuidmap"
#define NEWGIDMAP "/usr/bin/newgidmap"

bool subids_parse(const char *text, const char *name, uid_t uid, unsigned long *out_first,
                  unsigned long *out_count)
{
    char number[16];
    snprintf(number, sizeof number, "%u", uid);
    for (const char *line = text; *line;) {
        const char *end = strchrnul(line, '\n');
        size_t len = strcspn(line, ":\n");
        unsigned long first, count;
        bool his = (name && strlen(name) == len && memcmp(line, name, len) == 0) ||
                   (strlen(number) == len && memcmp(line, number, len) == 0);
        if (his && sscanf(line + len, ":%10lu:%10lu", &first, &count) == 2 && first > 0 &&
            first + count <= 0xfffffffful) {
            *out_first = first;
            *out_count = count;
            return true;
        }
        line = *end ? end + 1 : end;
    }
    return false;
}

static bool find_range(const char *path, unsigned long need, unsigned long *out_first)
{
    char text[FILE_MAX];
    struct err ignored;
    unsigned long count = 0;
    const struct passwd *user = getpwuid(geteuid());
    return files_read(AT_FDCWD, path, text, sizeof text, &ignored) >= 0 &&
           subids_parse(text, user ? user->pw_name : NULL, geteuid(), out_first, &count) &&
           count >= need;
}

bool subids_find(unsigned slot, uid_t *out_user, gid_t *out_root_group, gid_t *out_group)
{
    unsigned long user, group;
    if (access(NEWUIDMAP, X_OK) < 0 || access(NEWGIDMAP, X_OK) < 0 ||
        !find_range("/etc/subuid", slot + 1ul, &user) ||
        !find_range("/etc/subgid", 2ul * slot + 2, &group))
        return false;
    *out_user = (uid_t)(user + slot);
    *out_root_group = (gid_t)(group + 2ul * slot);
    *out_group = *out_root_group + 1;
    return true;
}

/* Two ids: inside 0 and inner, outside root and user. What the program says is of no use here. */
static bool run_map(const char *program, pid_t child, unsigned root, unsigned inner, unsigned user)
{
    char numbers[4][16];
    const unsigned values[] = {(unsigned)child, root, inner, user};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        snprintf(numbers[i], sizeof numbers[i], "%u", values[i]);
    const char *const argv[] = {program,    numbers[0], "0", numbers[1], "1",
                                numbers[2], numbers[3], "1", NULL};
    static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    pid_t pid = -1;
    int status = 0;
    int failed = posix_spawn(&pid, program, &actions, NULL, (char *const *)(uintptr_t)argv,
                             (char *const *)(uintptr_t)envp);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return status == 0;
}

bool subids_map(pid_t child, const struct ids *ids)
{
    return run_map(NEWUIDMAP, child, ids->root_uid, ids->inner_uid, ids->user_uid) &&
           run_map(NEWGIDMAP, child, ids->root_gid, ids->inner_gid, ids->user_gid);
}
