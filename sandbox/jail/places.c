/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jail/slot.h"

/* A folder of the caller's that is gone after a boot. */
static const char *runtime_folder(char *scratch, size_t size)
{
    const char *named = getenv("XDG_RUNTIME_DIR");
    if (named && *named == '/' && access(named, W_OK | X_OK) == 0)
        return named;
    snprintf(scratch, size, "/run/user/%u", (unsigned)geteuid());
    return access(scratch, W_OK | X_OK) == 0 ? scratch : NULL;
}

int places_slots(char *out, size_t size, struct err *err)
{
    char scratch[32];
    const char *folder = geteuid() == 0 ? NULL : runtime_folder(scratch, sizeof scratch);
    int n;
    if (folder)
        n = snprintf(out, size, "%s/clambda", folder);
    else if (geteuid() == 0 && access("/run", W_OK | X_OK) == 0)
        n = snprintf(out, size, SLOT_FOLDER);
    else
        n = snprintf(out, size, "/tmp/clambda-%u", (unsigned)geteuid());
    return n < 0 || (size_t)n >= size
               ? err_set(err, ERR_INPUT, "XDG_RUNTIME_DIR is too long: %zu bytes are the limit",
                         size)
               : 0;
}
