/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file: as they are, or unpacked when it begins like gzip. A recorder writes one
 * gzip member for each invocation and its length into the member's header, so that the ones behind
 * a torn one are found again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What a member that a recorder writes begins with; four bytes follow, little-endian: how many the
 * whole member has. RFC 1952: deflate, extra field of 8 bytes, no time, Unix; "CL", 4 bytes. */
#define UNPACK_MARK      "\x1f\x8b\x08\x04\0\0\0\0\0\x03\x08\0CL\x04\0"
#define UNPACK_MARK_LEN  16
#define UNPACK_HEAD_LEN  20
#define UNPACK_TAIL_LEN  8 /* checksum and length */
#define UNPACK_MAGIC     "\x1f\x8b"
#define UNPACK_MAGIC_LEN 2

struct unpack;

/* The descriptor stays the caller's. A byte that waits on interrupt_fd (0: none) while fd has none
 * ends a read with ERR_CLOSED. */
struct unpack *unpack_open(int fd, int interrupt_fd, struct err *err) ATTR_CHECK;
void unpack_close(struct unpack *u);

/* Bytes to out: how many, 0 at the end, -1 (damaged: ERR_INPUT). */
long unpack_read(struct unpack *u, char *out, size_t room, struct err *err) ATTR_CHECK;

/* Whether something torn was skipped since the last call. */
bool unpack_was_torn(struct unpack *u);

/* Bytes of the file so far. */
uint64_t unpack_bytes(const struct unpack *u);
