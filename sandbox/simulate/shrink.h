/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for the smallest set of records and faults that still fails, by leaving out parts (delta
 * debugging). The caller tries what it is given and tells; the same answers give the same way.
 *
 *   while (shrink_next(s, &candidate)) shrink_tell(s, fails(candidate));
 *   shrink_best(s, &candidate);
 */
#pragma once

#include "simulate/faults.h"

struct shrink;

struct shrink_candidate {
    const uint32_t *records; /* ascending */
    size_t nrecords;
    const struct faults *faults; /* only of these records */
};

/* records: those that fail together; most: tries at most. NULL: ERR_MEMORY. */
struct shrink *shrink_new(const uint32_t *records, size_t nrecords, const struct faults *faults,
                          size_t most, struct err *err) ATTR_CHECK;
void shrink_free(struct shrink *s); /* accepts NULL */

/* Never the same candidate twice. false: nothing smaller fails, or most tries were made. Valid
 * until shrink_tell. */
bool shrink_next(struct shrink *s, struct shrink_candidate *out);
void shrink_tell(struct shrink *s, bool fails);

/* The smallest that fails; valid as long as the shrink. */
void shrink_best(const struct shrink *s, struct shrink_candidate *out);
size_t shrink_tries(const struct shrink *s);
bool shrink_is_minimal(const struct shrink *s); /* false: most tries were made */
