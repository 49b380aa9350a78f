/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that the kernel, an administrator or a user's command line gives to the jail: mounts and
 * control groups, ranges of ids, limits. What is found lies in the text's own bounds. */
#include <errno.h>
#include <limits.h>

#include "fuzz.h"
#include "jail/limit.h"
#include "jail/mountinfo.h"
#include "jail/subids.h"

static void check_groups(const char *mounts, const char *groups)
{
    static const char *const controllers[] = {"memory", "cpu", "name=systemd", ""};
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
        char path[PATH_MAX];
        struct err err = {0};
        int found = mountinfo_own_group(mounts, groups, controllers[i], path, sizeof path, &err);
        FUZZ_CHECK(found >= 0 || (err.kind == ERR_HOST && err.msg[0]));
        if (found > 0)
            FUZZ_CHECK(memchr(path, '\0', sizeof path) &&
                       mountinfo_has_controller(groups, controllers[i]));
    }
}

static void check_ids(const char *text)
{
    unsigned long first = 0, count = 0;
    if (subids_parse(text, "root", 1000, &first, &count))
        FUZZ_CHECK(first > 0 && first + count <= 0xfffffffful);
}

static void check_limits(const char *text)
{
    unsigned set = 0, again = 0;
    char list[64];
    struct err err = {0};
    if (limit_parse(text, &set, &err) < 0) {
        FUZZ_CHECK(err.kind == ERR_INPUT && !set);
        return;
    }
    limit_list(set, list, sizeof list);
    FUZZ_CHECK(set && set < 1u << JAIL_LIMIT_COUNT);
    FUZZ_CHECK(limit_parse(list, &again, &err) == 0 && again == set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    char *second = memchr(text, '\0', size);
    check_groups(text, second ? second + 1 : text);
    check_groups("32 31 0:29 / /sys/fs/cgroup/a rw - cgroup cgroup rw,memory\n"
                 "33 31 0:30 /x\\040y /sys/fs/cgroup/b ro - cgroup2 cgroup2 rw\n",
                 text);
    check_groups(text, "4:memory:/a/b\n2:cpu,cpuacct:/\n0::/x y/../z\n");
    check_ids(text);
    check_limits(text);
    free(text);
    return 0;
}
