/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/replay_options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/engine.h"
#include "trace/report.h"

#define PACE_MAX 1e6

static int set_ignore(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    return compare_add_ignore(&o->rules, value, err);
}

static int set_match(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    return compare_add_match(&o->rules, value, err);
}

static int set_budget(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    o->has_budget = true;
    return budget_parse(&o->budget, value, err);
}

static int set_baseline(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    (void)err;
    o->baseline = value;
    return 0;
}

static int set_jobs(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char *end;
    long n = strtol(value, &end, 10);
    if (*end || end == value || n < 1 || n > ENGINE_JOBS_MAX)
        return err_set(err, ERR_USAGE, "'%.40s' is no number from 1 to %d", value, ENGINE_JOBS_MAX);
    o->jobs = (unsigned)n;
    return 0;
}

static int set_pace(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char *end;
    if (strcmp(value, "recorded") == 0) {
        o->pace = 1;
        return 0;
    }
    o->pace = strtod(value, &end);
    if (*end || end == value || !isfinite(o->pace) || o->pace <= 0 || o->pace > PACE_MAX)
        return err_set(err, ERR_USAGE,
                       "'%.40s' is neither 'recorded' nor a number above 0 (10: ten times faster "
                       "than recorded)",
                       value);
    return 0;
}

static int set_trace_kind(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    o->trace_kind_known = true;
    return trace_kind_find(value, &o->trace_kind, err);
}

static int set_only(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (*end || *value < '1' || *value > '9' || errno)
        return err_set(err, ERR_USAGE, "'%.40s' is no number of an event: they count from 1",
                       value);
    o->only = (size_t)n;
    return 0;
}

static int set_cold(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    if (strcmp(value, "each") != 0)
        return err_set(err, ERR_USAGE,
                       "'%.40s' is unknown: 'each' starts a new environment for every event",
                       value);
    o->cold = true;
    return 0;
}

static int set_report(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    if (!report_find(value))
        return err_set(err, ERR_USAGE, "'%.200s' does not end in .html, .xml or .json", value);
    if (o->nreports == REPLAY_REPORTS_MAX)
        return err_set(err, ERR_USAGE, "'%.200s' is one too many: at most %d reports", value,
                       REPLAY_REPORTS_MAX);
    o->reports[o->nreports++] = value;
    return 0;
}

#define FLAG(name)                                                          \
    static int set_##name(void *target, const char *value, struct err *err) \
    {                                                                       \
        struct replay_options *o = target;                                  \
        (void)value;                                                        \
        (void)err;                                                          \
        o->name = true;                                                     \
        return 0;                                                           \
    }

FLAG(logs)
FLAG(update)
FLAG(real_cpu)

static const struct option_row rows[] = {
    {"ignore", 0, "POINTER", NULL,
     "what stands there in an answer is not compared:\n/items/*/id; may be repeated", set_ignore},
    {"match", 0, "POINTER=HOW", NULL,
     "compared less strictly: number~1e-9, number~5%, time,\nuuid or any; may be repeated",
     set_match},
    {"logs", 0, NULL, NULL, "compare what the function logs, too", set_logs},
    {"budget", 0, "LIST", NULL, "how much worse it may get: duration=+20%,memory=+10%,\ninit=+20%",
     set_budget},
    {"baseline", 0, "FUNCTION", "the recorded answers",
     "run this one beside it, event by event, and compare\nwith what it answers", set_baseline},
    {"jobs", 0, "N", "1", "environments at once, 1 to 64", set_jobs},
    {"pace", 0, "PACE", "as fast as possible",
     "recorded: with the recorded spacing; N: N times\nfaster than that", set_pace},
    {"trace-kind", 0, "KIND", "by content",
     "what the documents in TRACE are: event, event-lines,\nrecording, destination, dead-letter, "
     "stream-failure\nor log",
     set_trace_kind},
    {"only", 0, "N", "all", "run the event number N alone", set_only},
    {"cold", 0, "each", NULL, "a new environment for every event", set_cold},
    {"real-cpu", 0, NULL, NULL, "Lambda's share of CPU time for the memory size,\nnot a whole CPU",
     set_real_cpu},
    {"report", 0, "FILE", NULL, "write a report: .html, .xml (JUnit) or .json; may be\nrepeated",
     set_report},
    {"update", 0, NULL, NULL, "write the new answers into the recordings, after\nshowing them",
     set_update},
};

static int argument(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    if (!o->launch.path)
        return launch_argument(target, value, err);
    if (o->ntraces == REPLAY_TRACES_MAX)
        return err_set(err, ERR_USAGE, "'%.200s' is one too many: name a folder of traces", value);
    o->traces[o->ntraces++] = value;
    return 0;
}

const struct options replay_options = {
    .command = "replay",
    .arguments = "FUNCTION TRACE... [OPTION]...",
    .intro =
        "Runs recorded events through a function and compares its answers with the recorded ones.\n"
        "TRACE is a recording (invoke --record), a file or folder of events, lines of events,\n"
        "records of a destination or dead-letter queue, or an export of CloudWatch Logs; '-' is\n"
        "standard input.",
    .outro =
        "Exit: 0 equal and within the budget; 1 something differs; 2 wrong usage or input; 3 this\n"
        "host cannot do it; 130 interrupted, with the report so far.\n",
    .tables = {{rows, ARRAY_LEN(rows)}, {NULL, 0}},
    .argument = argument,
};

int replay_options_init(struct replay_options *o, struct err *err)
{
    *o = (struct replay_options){.jobs = 1};
    o->traces = calloc(REPLAY_TRACES_MAX, sizeof *o->traces);
    if (!o->traces)
        return err_set(err, ERR_MEMORY, "no memory for the names of traces");
    return launch_init(&o->launch, err);
}

int replay_options_check(struct replay_options *o, struct err *err)
{
    if (o->launch.path && o->ntraces == 0)
        return err_set(err, ERR_USAGE,
                       "TRACE is missing: what shall be replayed? 'clambda invoke %.100s -e FILE "
                       "--record t.jsonl' makes a recording",
                       o->launch.path);
    if (o->update && o->jobs > 1)
        return err_set(err, ERR_USAGE,
                       "--update writes answers in the order of the recording: it needs --jobs 1");
    if (o->update && o->baseline)
        return err_set(err, ERR_USAGE,
                       "--update writes what is compared with the recording; --baseline compares "
                       "with another function: leave one out");
    return 0;
}

void replay_options_fini(struct replay_options *o)
{
    free(o->traces);
    compare_rules_fini(&o->rules);
    launch_fini(&o->launch);
}
