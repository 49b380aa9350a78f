/* SPDX-License-Identifier: Apache-2.0 */
/* A function or layer that is still the zip that would be uploaded: unpacked once, in a cache that
 * is named by its content, and used from there; or unpacked for one use. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pack_options {
    const char *cache_dir; /* NULL: /var/cache/clambda for root, else $XDG_CACHE_HOME/clambda or
                              ~/.cache/clambda, and no cache where none of them can be had */
    bool no_cache;
};

/* An unpacked zip in use. */
struct pack {
    char dir[PATH_MAX]; /* absolute: the folder with its content */
    uint64_t bytes;     /* of all its files */
    int fd;             /* keeps the folder as it is until it is closed */
    int parent_fd;      /* of a folder for one use, -1: it is in the cache */
    char name[128];     /* there */
};

/* Whether path is to be treated as a zip: its name ends in ".zip" and it is no folder, or it is a
 * file that begins like one. */
bool pack_is_zip(const char *path);

struct pack_module;

/* The part that unpacks, see module.h; it is loaded with the first call. NULL with ERR_HOST. */
const struct pack_module *pack_load(struct err *err) ATTR_CHECK;

/* Unpacks the zip, or finds it unpacked. pack_close it. Descriptors are close-on-exec. The
 * PACK_KEEP_ENTRIES zips used last stay in the cache, and all that are in use. Without a cache the
 * folder is in $TMPDIR, /var/tmp or /tmp and goes with pack_close, or when the process was killed,
 * with the next pack_sweep.
 *
 * Ends early, and removes what was unpacked, when one of SIGINT, SIGTERM, SIGHUP is blocked and
 * pending (and not ignored): ERR_CLOSED.
 *
 * -1 with ERR_INPUT (no zip, damaged, hostile: names the entry), ERR_LIMIT, ERR_HOST (the cache is
 * not ours alone, the unpacker is missing), ERR_SYSTEM or ERR_MEMORY. */
int pack_open(struct pack *out, const char *zip_path, const struct pack_options *o,
              struct err *err) ATTR_CHECK;

/* The folder may go now, one for a single use does. */
void pack_close(struct pack *p);

/* Removes what killed processes of this user have left, here and in the cache. Makes nothing. */
void pack_sweep(void);
