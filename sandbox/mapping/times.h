/* SPDX-License-Identifier: Apache-2.0 */
/* Times as events and AWS's tools write them: numbers of seconds or milliseconds, texts of ISO
 * 8601. Milliseconds since 1970, until the year 9999. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/scan.h"

/* A decimal number ("1772600767.125", "1.772600767125E9") times scale, rounded down. false: it is
 * none, or no time. */
bool times_number(struct scan_value text, int64_t scale, int64_t *out_ms);

/* "2026-01-31T12:00:00", then with or without a fraction and a zone; without one it is UTC. */
bool times_iso(struct scan_value text, int64_t *out_ms);

/* A JSON value: a number times scale, a text of such a number, a text of ISO 8601. */
bool times_value(struct scan_value v, int64_t scale, int64_t *out_ms);

/* How a member of a record has its time. */
enum times_form {
    TIMES_MILLISECONDS, /* whole ones, a number or a text of digits */
    TIMES_SECONDS,      /* as times_value */
    TIMES_ISO
};

/* Reads the member that is called name. Where it is absent or null, *out_ms stays what it is. -1:
 * ERR_INPUT with name, value and what it has to be. */
int times_take(const char *name, struct scan_value v, enum times_form form, int64_t *out_ms,
               struct err *err) ATTR_CHECK;
