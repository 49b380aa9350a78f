/* SPDX-License-Identifier: Apache-2.0 */
/* Times as texts: ISO 8601, as RFC 3339 and what AWS writes have it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ISO_TEXT_MAX 32
#define ISO_MAX_MS   253402300799999 /* 9999-12-31T23:59:59.999Z */

/* The time at the beginning of a text: "2026-01-31T12:00:00", then with or without a fraction, of
 * which milliseconds count, and with "Z", "+02:00", "+0200" or without a zone, which is UTC. Gives
 * its bytes and milliseconds since 1970; 0 when there is none, or one before 1970, or no such day.
 */
size_t iso_read(const char *text, size_t len, int64_t *out_ms);

enum iso_form {
    ISO_SECONDS,     /* 2026-01-31T12:00:00Z */
    ISO_MILLIS,      /* 2026-01-31T12:00:00.123Z */
    ISO_MILLIS_ZERO, /* 2026-01-31T12:00:00.000Z, whatever the milliseconds are */
};

/* A time outside of 1970 to 9999 is written as the nearest that is inside. */
void iso_write(int64_t ms, enum iso_form form, char out[ISO_TEXT_MAX]);
