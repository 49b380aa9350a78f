/* SPDX-License-Identifier: Apache-2.0 */
/* What the escape probe tries, and what must come out. Each is tried in a process of its own; a
 * wanted result is one of several ("EPERM|EACCES"), each perhaps only the beginning ("ok *"). In a
 * line, "@" is a name that is new for each run, "#" the id of the test's process on the host, "%"
 * a port of the host's loopback. */
#pragma once

#include <stddef.h>

struct attempt {
    const char *line, *want;
};

struct attempts {
    const struct attempt *rows;
    size_t count;
};

extern const struct attempts attempts_proc, attempts_file, attempts_process, attempts_abstract,
    attempts_socket, attempts_metadata, attempts_no_network, attempts_file_rights;
