/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/tally_keep.h"

#define FINDINGS_BYTES ((size_t)TALLY_FINDINGS_MAX * 2 * (TALLY_FINDING_TEXT + ARENA_ALIGN))

static struct samples *samples_of(struct tally *t, size_t i)
{
    struct samples *all[] = {&t->durations[0], &t->durations[1], &t->memories[0], &t->memories[1],
                             &t->inits[0],     &t->inits[1],     &t->ratios};
    return i < ARRAY_LEN(all) ? all[i] : NULL;
}

int tally_init(struct tally *t, struct err *err)
{
    struct samples *s;
    *t = (struct tally){0};
    t->kept = calloc(TALLY_KEPT_MAX, sizeof *t->kept);
    t->spans = calloc(TALLY_SPANS_MAX, sizeof *t->spans);
    int status = t->kept && t->spans ? 0 : err_set(err, ERR_MEMORY, "no memory for a tally");
    for (size_t i = 0; status == 0 && (s = samples_of(t, i)); i++)
        status = samples_init(s, err);
    if (status == 0)
        status = arena_init(&t->texts, TALLY_KEPT_BYTES + FINDINGS_BYTES, err);
    if (status < 0)
        tally_fini(t);
    return status;
}

void tally_fini(struct tally *t)
{
    struct samples *s;
    for (size_t i = 0; (s = samples_of(t, i)); i++)
        samples_fini(s);
    for (size_t i = 0; i < t->nhistories; i++)
        tally_history_fini(&t->histories[i]);
    arena_fini(&t->texts);
    free(t->kept);
    free(t->spans);
    *t = (struct tally){0};
}

void tally_history_fini(struct tally_history *h)
{
    arena_fini(&h->texts);
    for (size_t i = 0; i < ARRAY_LEN(h->printed); i++)
        for (size_t k = 0; k < ARRAY_LEN(h->printed[i]); k++)
            free(h->printed[i][k]);
    free(h->kept);
    free(h->calls);
    free(h->marks);
    *h = (struct tally_history){0};
}

static void add_measurements(struct tally *t, const struct trace_entry *e, int side)
{
    if (e->duration_us >= 0)
        samples_add(&t->durations[side], (double)e->duration_us);
    if (e->max_memory_mb >= 0)
        samples_add(&t->memories[side], (double)e->max_memory_mb);
    if (e->init_us >= 0)
        samples_add(&t->inits[side], (double)e->init_us);
}

static void add_slow(struct tally *t, size_t number, const struct trace_entry *expected,
                     const struct trace_entry *got)
{
    size_t at = t->nslowest;
    while (at > 0 &&
           (t->slowest[at - 1].got_us < got->duration_us ||
            (t->slowest[at - 1].got_us == got->duration_us && t->slowest[at - 1].number > number)))
        at--;
    if (at == TALLY_SLOWEST_MAX || got->duration_us < 0)
        return;
    size_t last = t->nslowest < TALLY_SLOWEST_MAX ? t->nslowest++ : TALLY_SLOWEST_MAX - 1;
    memmove(&t->slowest[at + 1], &t->slowest[at], (last - at) * sizeof *t->slowest);
    t->slowest[at] = (struct tally_slow){
        .number = number, .expected_us = expected->duration_us, .got_us = got->duration_us};
    tally_keep_source(expected, t->slowest[at].source, TALLY_SOURCE_MAX);
}

void tally_add(struct tally *t, size_t number, const struct trace_entry *expected,
               const struct trace_entry *got, const struct compare_result *differences)
{
    t->done++;
    t->failed += got->status == TRACE_STATUS_ERROR;
    t->timed_out += got->status == TRACE_STATUS_TIMEOUT;
    add_measurements(t, expected, 0);
    add_measurements(t, got, 1);
    if (expected->duration_us > 0 && got->duration_us >= 0)
        samples_add(&t->ratios, (double)got->duration_us / (double)expected->duration_us);
    add_slow(t, number, expected, got);
    if (differences->count) {
        t->differing++;
        tally_keep(t, number, expected, got, differences);
    } else if (expected->status == TRACE_STATUS_UNKNOWN) {
        t->unknown++;
    } else {
        t->equal++;
    }
}

void tally_add_finding(struct tally *t, bool failed, bool unsure, const char *name, const char *fmt,
                       ...)
{
    char text[TALLY_FINDING_TEXT];
    va_list args;
    t->finding_failed |= failed;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct tally_finding f = {.failed = failed, .unsure = unsure};
    if (t->nfindings < TALLY_FINDINGS_MAX) {
        f.name = arena_strndup(&t->texts, name, strnlen(name, TALLY_FINDING_TEXT));
        f.text = arena_strndup(&t->texts, text, strlen(text));
    }
    if (f.name && f.text)
        t->findings[t->nfindings++] = f;
    else
        t->findings_lost++;
}

bool tally_differs(const struct tally *t)
{
    return t->differing > 0 || t->finding_failed || t->chaos.failed;
}
