/* SPDX-License-Identifier: Apache-2.0 */
/* --power: the same traces at several memory sizes, each with Lambda's share of CPU time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay/price.h"
#include "replay/work.h"

#define CPU_MB 1769.0 /* that one CPU comes with */

/* Of the pass at one size. */
struct power {
    double billed_ms; /* sum */
    size_t billed;    /* invocations */
    size_t failed, first_failed;
    enum trace_status first_status;
    char first_type[128];
    char label[256]; /* of a source: it says the size as well */
};

/* ---- one invocation ------------------------------------------------------------------------- */

static bool fails_here_only(const struct trace_entry *recorded, const struct trace_entry *got)
{
    if (got->status == TRACE_STATUS_SUCCESS)
        return false;
    return recorded->status == TRACE_STATUS_UNKNOWN || recorded->status == TRACE_STATUS_SUCCESS;
}

static void note_failure(struct power *p, size_t number, const struct trace_entry *got)
{
    if (p->failed++)
        return;
    p->first_failed = number;
    p->first_status = got->status;
    snprintf(p->first_type, sizeof p->first_type, "%.*s", (int)got->error_type.len,
             got->error_type.ptr ? got->error_type.ptr : "");
}

static void bill(struct replay *r, const struct trace_entry *got)
{
    int64_t us = got->duration_us;
    if (r->options.cold && got->init_us != TRACE_UNKNOWN)
        us += got->init_us;
    r->power->billed_ms += ceil((double)us / 1000);
    r->power->billed++;
}

static int power_result(struct replay *r, const struct engine_result *result, struct err *err)
{
    struct power *p = r->power;
    struct trace_entry expected = *result->recorded;
    struct trace_entry got = replay_with_event(&result->sides[0].entry, result->recorded);
    struct compare_result differences = {0};
    snprintf(p->label, sizeof p->label, "%u MB: %s", r->options.launch.settings.memory_mb,
             result->recorded->source);
    expected.source = p->label;
    if (fails_here_only(&expected, &got))
        note_failure(p, replay_number(r, result), &got);
    else if (replay_compare(r, &expected, &got, &differences, err) < 0)
        return -1;
    bill(r, &got);
    tally_add(&r->tally, replay_number(r, result), &expected, &got, &differences);
    replay_add_spans(r, &result->sides[0], false);
    return 0;
}

/* ---- one size ------------------------------------------------------------------------------- */

static int renew(struct samples *s, struct err *err)
{
    samples_fini(s);
    return samples_init(s, err);
}

/* What was measured at one size is nothing to mix with the next. */
static int forget_measurements(struct tally *t, struct err *err)
{
    t->nslowest = 0;
    for (int i = 0; i < 2; i++)
        if (renew(&t->durations[i], err) < 0 || renew(&t->memories[i], err) < 0 ||
            renew(&t->inits[i], err) < 0)
            return -1;
    return renew(&t->ratios, err);
}

static double cost(double gb_second, unsigned memory_mb, double billed_ms)
{
    return gb_second * memory_mb / 1024 * billed_ms / 1000 * 1e6 + PRICE_REQUESTS;
}

static void tell_size(struct replay *r, const char *name)
{
    const struct power *p = r->power;
    static const char *const what[TRACE_STATUS_COUNT] = {
        [TRACE_STATUS_UNKNOWN] = "failed",
        [TRACE_STATUS_SUCCESS] = "failed",
        [TRACE_STATUS_ERROR] = "an error",
        [TRACE_STATUS_TIMEOUT] = "timed out",
    };
    double cpus = r->options.launch.settings.memory_mb / CPU_MB;
    long here = sysconf(_SC_NPROCESSORS_ONLN);
    if (p->failed)
        tally_add_finding(&r->tally, false, true, name,
                          "%zu of %zu events fail at this size: the first is event %zu, %s%s%s",
                          p->failed, p->billed, p->first_failed, what[p->first_status],
                          *p->first_type ? ", " : "", p->first_type);
    if (here > 0 && cpus * r->options.jobs > (double)here)
        tally_add_finding(
            &r->tally, false, true, name,
            "Lambda gives %.2g CPUs to each of %u environments, this machine has %ld: "
            "there it may be faster",
            cpus, r->options.jobs, here);
}

static void add_row(struct replay *r)
{
    struct tally *t = &r->tally;
    const struct power *p = r->power;
    unsigned memory_mb = r->options.launch.settings.memory_mb;
    double p99_us = samples_quantile(&t->durations[1], 0.99);
    if (p->billed == 0)
        return;
    t->power[t->npower++] = (struct tally_power){
        .memory_mb = memory_mb,
        .p50_us = samples_quantile(&t->durations[1], 0.5),
        .p99_us = p99_us,
        .max_memory_mb = t->memories[1].most,
        .dollars_per_million =
            cost(PRICE_GB_SECOND_X86_64, memory_mb, p->billed_ms / (double)p->billed),
        .meets = p->failed == 0 && (r->options.p99_us == 0 || p99_us <= r->options.p99_us),
    };
}

static int run_size(struct replay *r, unsigned memory_mb, struct err *err)
{
    char name[32];
    snprintf(name, sizeof name, "power: %u MB", memory_mb);
    r->options.launch.settings.memory_mb = memory_mb;
    *r->power = (struct power){0};
    int status = replay_pass(r, err);
    if (status < 0 && err->kind == ERR_HOST) {
        tally_add_finding(&r->tally, false, true, name, "not possible here: %s", err->msg);
        err->kind = ERR_NONE;
        return 0;
    }
    if (status < 0)
        return -1; /* of half a trace nothing is said */
    add_row(r);
    tell_size(r, name);
    return 0;
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static struct tally_power *find_cheapest(struct tally *t)
{
    struct tally_power *best = NULL;
    for (size_t i = 0; i < t->npower; i++)
        if (t->power[i].meets &&
            (!best || t->power[i].dollars_per_million < best->dollars_per_million))
            best = &t->power[i];
    return best;
}

static void judge(struct replay *r)
{
    struct tally *t = &r->tally;
    struct tally_power *best = find_cheapest(t);
    char goal[64] = "";
    if (r->options.p99_us > 0)
        snprintf(goal, sizeof goal, " with 99 %% within %.4g ms", r->options.p99_us / 1000);
    if (!best) {
        tally_add_finding(t, true, false, "power", "no size runs all events%s", goal);
        return;
    }
    best->cheapest = true;
    double x86_64 = best->dollars_per_million - PRICE_REQUESTS;
    tally_add_finding(
        t, false, false, "power",
        "%u MB is the cheapest size%s: $%.4g a million (%s, x86_64, %s; arm64 with the "
        "same durations: $%.4g), %s",
        best->memory_mb, goal, best->dollars_per_million, PRICE_REGION, PRICE_DATE,
        x86_64 * PRICE_GB_SECOND_ARM64 / PRICE_GB_SECOND_X86_64 + PRICE_REQUESTS,
        r->options.cold ? "init included" : "without init");
}

static int run_sizes(struct replay *r, struct err *err)
{
    const struct replay_options *o = &r->options;
    r->npasses = o->npower;
    for (r->pass = 0; r->pass < o->npower; r->pass++)
        if (run_size(r, o->power[r->pass], err) < 0 || forget_measurements(&r->tally, err) < 0)
            return -1;
    return 0;
}

static int power_run(struct replay *r, struct err *err)
{
    struct err ignored = {0};
    r->power = calloc(1, sizeof *r->power);
    if (!r->power)
        return err_set(err, ERR_MEMORY, "no memory for measurements");
    int status = run_sizes(r, err);
    if (status < 0 && forget_measurements(&r->tally, &ignored) < 0)
        *err = ignored;
    if (r->tally.npower || (status == 0 && r->tally.done))
        judge(r);
    free(r->power);
    r->power = NULL;
    return status;
}

const struct replay_mode replay_mode_power = {power_run, power_result};
