/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the unpacked zip without reading all of it again: to hash a zip of 50 MB takes longer than
 * the rest of a run.
 *
 * A shortcut is a link in the store, "id-HASH" to an entry. HASH is made of the file's identity
 * (device, inode, size, times of change) and of the zip's own directory, which has the CRC of every
 * file in it. The time of the last change of an inode cannot be set: a file that was written to has
 * another one, unless the clock has not moved on since; so a file that was changed in the last
 * seconds has no shortcut. Writing through a mapping may leave the times alone for a while, but
 * what makes another zip of it makes another directory. Entries are of this boot, and with them the
 * numbers of devices. */
#pragma once

#include "pack/store.h"

/* What the file's shortcut is called. False: it has none. */
bool shortcut_name(int zip_fd, char out[static STORE_NAME_MAX]);

/* The entry that the shortcut leads to. False: there is no such shortcut; the entry may be gone all
 * the same. */
bool shortcut_read(const struct store *s, const char *name, char out_entry[static STORE_NAME_MAX]);

/* Makes the shortcut; when that fails there is none. */
void shortcut_write(const struct store *s, const char *name, const char *entry);
