/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of the event source: those of the command line, or what the trace says of its own.
 */
#pragma once

#include "mapping/filter.h"
#include "replay/options.h"
#include "replay/texts.h"

/* Where they go: timeout and filters are set and checked, what they look into is kept in texts. */
struct settings_out {
    struct mapping_settings *settings;
    struct filter **filter;
    struct texts *texts;
};

/* SPEC with the function's timeout, its filters read from their files. */
int replay_settings_parse(const struct replay_options *o, const char *spec,
                          const struct settings_out *out, struct err *err) ATTR_CHECK;

/* What was seen in events, for who did not give the settings. */
struct replay_seen {
    enum mapping_source source;
    size_t largest;        /* batch */
    size_t fifo, standard; /* number of the first event of such a queue; 0: none */
    bool failures;         /* an answer has batchItemFailures */
    bool answered;         /* a batch that succeeded has its answer */
    int64_t tumbling_ms;
    int64_t
        span_ms; /* between arrivals of one event, of those that a window can have: the largest */
};

/* The window that gives batches as they were seen, 0: none is needed. */
int64_t replay_settings_window(const struct replay_seen *seen);

int replay_settings_find(const struct replay_options *o, const struct replay_seen *seen,
                         const struct settings_out *out, struct err *err) ATTR_CHECK;
