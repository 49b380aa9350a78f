/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of unpacked zips. One folder per zip, complete or not there:
 *
 *   CACHE/unzip-1/SHA256-BOOT/files/   the zip's content
 *                            /size     bytes of all files
 *   CACHE/unzip-1/tmp-PID-RANDOM/      on its way in or out
 *   CACHE/unzip-1/id-HASH              a link to an entry, see shortcut.h
 *
 * Whoever uses an entry or writes a temporary folder holds a shared flock on it; what can be locked
 * exclusively belongs to nobody and may go. BOOT is the kernel's boot id: nothing is synced to
 * disk, so after a crash of the machine older entries are not believed.
 *
 * A folder that many share (/var/tmp) can hold temporary folders only, see scratch.h. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define STORE_NAME_MAX  128
#define STORE_FILES     "files"
#define STORE_SIZE_FILE "size"
#define STORE_SHORTCUT  "id-"

struct store {
    int fd;
    char path[PATH_MAX];
    char boot[48]; /* "-BOOT" */
    char tmp[32];  /* what the names of temporary folders begin with */
};

/* Opens the cache below dir, and makes what is missing of it; NULL: /var/cache/clambda for root,
 * else $XDG_CACHE_HOME/clambda or ~/.cache/clambda. -1 with ERR_SYSTEM when there is none,
 * ERR_INPUT, ERR_HOST when a folder is somebody else's or open to others. store_close it. */
int store_open(struct store *s, const char *dir, struct err *err) ATTR_CHECK;

/* The same for a cache that is there already. */
int store_look(struct store *s, const char *dir, struct err *err) ATTR_CHECK;
void store_close(struct store *s);

/* The variable's value when it is an absolute path, else NULL. */
const char *store_path_variable(const char *name);

/* Whether programs of the file system that fd is on may not be run. */
bool store_is_noexec(int fd);

/* Finds the entry and marks it as used now. *out_fd holds its lock, or is -1 when there is none. */
int store_find(const struct store *s, const char *name, int *out_fd, struct err *err) ATTR_CHECK;

/* Whether name still is the folder that fd is: it may have been renamed between open and lock. */
bool store_is_same(const struct store *s, const char *name, int fd);

/* A new temporary folder; gives its locked descriptor. out_name is for store_publish. */
int store_begin(const struct store *s, char out_name[static STORE_NAME_MAX],
                struct err *err) ATTR_CHECK;

/* Makes the temporary folder the entry, or removes it when another process was faster. Either way
 * there is an entry to find then. */
int store_publish(const struct store *s, const char *tmp, const char *name,
                  struct err *err) ATTR_CHECK;

/* Bytes of all files of an entry; PACK_UNPACKED_MAX when it does not say. */
uint64_t store_size(int entry_fd);

/* Removes the temporary folders that dead processes have left. Never fails: what cannot go stays.
 */
void store_sweep(const struct store *s);

/* Removes what dead processes have left, entries from before the last boot and the entries over the
 * limits that were not used for longest. Nothing that is in use. Never fails: what cannot go stays.
 */
void store_trim(const struct store *s);
