/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, standard alphabet). Decoding chooses the fastest code of this processor at run
 * time. */
#pragma once

#include <stddef.h>

/* Bytes that len bytes need as text, without a NUL. */
#define BASE64_ENCODED(len) (((len) + 2) / 3 * 4)

/* Decodes len characters to out and gives the number of bytes, or -1 when they are not base64 (out
 * is undefined then). '=' at the end may be missing altogether, but half a padding, white space and
 * the URL alphabet are refused. Bits behind the last byte are ignored, as most decoders do. out may
 * be the input itself: output never overtakes it. out holds len / 4 * 3 + 3 bytes at least. */
long base64_decode(const char *text, size_t len, void *out);

/* The portable form of base64_decode, for tests. */
long base64_decode_scalar(const char *text, size_t len, void *out);

/* Writes BASE64_ENCODED(len) characters to out, no NUL, and gives that number. */
size_t base64_encode(const void *bytes, size_t len, char *out);
