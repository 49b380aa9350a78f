/* SPDX-License-Identifier: Apache-2.0 */
/* Names that Lambda makes up: request ids, nonces, log streams. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define IDS_UUID_SIZE       37 /* 8-4-4-4-12 and a NUL */
#define IDS_LOG_STREAM_SIZE 64

/* A random UUID, version 4, in lower case. */
int ids_uuid(char out[static IDS_UUID_SIZE], struct err *err) ATTR_CHECK;

/* The UUID that 16 random bytes give, for tests too. */
void ids_uuid_from(const unsigned char bytes[static 16], char out[static IDS_UUID_SIZE]);

/* Whether it has the form of a UUID, of any version; the case of letters does not count. */
bool ids_is_uuid(const char *text);

/* "2026/01/31/[$LATEST]" and 32 random hex digits, of the day of now_ms in UTC. */
int ids_log_stream(int64_t now_ms, char out[static IDS_LOG_STREAM_SIZE],
                   struct err *err) ATTR_CHECK;
