/* SPDX-License-Identifier: Apache-2.0 */
/* One number for everything that makes a function answer as it does: its files, its layers, its
 * runtime, the settings it sees. Where the files lie does not count, nor their times and owners;
 * neither do credentials. trace/FORMAT.md says what does. */
#pragma once

#include "base/sha256.h"
#include "launch/launch.h"

#define DIGEST_SIZE (sizeof "sha256:" - 1 + SHA256_HEX_SIZE)

/* Of a resolved launch. -1 with ERR_INPUT: a file that cannot be read. */
int digest_launch(const struct launch *l, char out[static DIGEST_SIZE], struct err *err) ATTR_CHECK;
