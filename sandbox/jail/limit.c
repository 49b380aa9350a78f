/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/limit.h"

#include <stdio.h>
#include <string.h>

const char *const limit_names[JAIL_LIMIT_COUNT] = {
    [JAIL_LIMIT_MEMORY] = "memory",   [JAIL_LIMIT_CPU] = "cpu",
    [JAIL_LIMIT_PIDS] = "pids",       [JAIL_LIMIT_TMP] = "tmp",
    [JAIL_LIMIT_SECCOMP] = "seccomp", [JAIL_LIMIT_FREEZE] = "freeze",
};

const char *const limit_missing[JAIL_LIMIT_COUNT] = {
    [JAIL_LIMIT_MEMORY] = "memory is not limited",
    [JAIL_LIMIT_CPU] = "CPU time is not limited",
    [JAIL_LIMIT_PIDS] = "processes are not limited",
    [JAIL_LIMIT_TMP] = "/tmp is not limited",
    [JAIL_LIMIT_SECCOMP] = "system calls are not filtered",
    [JAIL_LIMIT_FREEZE] = "the function is not frozen between events",
};

static int find(const char *word, size_t len)
{
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++)
        if (strlen(limit_names[i]) == len && memcmp(limit_names[i], word, len) == 0)
            return i;
    return -1;
}

int limit_parse(const char *list, unsigned *set, struct err *err)
{
    unsigned found = 0;
    for (const char *word = list; word;) {
        size_t len = strcspn(word, ",");
        int i = find(word, len);
        if (i < 0) {
            char all[64];
            limit_list((1u << JAIL_LIMIT_COUNT) - 1, all, sizeof all);
            return err_set(err, ERR_INPUT, "'%.*s' is no limit: a list of %s is expected",
                           (int)(len < 40 ? len : 40), word, all);
        }
        found |= 1u << i;
        word = word[len] ? word + len + 1 : NULL;
    }
    *set |= found;
    return 0;
}

void limit_list(unsigned set, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < JAIL_LIMIT_COUNT; i++) {
        if (!(set >> i & 1))
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used ? "," : "", limit_names[i]);
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}
