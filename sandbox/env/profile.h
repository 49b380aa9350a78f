/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the runtimes that AWS offers for programs of one's own. A change by AWS is a
 * change of a row here. */
#pragma once

#include <stdint.h>

struct profile {
    const char *name;        /* "al2023" */
    const char *runtime;     /* "provided:al2023", in INIT_START */
    const char *api_address; /* of the Runtime API in a network of its own */
    uint16_t api_port;
    const char *path;         /* PATH */
    const char *library_path; /* LD_LIBRARY_PATH */
    const char *xray_address; /* AWS_XRAY_DAEMON_ADDRESS without the port */
    const char *xray_port;
};

/* The profile of that name, or NULL. */
const struct profile *profile_find(const char *name);

/* al2023 */
const struct profile *profile_default(void);
