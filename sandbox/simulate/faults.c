/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/faults.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Ours: a round shakes a little, so that what a finding says stays readable. */
#define FAULTS_PER_ROUND 8
#define REORDER_FARTHEST 5 /* later records that one is put behind */

const char *const fault_kind_names[FAULT_KIND_COUNT] = {
    [FAULT_DUPLICATE] = "duplicate", [FAULT_REORDER] = "reorder", [FAULT_POISON] = "poison",
    [FAULT_CRASH] = "crash",         [FAULT_TIMEOUT] = "timeout", [FAULT_THROTTLE] = "throttle",
    [FAULT_SPLIT] = "split",
};

const char *const fault_kind_helps[FAULT_KIND_COUNT] = {
    [FAULT_DUPLICATE] = "delivered again after its success, as at-least-once allows",
    [FAULT_REORDER] = "delivered later than what came after it, where there is no order",
    [FAULT_POISON] = "its content is something that no handler can read",
    [FAULT_CRASH] = "the runtime dies, before the handler or after its effects",
    [FAULT_TIMEOUT] = "the time is up after the effects, before the answer",
    [FAULT_THROTTLE] = "the function is not invoked, no concurrency is left",
    [FAULT_SPLIT] = "the batch is cut before it, as pollers do",
};

/* What each kind takes: reorder counts the later records, crash says when. */
static const struct {
    uint32_t usual, least, most;
    bool any_delivery; /* else it is about the record, whichever delivery */
} takes[FAULT_KIND_COUNT] = {
    [FAULT_DUPLICATE] = {0, 0, 0, true}, [FAULT_REORDER] = {1, 1, 1000000, false},
    [FAULT_POISON] = {0, 0, 0, false},   [FAULT_CRASH] = {0, 0, 1, true},
    [FAULT_TIMEOUT] = {0, 0, 0, true},   [FAULT_THROTTLE] = {0, 0, 0, true},
    [FAULT_SPLIT] = {0, 0, 0, false},
};

static int find_kind(const char *text, size_t len)
{
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (strlen(fault_kind_names[k]) == len && memcmp(fault_kind_names[k], text, len) == 0)
            return k;
    return -1;
}

static int refuse_kind(const char *text, size_t len, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "chaos '%.*s' is neither a seed nor one of duplicate, reorder, poison, crash, "
                   "timeout, throttle, split",
                   (int)(len < 40 ? len : 40), text);
}

/* A decimal number of at most most; moves *text behind it. */
static bool read_number(const char **text, const char *end, uint64_t most, uint64_t *out)
{
    const char *at = *text;
    uint64_t value = 0;
    while (at < end && *at >= '0' && *at <= '9') {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
        at++;
    }
    if (at == *text)
        return false;
    *text = at;
    *out = value;
    return true;
}

/* "RECORD[.DELIVERY[.VALUE]]" */
static bool read_place(const char *text, const char *end, struct fault *out)
{
    uint64_t record = 0, delivery = 1, value = takes[out->kind].usual;
    if (!read_number(&text, end, UINT32_MAX, &record) || record == 0)
        return false;
    if (text < end && *text == '.') {
        text++;
        if (!read_number(&text, end, UINT32_MAX, &delivery) || delivery == 0)
            return false;
    }
    if (text < end && *text == '.') {
        text++;
        if (!read_number(&text, end, UINT32_MAX, &value))
            return false;
    }
    out->record = (uint32_t)(record - 1);
    out->delivery = (uint32_t)delivery;
    out->value = (uint32_t)value;
    return text == end;
}

static int parse_fault(const char *text, size_t len, struct faults *out, struct err *err)
{
    const char *sign = memchr(text, '=', len);
    size_t name = sign ? (size_t)(sign - text) : len;
    int kind = find_kind(text, name);
    int shown = (int)(len < 60 ? len : 60);
    if (kind < 0)
        return refuse_kind(text, name, err);
    if (!sign)
        return err_set(err, ERR_USAGE,
                       "chaos '%.*s' needs a seed before it (1,%.*s) or a record behind it "
                       "(%.*s=1)",
                       shown, text, shown, text, shown, text);
    struct fault f = {.kind = (enum fault_kind)kind};
    if (!read_place(sign + 1, text + len, &f))
        return err_set(err, ERR_USAGE,
                       "chaos '%.*s' is not KIND=RECORD[.DELIVERY[.VALUE]] with numbers from 1",
                       shown, text);
    if (f.delivery != 1 && !takes[kind].any_delivery)
        return err_set(err, ERR_USAGE, "chaos '%.*s': %s is about the record, its delivery is 1",
                       shown, text, fault_kind_names[kind]);
    if (f.value < takes[kind].least || f.value > takes[kind].most)
        return err_set(err, ERR_USAGE, "chaos '%.*s': the value of %s is %" PRIu32 " to %" PRIu32,
                       shown, text, fault_kind_names[kind], takes[kind].least, takes[kind].most);
    if (faults_find(out, f.kind, f.record, f.delivery))
        return err_set(err, ERR_USAGE, "chaos '%.*s' is there twice", shown, text);
    if (out->count == FAULTS_MAX)
        return err_set(err, ERR_USAGE, "chaos has more than %d faults", FAULTS_MAX);
    out->items[out->count++] = f;
    return 0;
}

static int parse_seeded(const char *text, size_t len, struct chaos *out, struct err *err)
{
    int kind = find_kind(text, len);
    if (kind < 0)
        return refuse_kind(text, len, err);
    if (out->kinds[kind])
        return err_set(err, ERR_USAGE, "chaos '%s' is there twice", fault_kind_names[kind]);
    out->kinds[kind] = true;
    return 0;
}

static int parse_seed(const char *text, size_t len, struct chaos *out, struct err *err)
{
    const char *at = text;
    if (!read_number(&at, text + len, UINT64_MAX, &out->seed) || at != text + len)
        return err_set(err, ERR_USAGE, "chaos seed '%.*s' is not a number from 0 to %" PRIu64,
                       (int)(len < 40 ? len : 40), text, UINT64_MAX);
    out->seeded = true;
    return 0;
}

int chaos_parse(const char *text, struct chaos *out, struct err *err)
{
    out->seeded = false;
    out->seed = 0;
    memset(out->kinds, 0, sizeof out->kinds);
    out->given.count = 0;
    size_t parts = 0;
    for (const char *at = text;; parts++) {
        size_t len = strcspn(at, ",");
        int rc = 0;
        if (!parts && *at >= '0' && *at <= '9')
            rc = parse_seed(at, len, out, err);
        else if (out->seeded)
            rc = parse_seeded(at, len, out, err);
        else
            rc = parse_fault(at, len, &out->given, err);
        if (rc < 0)
            return -1;
        if (!at[len])
            break;
        at += len + 1;
    }
    if (out->seeded && !parts)
        memset(out->kinds, true, sizeof out->kinds);
    return 0;
}

void chaos_print(const struct faults *f, struct buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct fault *one = f->items + i;
        bool value = one->value != takes[one->kind].usual;
        buf_addf(out, "%s%s=%" PRIu64, i ? "," : "", fault_kind_names[one->kind],
                 (uint64_t)one->record + 1);
        if (one->delivery != 1 || value)
            buf_addf(out, ".%" PRIu32, one->delivery);
        if (value)
            buf_addf(out, ".%" PRIu32, one->value);
    }
}

const char *fault_impossible(enum fault_kind kind, const struct mapping_settings *s)
{
    if (kind == FAULT_REORDER && mapping_is_ordered(s))
        return s->fifo ? "a FIFO queue keeps its order" : "shards and partitions keep their order";
    if (kind == FAULT_SPLIT && mapping_is_async(s->source))
        return "an asynchronous invocation has one event";
    if (kind == FAULT_SPLIT && s->batch == 1)
        return "a batch of one record cannot be cut";
    return NULL;
}

static uint64_t draw(uint64_t *state)
{
    uint64_t drawn = hash_mix(*state);
    *state += HASH_STEP;
    return drawn;
}

/* Mostly the first delivery: later ones need a reason to be there. */
static uint32_t draw_delivery(uint64_t *state)
{
    uint64_t n = draw(state) % 8;
    return n < 6 ? 1 : (uint32_t)n - 4;
}

static void plan_one(const enum fault_kind *kinds, size_t nkinds, uint64_t *state,
                     uint32_t nrecords, struct faults *out)
{
    struct fault f = {.kind = kinds[draw(state) % nkinds]};
    f.record = (uint32_t)(draw(state) % nrecords);
    uint32_t delivery = draw_delivery(state);
    uint64_t value = draw(state);
    f.delivery = takes[f.kind].any_delivery ? delivery : 1;
    f.value = takes[f.kind].usual;
    if (f.kind == FAULT_CRASH)
        f.value = value % 2;
    if (f.kind == FAULT_REORDER)
        f.value = 1 + (uint32_t)(value % REORDER_FARTHEST);
    if (!faults_find(out, f.kind, f.record, f.delivery))
        out->items[out->count++] = f;
}

void faults_plan(const struct chaos *c, uint64_t round, const struct mapping_settings *s,
                 uint32_t nrecords, struct faults *out)
{
    out->count = 0;
    if (!c->seeded) {
        out->count = c->given.count;
        memcpy(out->items, c->given.items, out->count * sizeof *out->items);
        return;
    }
    enum fault_kind kinds[FAULT_KIND_COUNT];
    size_t nkinds = 0;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (c->kinds[k] && !fault_impossible((enum fault_kind)k, s))
            kinds[nkinds++] = (enum fault_kind)k;
    if (!nkinds || !nrecords)
        return;
    uint64_t state = c->seed + round;
    state = draw(&state);
    size_t count = 1 + draw(&state) % FAULTS_PER_ROUND;
    for (size_t i = 0; i < count; i++)
        plan_one(kinds, nkinds, &state, nrecords, out);
}

const struct fault *faults_find(const struct faults *f, enum fault_kind kind, uint32_t record,
                                uint32_t delivery)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].kind == kind && f->items[i].record == record &&
            f->items[i].delivery == delivery)
            return f->items + i;
    return NULL;
}
