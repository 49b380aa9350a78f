/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks a zip that nobody vouches for. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Unpacks the zip in zip_fd (a file that can be read at any offset) into the empty folder dir_fd.
 * Both stay open. Gives the bytes of all files together.
 *
 * -1 with ERR_INPUT naming the entry and what is wrong with it (damaged, encrypted, a path that
 * leaves the folder, a device, ...), ERR_LIMIT (limits.h), ERR_SYSTEM or ERR_MEMORY; the folder
 * then holds what was unpacked so far. ERR_CLOSED when a signal that would end the process is
 * blocked and pending. Nothing is ever written outside the folder. */
int64_t unzip_into(int zip_fd, int dir_fd, struct err *err) ATTR_CHECK;
