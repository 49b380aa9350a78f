/* SPDX-License-Identifier: Apache-2.0 */
/* What chaos does to a delivery. A fault names a record and which delivery of it, so that it means
 * the same when other records are left out. Pure: the same seed plans the same faults. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mapping/settings.h"

#define FAULTS_MAX 4096

enum fault_kind {
    FAULT_DUPLICATE, /* delivered again after its success, as at-least-once allows: queues, async
                        and s3 have it twice; of a stream or FIFO queue the answer is lost, and the
                        batch comes again */
    FAULT_REORDER,   /* delivered later than what came after it; only where there is no order */
    FAULT_POISON,    /* its content is something that no handler can read */
    FAULT_CRASH,     /* the runtime dies; value 0: before the handler, 1: after it, its effects are
                        there */
    FAULT_TIMEOUT,   /* after its effects, before its answer */
    FAULT_THROTTLE,  /* the function is not invoked: no concurrency left */
    FAULT_SPLIT,     /* the batch is cut before it, as pollers do */
    FAULT_KIND_COUNT
};

extern const char *const fault_kind_names[FAULT_KIND_COUNT]; /* "duplicate", ... */
extern const char *const fault_kind_helps[FAULT_KIND_COUNT];

struct fault {
    enum fault_kind kind;
    uint32_t record;   /* from 0 */
    uint32_t delivery; /* the first is 1 */
    uint32_t value;    /* see the kinds */
};

struct faults {
    struct fault items[FAULTS_MAX];
    size_t count;
};

/* --chaos: "SEED[,KIND...]" or, without a seed, "KIND=RECORD[.DELIVERY[.VALUE]],..." with records
 * counted from 1. A seed alone: all kinds. */
struct chaos {
    bool seeded;
    uint64_t seed;
    bool kinds[FAULT_KIND_COUNT];
    struct faults given; /* without a seed */
};

/* -1 with ERR_USAGE: what, which value, what there is. */
int chaos_parse(const char *text, struct chaos *out, struct err *err) ATTR_CHECK;

/* What parse takes for exactly these faults. */
void chaos_print(const struct faults *f, struct buf *out);

/* Whether a source can have it: "a FIFO queue keeps its order". NULL: it can. */
const char *fault_impossible(enum fault_kind kind, const struct mapping_settings *s);

/* Faults of a round: at least one where there is a record. Round 0 of seed S is round 1 of S - 1.
 */
void faults_plan(const struct chaos *c, uint64_t round, const struct mapping_settings *s,
                 uint32_t nrecords, struct faults *out);

/* The fault of that kind for this delivery; NULL: none. */
const struct fault *faults_find(const struct faults *f, enum fault_kind kind, uint32_t record,
                                uint32_t delivery);
