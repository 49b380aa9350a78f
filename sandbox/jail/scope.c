/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/scope.h"

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ABI_WITH_SCOPES  6
#define ASK_VERSION      1u
#define SCOPE_ABSTRACT   1u /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, newer than Debian's headers */
#define SCOPE_ABI_6_SIZE 24

struct scope_ruleset {
    uint64_t access_fs, access_net, scoped;
};
_Static_assert(sizeof(struct scope_ruleset) == SCOPE_ABI_6_SIZE, "the kernel's layout");

bool scope_is_there(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION) >= ABI_WITH_SCOPES;
}

int scope_enter_child(struct err *err)
{
    const struct scope_ruleset rules = {.scoped = SCOPE_ABSTRACT};
    AUTO_FD int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    if (fd < 0)
        return err_sys(err, "landlock_create_ruleset");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return err_sys(err, "landlock_restrict_self");
    return 0;
}
