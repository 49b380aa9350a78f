/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line of replay says. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "compare/budget.h"
#include "compare/compare.h"
#include "launch/launch.h"
#include "launch/options.h"
#include "simulate/faults.h"
#include "trace/read.h"

#define REPLAY_TRACES_MAX  4096
#define REPLAY_REPORTS_MAX 8
#define REPLAY_POWER_MAX   16

struct replay_options {
    struct launch launch; /* first: the shared options expect it there */
    const char **traces;  /* heap */
    size_t ntraces;
    const char *reports[REPLAY_REPORTS_MAX];
    size_t nreports;
    struct compare_rules rules;
    struct budget budget;
    bool has_budget;
    const char *baseline; /* another FUNCTION, NULL: the recorded answers */
    unsigned jobs;
    enum trace_kind trace_kind;
    bool trace_kind_known;            /* else told apart by content */
    double pace;                      /* 0: as fast as possible */
    size_t only;                      /* number of the one event to run; 0: all */
    unsigned power[REPLAY_POWER_MAX]; /* memory sizes in MB */
    size_t npower;
    double p99_us; /* of --power; 0: none is asked for */
    bool cold, logs, update, real_cpu, leaks;
    struct replay_rules {
        const char *source; /* SPEC as given; NULL: read from the trace */
        bool on;            /* --source or --chaos was given */
        const char *chaos_text;
        struct chaos *chaos;          /* heap; NULL: none */
        size_t rounds;                /* 0: not given */
        double minutes;               /* 0: no limit */
        const char *smallest;         /* file */
        const char *history, *expect; /* files; NULL: none */
    } mapping;
};

extern const struct options replay_options;

/* rules_options.c: what belongs to --source and --chaos. */
extern const struct option_row replay_rules_rows[];
extern const size_t replay_rules_count;
/* Settings of sources and kinds of faults, behind the help of the options. */
void replay_rules_help(FILE *out);
int replay_rules_check(const struct replay_options *o, struct err *err) ATTR_CHECK;

int replay_options_init(struct replay_options *o, struct err *err) ATTR_CHECK;

/* After parsing: what only shows together. */
int replay_options_check(struct replay_options *o, struct err *err) ATTR_CHECK;

void replay_options_fini(struct replay_options *o);
