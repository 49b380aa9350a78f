/* SPDX-License-Identifier: Apache-2.0 */
/* A function or layer that is still the zip that would be uploaded: unpacked once, in a cache that
 * is named by its content, and used from there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Whether path is to be treated as a zip: its name ends in ".zip" and it is no folder, or it is a
 * file that begins like one. */
bool pack_is_zip(const char *path);

/* Unpacks the zip, or finds it unpacked. out_dir gets the absolute path of the folder with its
 * content. Gives a descriptor: the folder stays as it is until that is closed. It is close-on-exec
 * and the caller's.
 *
 * cache_dir NULL: /var/cache/clambda for root, else $XDG_CACHE_HOME/clambda or ~/.cache/clambda.
 * The PACK_KEEP_ENTRIES zips used last stay there, and all that are in use.
 *
 * -1 with ERR_INPUT (no zip, damaged, hostile: names the entry), ERR_LIMIT, ERR_HOST (the cache is
 * not ours alone, the unpacker is missing), ERR_SYSTEM or ERR_MEMORY. */
int pack_open(const char *zip_path, const char *cache_dir, char *out_dir, size_t out_size,
              struct err *err) ATTR_CHECK;
