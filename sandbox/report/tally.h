/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a replay, in memory that does not grow with the trace: the engine adds to it, the
 * reports read it. */
#pragma once

#include "base/arena.h"
#include "compare/budget.h"
#include "compare/compare.h"
#include "compare/samples.h"
#include "report/tally_history.h"
#include "trace/entry.h"

#define TALLY_KEPT_MAX     500         /* differing invocations with all their texts */
#define TALLY_TEXT_MAX     (64u << 10) /* bytes kept of one text; the rest is cut and said so */
#define TALLY_TEXT_LEAST   (1u << 10)  /* of it when the memory for all is nearly used up */
#define TALLY_VALUE_MAX    (4u << 10)  /* of one value that differs: what is around the place */
#define TALLY_ITEMS_BYTES  (64u << 10) /* of all values of one invocation */
#define TALLY_KEPT_BYTES   (8u << 20)  /* of all texts of all: six times that is below REPORT_MAX */
#define TALLY_SPANS_MAX    4096        /* on the timeline; neighbours are merged to make room */
#define TALLY_ROWS_MAX     128         /* of the timeline: as many as can live at once */
#define TALLY_FINDINGS_MAX 64
#define TALLY_FINDING_TEXT 1024
#define TALLY_SLOWEST_MAX  10
#define TALLY_SOURCE_MAX   120

/* One kept invocation that differs. Texts are the tally's. */
struct tally_difference {
    size_t number;          /* of the event, from 1 */
    const char *source;     /* "t.jsonl, line 7" */
    const char *request_id; /* of the recording, else of the replay; may be "" */
    struct tally_text event, expected, got, expected_log, got_log;
    bool cut; /* some text is longer than what is kept */
    enum trace_status expected_status, got_status;
    const struct compare_difference *items;
    size_t nitems, count; /* kept; of all */
    int64_t expected_us, got_us;
    const char *command; /* that repeats it */
};

/* A stretch of an environment's time. */
enum tally_span_kind { TALLY_SPAN_INIT, TALLY_SPAN_INVOKE, TALLY_SPAN_FROZEN, TALLY_SPAN_FAILED };

struct tally_span {
    unsigned environment; /* from 0 */
    bool baseline;        /* the environment is one of the baseline's */
    enum tally_span_kind kind;
    int64_t begin_us, end_us; /* since the replay began */
    size_t count;             /* invocations in it */
    unsigned row;             /* of the timeline; the tally sets it, and: */
    int64_t busy_us;          /* without the gaps between merged ones */
};

/* Whose time a row of the timeline shows; a later environment takes the row of one that ended. */
struct tally_row {
    unsigned environment;
    int64_t end_us;
};

struct tally_slow {
    size_t number;
    int64_t expected_us, got_us;
    char source[TALLY_SOURCE_MAX];
};

/* One line of a verdict that is not about a single answer: a budget, a leak. */
struct tally_finding {
    bool failed, unsure;
    const char *name; /* "duration", "memory", "init", "leak: descriptors" */
    const char *text; /* "p50 1.9 ms, was 1.2 ms: +58 % (95 % sure: +51 to +66 %), budget +20 %" */
};

/* Duration, memory and cost at one memory size: a row of --power. */
struct tally_power {
    unsigned memory_mb;
    double p50_us, p99_us, max_memory_mb;
    double dollars_per_million;
    bool meets, cheapest; /* the given p99; the cheapest that does */
};

struct tally {
    const char *function, *baseline; /* as given; baseline NULL: the trace's own answers */
    const char *command;             /* the whole command line, quoted for a shell */
    const char *repeat; /* what stands behind 'clambda replay', without what writes files */
    const char *version;
    int64_t began_ms, took_us;
    bool interrupted;
    unsigned jobs, environments;
    size_t done, equal, differing, unknown; /* unknown: nothing was recorded to compare with */
    size_t failed, timed_out;               /* of the answers that were got */
    struct samples durations[2], memories[2], inits[2]; /* [0] recorded or baseline, [1] now */
    struct samples ratios;                              /* of durations, pair by pair */
    double budget[BUDGET_COUNT];                        /* most times the median before; 0: none */
    struct tally_difference *kept;                      /* by number */
    size_t nkept;
    struct tally_slow slowest[TALLY_SLOWEST_MAX]; /* the slowest first */
    size_t nslowest;
    struct tally_span *spans;
    size_t nspans;
    int64_t span_step_us; /* spans that begin within the same step were merged; 0: none were */
    struct tally_row rows[TALLY_ROWS_MAX];
    size_t nrows;
    struct tally_finding findings[TALLY_FINDINGS_MAX];
    size_t nfindings, findings_lost; /* lost: more than there is room for */
    bool finding_failed;
    struct tally_power power[16];
    size_t npower;
    bool messages;      /* what is counted: messages on a virtual clock; else events */
    const char *source; /* settings of their event source; NULL: none */
    struct tally_history histories[TALLY_HISTORIES_MAX];
    size_t nhistories;
    struct tally_chaos chaos;
    struct arena texts; /* of kept, findings */
};

int tally_init(struct tally *t, struct err *err) ATTR_CHECK;
void tally_fini(struct tally *t);

/* Counts the invocation of event number; keeps its texts when something differs and there is room.
 * May be called in any order of numbers. */
void tally_add(struct tally *t, size_t number, const struct trace_entry *expected,
               const struct trace_entry *got, const struct compare_result *differences);
void tally_add_span(struct tally *t, const struct tally_span *span);
void tally_add_finding(struct tally *t, bool failed, bool unsure, const char *name, const char *fmt,
                       ...) ATTR_PRINTF(5, 6);

/* Whether the replay fails: exit 1. */
bool tally_differs(const struct tally *t);
