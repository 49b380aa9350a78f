/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer to a batch says: which records failed, the state of a window. Pure. */
#pragma once

#include "mapping/mapping.h"
#include "mapping/records.h"

struct answer_in {
    const struct mapping_settings *settings;
    const struct record *const *batch; /* in the order of delivery */
    size_t nbatch;
    const char *text; /* of a function that answered without an error */
    size_t len;
    bool window; /* of a tumbling window: it has to have a state */
};

struct answer_out {
    struct mapping_result result;
    uint32_t *failed;        /* heap, what result.failed points to */
    struct scan_value state; /* view into text; absent: none */
    char note[200];          /* why it was refused, or ignored: "itemIdentifier 'x' is not in the
                                batch"; empty: nothing to say */
    bool ignored;            /* it names failures, and report-failures is off: they count as done */
};

/* -1 with ERR_MEMORY. answer_out_fini in any case. */
int answer_read(const struct answer_in *in, struct answer_out *out, struct err *err) ATTR_CHECK;
void answer_out_fini(struct answer_out *out);
