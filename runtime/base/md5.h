/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 (RFC 1321), since SQS sends it with every message. Not for secrets. */
#pragma once

#include <stddef.h>

/* The digest of len bytes as 32 lower case hexadecimal digits and a NUL. */
void md5_hex(const void *bytes, size_t len, char out[33]);
