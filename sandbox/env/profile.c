/* SPDX-License-Identifier: Apache-2.0 */
#include "env/profile.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

#define LIBRARY_PATH \
    "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"

static const struct profile profiles[] = {
    {
        .name = "al2023",
        .runtime = "provided:al2023",
        .api_address = "169.254.100.1",
        .api_port = 9001,
        .path = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        .library_path = "/var/lang/lib:" LIBRARY_PATH,
        .xray_address = "169.254.100.1",
        .xray_port = "2000",
    },
    {
        .name = "al2",
        .runtime = "provided:al2",
        .api_address = "127.0.0.1",
        .api_port = 9001,
        .path = "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        .library_path = LIBRARY_PATH,
        .xray_address = "169.254.79.129",
        .xray_port = "2000",
    },
};

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

const struct profile *profile_default(void)
{
    return &profiles[0];
}
