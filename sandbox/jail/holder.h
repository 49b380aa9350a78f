/* SPDX-License-Identifier: Apache-2.0 */
/* A user and a mount namespace that outlive a spawn, with a tmpfs that becomes the jail's /tmp: for
 * callers who have no loop device. A tmpfs cannot be handed from one namespace to the next, so that
 * every spawn starts in a copy of this one.
 *
 *   holder_open     makes both, with maps
 *   holder_enter    a child of the caller enters before it becomes the jail's first process
 *   holder_close */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "jail/ids.h"

/* Where the tmpfs lies in the mount namespace: a folder that every host has. The first process
 * takes it from there before anything else, so that what is below can be seen again. */
#define HOLDER_SITE "/usr"

struct holder {
    int user_fd, mount_fd; /* the namespaces; -1: none */
    int tmp_fd;            /* root folder of the tmpfs */
};

/* tmp_bytes is what /tmp accepts. ids may become IDS_OWN, see ids_map_host. */
int holder_open(struct holder *h, struct ids *ids, uint64_t tmp_bytes, struct err *err) ATTR_CHECK;

/* Gives errno when it fails, else 0. For a process with one thread that shares nothing. */
int holder_enter_child(const struct holder *h);

/* Bytes that files in the tmpfs occupy. */
uint64_t holder_tmp_used(const struct holder *h);

void holder_close(struct holder *h);
