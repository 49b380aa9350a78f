/* SPDX-License-Identifier: Apache-2.0 */
/* Traces as records of one event source: events are taken apart, a record that the trace has again
 * counts once, and what was not given on the command line is read from the events. */
#pragma once

#include "mapping/filter.h"
#include "replay/options.h"
#include "replay/settings.h"
#include "replay/texts.h"
#include "simulate/simulation.h"

/* What the trace says of the first delivery of a record. */
struct replay_recorded {
    size_t event;       /* number of the event, from 1 */
    const char *source; /* file */
    size_t line;
    enum trace_status status;     /* of the invocation */
    bool failed;                  /* the record, as the rules see it; when status is known */
    size_t answer_at, answer_len; /* in answers; of an event that is one record */
    size_t id_len;                /* its request id, behind the answer */
};

struct replay_records {
    struct mapping_settings settings; /* timeout and filters set, checked */
    struct filter *filter;
    struct simulation_records records;
    struct replay_recorded *recorded; /* of each record; heap */
    struct buf answers;
    size_t events;         /* read */
    size_t none;           /* of these, left out: they have no records, and do not tell whose */
    size_t again;          /* records left out: they are there before */
    bool empty;            /* the files of the traces are, all of them */
    bool fifo_found;       /* by the records, not by SPEC */
    bool failures_guessed; /* report-failures is off, and no event or SPEC says so */
    struct replay_seen seen;
    struct texts texts; /* names of files, patterns */
};

struct replay_records_in {
    const struct replay_options *options;
    const char *const *paths;
    size_t npaths;
    const char *source; /* SPEC; NULL: read from the events */
    int interrupt_fd;
    void (*warn)(void *owner, const char *text);
    void *owner;
};

/* -1: a trace cannot be read, does not fit the source, or has nothing; wrong settings.
 * replay_records_fini in any case. */
int replay_records_read(const struct replay_records_in *in, struct replay_records *out,
                        struct err *err) ATTR_CHECK;

/* Accepts a zeroed one. */
void replay_records_fini(struct replay_records *r);
