/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define INVOKE_PREFIX "/2015-03-31/functions/"
#define INVOKE_SUFFIX "/invocations"

static bool is_invoke(const char *path)
{
    size_t prefix = sizeof INVOKE_PREFIX - 1;
    if (strncmp(path, INVOKE_PREFIX, prefix) != 0)
        return false;
    size_t name = strcspn(path + prefix, "/");
    return name > 0 && strcmp(path + prefix + name, INVOKE_SUFFIX) == 0;
}

enum route_kind route_find(const char *method, const char *path)
{
    if (strcmp(path, "/health") == 0)
        return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ? ROUTE_HEALTH
                                                                         : ROUTE_NO_POST;
    if (strcmp(method, "POST") != 0)
        return ROUTE_NO_GET;
    return is_invoke(path) ? ROUTE_INVOKE : ROUTE_EVENT;
}
