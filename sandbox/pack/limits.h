/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a zip is accepted, and how much of what was unpacked is kept. */
#pragma once

/* AWS: "Unzipped size must be smaller than 262144000 bytes". */
#define PACK_UNPACKED_MAX 262144000ull

/* The zip itself. AWS takes 52428800 bytes in a direct upload, but from S3 whatever unpacks to
 * PACK_UNPACKED_MAX: a zip over the upload limit is a deployable one. */
#define PACK_ZIP_MAX 262144000ull

#define PACK_ENTRIES_MAX   65535      /* files and folders, those that only paths name included */
#define PACK_DIRECTORY_MAX (32 << 20) /* bytes of the zip's central directory */
#define PACK_NAME_MAX      1024       /* bytes of an entry's whole name */
#define PACK_DEPTH_MAX     64         /* folders in one path */
#define PACK_LINK_MAX      4095       /* bytes of a symbolic link's target */

/* What stays in the cache besides what is in use: the entries used last, up to both limits. */
#define PACK_KEEP_ENTRIES 20
#define PACK_KEEP_BYTES   (2ull << 30)
#define PACK_KEEP_LINKS   200 /* shortcuts */
