/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/line.h"
#include "mapping/settings.h"
#include "replay/options.h"

#define ROUNDS_MAX  1000000000
#define MINUTES_MAX 100000

#define SETTING_COLUMN 19

static int set_source(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    (void)err;
    o->mapping.source = value;
    o->mapping.on = true;
    return 0;
}

static int set_chaos(void *target, const char *value, struct err *err)
{
    struct replay_rules *rules = &((struct replay_options *)target)->mapping;
    rules->chaos = calloc(1, sizeof *rules->chaos);
    if (!rules->chaos)
        return err_set(err, ERR_MEMORY, "no memory for a list of faults");
    rules->on = true;
    rules->chaos_text = value;
    return chaos_parse(value, rules->chaos, err);
}

static int set_rounds(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 10);
    if (*end || *value < '1' || *value > '9' || errno || n > ROUNDS_MAX)
        return err_set(err, ERR_USAGE, "'%.40s' is no number from 1 to %d", value, ROUNDS_MAX);
    o->mapping.rounds = (size_t)n;
    return 0;
}

static int set_minutes(void *target, const char *value, struct err *err)
{
    struct replay_options *o = target;
    char *end;
    double n = strtod(value, &end);
    if (*end || end == value || !isfinite(n) || n <= 0 || n > MINUTES_MAX)
        return err_set(err, ERR_USAGE, "'%.40s' is no number of minutes above 0", value);
    o->mapping.minutes = n;
    return 0;
}

static int set_file(const char **member, const char *value, struct err *err)
{
    if (!*value)
        return err_set(err, ERR_USAGE, "the name of a file is missing");
    *member = value;
    return 0;
}

static int set_smallest(void *target, const char *value, struct err *err)
{
    return set_file(&((struct replay_options *)target)->mapping.smallest, value, err);
}

static int set_history(void *target, const char *value, struct err *err)
{
    return set_file(&((struct replay_options *)target)->mapping.history, value, err);
}

static int set_expect(void *target, const char *value, struct err *err)
{
    return set_file(&((struct replay_options *)target)->mapping.expect, value, err);
}

const struct option_row replay_rules_rows[] = {
    {"source", 0, "SPEC", NULL,
     "send the records through the rules of their event\nsource, on a virtual clock: "
     "sqs:batch=10,dlq=FILE;\nall settings stand below",
     set_source},
    {"chaos", 0, "LIST", NULL,
     "what at-least-once delivery may do, and faults:\nSEED[,KIND]..., or exactly these:\n"
     "KIND=RECORD[.DELIVERY[.VALUE]],...; dlq and the like\nare then written by the run with "
     "faults, with a seed\nby the one without; --source is read from the trace\nunless given",
     set_chaos},
    {"rounds", 0, "N", "1", "for --chaos: N seeds, one after the other, until one\nfails",
     set_rounds},
    {"minutes", 0, "M", NULL, "for --chaos: as many seeds as fit in M minutes", set_minutes},
    {"smallest", 0, "FILE", "smallest.jsonl",
     "for --chaos: where the smallest trace that fails goes;\none run at a time", set_smallest},
    {"history", 0, "FILE", NULL, "write what happened to each record, a line of JSON each",
     set_history},
    {"expect", 0, "FILE", "the recorded answers",
     "for --source: compare with a history that --history\nwrote", set_expect},
};
const size_t replay_rules_count = ARRAY_LEN(replay_rules_rows);

static void print_row(FILE *out, struct buf *row)
{
    if (!row->failed)
        options_help_text(out, row->ptr, row->len, SETTING_COLUMN);
    buf_reset(row);
}

void replay_rules_help(FILE *out)
{
    static const char intro[] =
        "Settings of --source, SOURCE[:SETTING[=VALUE],...] with sqs, kinesis, dynamodb, kafka, s3 "
        "or async; times are seconds or have a unit: 500ms, 5s, 2m, 6h, 4d:";
    static const char limits[] =
        "An event has at most 6291456 bytes, of async and s3 1048576. A history takes 1000000 "
        "records (512 MB in all), 4000000 things that happen, 256 MB of answers; fewer records: "
        "--only, a smaller trace.";
    AUTO_BUF struct buf text = {0}, row = {0};
    const char *line;
    size_t at = 0, len;
    buf_init(&text, 64 << 10);
    buf_init(&row, 64 << 10);
    mapping_settings_help(&text);
    fputc('\n', out);
    options_help_text(out, intro, sizeof intro - 1, 0);
    while (!text.failed && (line = line_next(text.ptr, text.len, &at, &len))) {
        buf_addf(&row, "  %.*s", (int)len, line);
        print_row(out, &row);
    }
    fputc('\n', out);
    options_help_text(out, limits, sizeof limits - 1, 0);
    fputs("\nKinds of --chaos:\n", out);
    for (int i = 0; i < FAULT_KIND_COUNT; i++) {
        buf_addf(&row, "  %-16s %s", fault_kind_names[i], fault_kind_helps[i]);
        print_row(out, &row);
    }
}

/* What has no meaning for records that are batched anew, and why. */
static int check_alone(const struct replay_options *o, struct err *err)
{
    const struct {
        bool given;
        const char *name, *why;
    } rows[] = {
        {o->update, "--update", "batches are made anew: the recording has others"},
        {o->leaks, "--leaks", "every event has to go to several environments there"},
        {o->npower > 0, "--power", "time is virtual"},
        {o->has_budget, "--budget", "other batches take another time"},
        {o->logs, "--logs", "a record has no log of its own"},
        {o->cold, "--cold", "environments begin as the rules and faults say"},
        {o->pace > 0, "--pace", "time is virtual"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].given)
            return err_set(err, ERR_USAGE, "--%s and %s do not go together: %s; leave one out",
                           o->mapping.chaos ? "chaos" : "source", rows[i].name, rows[i].why);
    return 0;
}

static int check_chaos(const struct replay_options *o, struct err *err)
{
    const struct replay_rules *rules = &o->mapping;
    const struct {
        bool given;
        const char *name, *why;
    } rows[] = {
        {o->baseline, "--baseline", "the function is judged beside itself without faults"},
        {rules->expect, "--expect", "the function is judged beside itself without faults"},
        {o->launch.record.path, "--record", "a recording of rounds that differ is of no use"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].given)
            return err_set(err, ERR_USAGE, "--chaos and %s do not go together: %s; leave one out",
                           rows[i].name, rows[i].why);
    if (!rules->chaos->seeded && (rules->rounds > 1 || rules->minutes > 0))
        return err_set(err, ERR_USAGE,
                       "--%s needs a seed to count from: --chaos 1,duplicate, not the faults "
                       "themselves",
                       rules->minutes > 0 ? "minutes" : "rounds");
    if (rules->rounds > 1 && rules->chaos->seed > UINT64_MAX - rules->rounds)
        return err_set(err, ERR_USAGE, "--chaos %" PRIu64 " --rounds %zu: seeds end at %" PRIu64,
                       rules->chaos->seed, rules->rounds, UINT64_MAX);
    return 0;
}

int replay_rules_check(const struct replay_options *o, struct err *err)
{
    const struct replay_rules *rules = &o->mapping;
    const struct {
        bool given, has;
        const char *name, *needs;
    } rows[] = {
        {rules->rounds > 0, rules->chaos, "--rounds", "--chaos SEED"},
        {rules->minutes > 0, rules->chaos, "--minutes", "--chaos SEED"},
        {rules->smallest, rules->chaos, "--smallest", "--chaos"},
        {rules->history, rules->on, "--history", "--source or --chaos"},
        {rules->expect, rules->on, "--expect", "--source"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].given && !rows[i].has)
            return err_set(err, ERR_USAGE, "%s needs %s", rows[i].name, rows[i].needs);
    if (!rules->on)
        return 0;
    if (check_alone(o, err) < 0)
        return -1;
    if (o->baseline && rules->expect)
        return err_set(err, ERR_USAGE,
                       "--baseline and --expect do not go together: histories are compared with "
                       "one other; leave one out");
    return rules->chaos ? check_chaos(o, err) : 0;
}
