/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay/engine.h"
#include "report/report.h"

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

static int add_power(struct replay_options *o, const char *size, struct err *err)
{
    struct settings *settings = &o->launch.settings;
    unsigned memory_mb = settings->memory_mb;
    if (o->npower == REPLAY_POWER_MAX)
        return err_set(err, ERR_USAGE, "'%.40s' is one too many: at most %d memory sizes", size,
                       REPLAY_POWER_MAX);
    if (settings_set_memory(settings, size, err) < 0)
        return -1;
    o->power[o->npower++] = settings->memory_mb;
    settings->memory_mb = memory_mb;
    for (size_t i = 0; i + 1 < o->npower; i++)
        if (o->power[i] == o->power[o->npower - 1])
            return err_set(err, ERR_USAGE, "%s MB is named twice", size);
    return 0;
}

static int set_power(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char size[16];
    for (const char *at = value;; at++) {
        size_t len = strcspn(at, ",");
        if (len >= sizeof size)
            return err_set(err, ERR_USAGE, "'%.40s' is no list of memory sizes: 128,256,512",
                           value);
        memcpy(size, at, len);
        size[len] = 0;
        if (add_power(o, size, err) < 0)
            return -1;
        at += len;
        if (!*at)
            return 0;
    }
}

static int set_p99(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char *end;
    double ms = strtod(value, &end);
    if (*end || end == value || !isfinite(ms) || ms <= 0 || ms > 900000)
        return err_set(err, ERR_USAGE, "'%.40s' is no number of milliseconds above 0", value);
    o->p99_us = ms * 1000;
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
FLAG(leaks)

static const struct option_row rows[] = {
    {"ignore", 0, "POINTER", NULL,
     "what stands there in an answer is not compared:\n/items/*/id; may be repeated", set_ignore},
    {"match", 0, "POINTER=HOW", NULL,
     "compared less strictly: number~1e-9, number~5%, time,\nuuid or any; may be repeated",
     set_match},
    {"logs", 0, NULL, NULL, "compare what the function logs, too", set_logs},
    {"budget", 0, "LIST", NULL, "how much worse it may get: duration=+20%,memory=+10%,init=+20%",
     set_budget},
    {"baseline", 0, "FUNCTION", "the recorded answers",
     "run this one beside it, event by event, and compare\nwith what it answers", set_baseline},
    {"jobs", 0, "N", "1", "environments at once, 1 to 64", set_jobs},
    {"pace", 0, "PACE", "as fast as possible",
     "recorded: with the recorded spacing; N: N times\nfaster than that", set_pace},
    {"trace-kind", 0, "KIND", "by content",
     "what the documents in TRACE are: event, event-lines,\nrecording, destination, dead-letter, "
     "stream-failure, queue,\nstream-records or log",
     set_trace_kind},
    {"only", 0, "N", "all", "run the event number N alone", set_only},
    {"cold", 0, "each", NULL, "a new environment for every event", set_cold},
    {"real-cpu", 0, NULL, NULL, "Lambda's share of CPU time for the memory size,\nnot a whole CPU",
     set_real_cpu},
    {"leaks", 0, NULL, NULL,
     "run every event warm and in new environments: what\ngrows, which answers depend on what was "
     "before",
     set_leaks},
    {"power", 0, "LIST", NULL,
     "run it at each of these memory sizes: durations,\ncost, the cheapest; 128,256,512,1024,1769",
     set_power},
    {"p99", 0, "MS", NULL, "for --power: how long 99 % of the events may take", set_p99},
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

/* Where the last one would win, and the first one be lost in silence. Settings of the function's
 * environment are not among them: what comes later changes them. */
static const char *const once[] = {
    "source",     "chaos",    "rounds", "minutes", "smallest", "history",    "expect", "record",
    "redact-key", "baseline", "jobs",   "pace",    "only",     "trace-kind", "p99",    NULL};

const struct options replay_options = {
    .command = "replay",
    .arguments = "FUNCTION TRACE... [OPTION]...",
    .intro =
        "Runs recorded events through a function and compares its answers with the recorded ones.\n"
        "TRACE is a recording (invoke --record), a file or folder of events, lines of events,\n"
        "records of a destination or dead-letter queue, messages of queues and records of streams\n"
        "as the AWS CLI prints them, or an export of CloudWatch Logs; '-' is standard input.",
    .outro =
        "Exit: 0 equal and within the budget, or the traces are empty; 1 something differs; 2\n"
        "wrong usage or input, or a file that is read would be written; 3 this host cannot do\n"
        "it; 130 interrupted, with the report so far.\n",
    .tables = {{rows, ARRAY_LEN(rows)}, {NULL, 0}},
    .argument = argument,
    .once = once,
};

int replay_options_init(struct replay_options *o, struct err *err)
{
    *o = (struct replay_options){.jobs = 1};
    o->traces = calloc(REPLAY_TRACES_MAX, sizeof *o->traces);
    if (!o->traces)
        return err_set(err, ERR_MEMORY, "no memory for the names of traces");
    return launch_init(&o->launch, err);
}

/* What cannot be had together, and why. */
static int check_pairs(const struct replay_options *o, struct err *err)
{
    const bool jobs = o->jobs > 1, baseline = o->baseline, power = o->npower > 0;
    const struct {
        bool a, b;
        const char *names, *why;
    } pairs[] = {
        {o->update, jobs, "--update and --jobs", "answers are written in the recording's order"},
        {o->update, baseline, "--update and --baseline",
         "what is written is compared with the recording"},
        {o->update, power, "--update and --power", "there is one answer to write for each event"},
        {o->update, o->leaks, "--update and --leaks", "nothing is compared with the recording"},
        {o->update, o->only > 0, "--update and --only", "the recording is written as a whole"},
        {o->update, o->launch.record.path, "--update and --record", "one of them is enough"},
        {o->leaks, jobs, "--leaks and --jobs", "one environment gets all events"},
        {o->leaks, baseline, "--leaks and --baseline", "a function is compared with itself"},
        {o->leaks, power, "--leaks and --power", "memory and its limit go together"},
        {o->leaks, o->cold, "--leaks and --cold", "one side has to be warm"},
        {o->leaks, o->has_budget, "--leaks and --budget", "new environments are no measure"},
        {power, o->launch.record.path, "--power and --record", "a recording is of one memory size"},
        {power, baseline, "--power and --baseline", "sizes are compared with each other"},
        {power, o->has_budget, "--power and --budget", "--p99 says how long it may take"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (pairs[i].a && pairs[i].b)
            return err_set(err, ERR_USAGE, "%s do not go together: %s; leave one out",
                           pairs[i].names, pairs[i].why);
    return 0;
}

int replay_options_check(struct replay_options *o, struct err *err)
{
    if (o->launch.path && o->ntraces == 0)
        return err_set(err, ERR_USAGE,
                       "TRACE is missing: what shall be replayed? 'clambda invoke %.100s -e FILE "
                       "--record t.jsonl' makes a recording",
                       o->launch.path);
    if (check_pairs(o, err) < 0 || replay_rules_check(o, err) < 0)
        return -1;
    if (o->p99_us > 0 && !o->npower)
        return err_set(err, ERR_USAGE, "--p99 needs --power LIST, whose sizes it chooses from");
    for (size_t i = 0; i < o->ntraces && o->npower > 1; i++)
        if (strcmp(o->traces[i], "-") == 0)
            return err_set(err, ERR_USAGE,
                           "'-' can be read once only, and --power reads it for every size: write "
                           "it to a file");
    if (o->update)
        o->launch.record.path = o->traces[0]; /* --redact and --redact-key count */
    return 0;
}

void replay_options_fini(struct replay_options *o)
{
    free(o->traces);
    free(o->mapping.chaos);
    compare_rules_fini(&o->rules);
    launch_fini(&o->launch);
}
