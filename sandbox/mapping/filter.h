/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a record passes the filter criteria of its event source mapping, or an object's event the
 * configuration of its S3 notification. Knows which member of a record holds the data, how it is
 * encoded, and what happens when pattern and data are not of the same format. Pure. */
#pragma once

#include "mapping/records.h"
#include "mapping/settings.h"

struct filter;

/* Compiles what the settings have: filters; events, prefix, suffix. Without any everything passes.
 * NULL with ERR_USAGE: which filter, what is wrong. */
struct filter *filter_criteria_open(const struct mapping_settings *s, struct err *err) ATTR_CHECK;
void filter_criteria_close(struct filter *f); /* accepts NULL */

/* What AWS does not document of the patterns, though they are evaluated: members, operators, more
 * patterns than it takes unasked. A line each; nothing where there is nothing to say. */
void filter_notes(const struct filter *f, struct buf *out);

/* 1: passes; 0: not; -1 with ERR_MEMORY. */
int filter_passes(const struct filter *f, const struct record *r, struct err *err) ATTR_CHECK;
