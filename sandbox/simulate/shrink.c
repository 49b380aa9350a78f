/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/shrink.h"

#include <stdlib.h>
#include <string.h>

/* Parts are left out in passes: first of half, then of a quarter of what is left, down to one
 * record; the same with the faults; then single records again until neither pass finds anything. */
enum phase { PHASE_SHAKEN_ONLY, PHASE_RECORDS, PHASE_FAULTS, PHASE_OVER };

struct set {
    uint32_t *records; /* heap */
    size_t nrecords;
    struct faults *faults; /* heap */
};

struct tried {
    uint64_t a, b;
};

struct shrink {
    struct set best, candidate;
    enum phase phase;
    size_t chunk, at;
    unsigned visited, dry; /* phases; passes of single ones, one after the other, without success */
    bool found;            /* something in this pass */
    size_t tries, most;
    bool starved;       /* no memory: it ends early */
    struct tried *seen; /* by hash; tried candidates fail never, or are larger than the best */
    size_t seen_mask, nseen;
};

/* ---- sets ----------------------------------------------------------------------------------- */

static int set_init(struct set *set, size_t nrecords)
{
    set->records = malloc((nrecords + 1) * sizeof *set->records);
    set->faults = malloc(sizeof *set->faults);
    return set->records && set->faults ? 0 : -1;
}

static void set_fini(struct set *set)
{
    free(set->records);
    free(set->faults);
}

static bool has_record(const struct set *set, uint32_t record)
{
    size_t low = 0, high = set->nrecords;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->records[middle] == record)
            return true;
        if (set->records[middle] < record)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The faults of from whose records are in to, but for those from without on. */
static void copy_faults(const struct faults *from, struct set *to, size_t without, size_t count)
{
    to->faults->count = 0;
    for (size_t i = 0; i < from->count; i++)
        if ((i < without || i - without >= count) && has_record(to, from->items[i].record))
            to->faults->items[to->faults->count++] = from->items[i];
}

static void copy_records(const struct set *from, struct set *to, size_t without, size_t count)
{
    to->nrecords = 0;
    for (size_t i = 0; i < from->nrecords; i++)
        if (i < without || i - without >= count)
            to->records[to->nrecords++] = from->records[i];
}

static bool has_fault(const struct faults *faults, uint32_t record)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].record == record)
            return true;
    return false;
}

/* ---- what was tried ------------------------------------------------------------------------- */

static uint64_t stir(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 31);
}

static struct tried hash_set(const struct set *set)
{
    struct tried t = {0x243f6a8885a308d3u, 0x13198a2e03707344u};
    for (size_t i = 0; i < set->nrecords; i++) {
        t.a = stir(t.a, set->records[i]);
        t.b = stir(t.b, ~(uint64_t)set->records[i]);
    }
    for (size_t i = 0; i < set->faults->count; i++) {
        const struct fault *f = &set->faults->items[i];
        uint64_t place = (uint64_t)f->kind << 56 ^ (uint64_t)f->record << 24 ^ f->delivery;
        t.a = stir(stir(t.a, place), f->value);
        t.b = stir(stir(t.b, ~place), f->value);
    }
    t.a |= 1; /* 0 is a free place */
    return t;
}

static bool grow_seen(struct shrink *s)
{
    size_t size = s->seen ? (s->seen_mask + 1) * 2 : 256;
    struct tried *seen = calloc(size, sizeof *seen);
    if (!seen)
        return false;
    for (size_t i = 0; s->seen && i <= s->seen_mask; i++) {
        size_t at = s->seen[i].b & (size - 1);
        while (s->seen[i].a && seen[at].a)
            at = (at + 1) & (size - 1);
        if (s->seen[i].a)
            seen[at] = s->seen[i];
    }
    free(s->seen);
    s->seen = seen;
    s->seen_mask = size - 1;
    return true;
}

/* Whether the candidate is new; it is not afterwards. */
static bool is_new(struct shrink *s)
{
    if ((!s->seen || s->nseen * 2 > s->seen_mask) && !grow_seen(s)) {
        s->starved = true;
        return false;
    }
    struct tried t = hash_set(&s->candidate);
    size_t at = t.b & s->seen_mask;
    for (; s->seen[at].a; at = (at + 1) & s->seen_mask)
        if (s->seen[at].a == t.a && s->seen[at].b == t.b)
            return false;
    s->seen[at] = t;
    s->nseen++;
    return true;
}

/* ---- passes --------------------------------------------------------------------------------- */

static size_t phase_size(const struct shrink *s)
{
    return s->phase == PHASE_RECORDS ? s->best.nrecords : s->best.faults->count;
}

static void enter(struct shrink *s, enum phase phase)
{
    bool first = !(s->visited & 1u << phase);
    s->visited |= 1u << phase;
    s->phase = phase;
    s->found = false;
    s->at = 0;
    s->chunk = first ? phase_size(s) / 2 : 1;
    if (!s->chunk)
        s->chunk = 1;
}

/* The pass is through: smaller parts, or the other kind. */
static void next_pass(struct shrink *s)
{
    s->at = 0;
    if (s->chunk > 1) {
        s->chunk /= 2;
        return;
    }
    s->dry = s->found ? 0 : s->dry + 1;
    if (s->dry == 2)
        s->phase = PHASE_OVER;
    else
        enter(s, s->phase == PHASE_RECORDS ? PHASE_FAULTS : PHASE_RECORDS);
}

static void make_candidate(struct shrink *s)
{
    struct set *c = &s->candidate;
    if (s->phase == PHASE_FAULTS) {
        copy_records(&s->best, c, s->best.nrecords, 0);
        copy_faults(s->best.faults, c, s->at, s->chunk);
        return;
    }
    if (s->phase == PHASE_RECORDS) {
        copy_records(&s->best, c, s->at, s->chunk);
    } else {
        c->nrecords = 0;
        for (size_t i = 0; i < s->best.nrecords; i++)
            if (has_fault(s->best.faults, s->best.records[i]))
                c->records[c->nrecords++] = s->best.records[i];
    }
    copy_faults(s->best.faults, c, s->best.faults->count, 0);
}

/* ---- what the caller sees ------------------------------------------------------------------- */

struct shrink *shrink_new(const uint32_t *records, size_t nrecords, const struct faults *faults,
                          size_t most, struct err *err)
{
    struct shrink *s = calloc(1, sizeof *s);
    if (!s || set_init(&s->best, nrecords) < 0 || set_init(&s->candidate, nrecords) < 0) {
        shrink_free(s);
        err_set(err, ERR_MEMORY, "no memory to shrink %zu records", nrecords);
        return NULL;
    }
    s->most = most;
    s->best.nrecords = nrecords;
    if (nrecords)
        memcpy(s->best.records, records, nrecords * sizeof *records);
    copy_faults(faults, &s->best, faults->count, 0);
    return s;
}

void shrink_free(struct shrink *s)
{
    if (!s)
        return;
    set_fini(&s->best);
    set_fini(&s->candidate);
    free(s->seen);
    free(s);
}

static void show(const struct set *set, struct shrink_candidate *out)
{
    *out = (struct shrink_candidate){set->records, set->nrecords, set->faults};
}

/* The next part of this pass; false: it is through. */
static bool next_part(struct shrink *s)
{
    for (; s->at < phase_size(s); s->at += s->chunk) {
        make_candidate(s);
        if (s->candidate.nrecords && is_new(s))
            return true;
    }
    return false;
}

bool shrink_next(struct shrink *s, struct shrink_candidate *out)
{
    show(&s->candidate, out);
    if (s->tries == s->most || s->starved)
        return false;
    if (s->phase == PHASE_SHAKEN_ONLY) {
        make_candidate(s);
        size_t left = s->candidate.nrecords;
        if (left && left < s->best.nrecords && is_new(s)) {
            s->tries++;
            show(&s->candidate, out);
            return true;
        }
        enter(s, PHASE_RECORDS);
    }
    while (s->phase != PHASE_OVER && !s->starved) {
        if (next_part(s)) {
            s->tries++;
            show(&s->candidate, out);
            return true;
        }
        next_pass(s);
    }
    return false;
}

void shrink_tell(struct shrink *s, bool fails)
{
    if (fails) {
        struct set smaller = s->candidate;
        s->candidate = s->best;
        s->best = smaller;
    } else {
        s->at += s->chunk;
    }
    if (s->phase == PHASE_SHAKEN_ONLY)
        enter(s, PHASE_RECORDS);
    else
        s->found = s->found || fails;
}

void shrink_best(const struct shrink *s, struct shrink_candidate *out)
{
    show(&s->best, out);
}

size_t shrink_tries(const struct shrink *s)
{
    return s->tries;
}

bool shrink_is_minimal(const struct shrink *s)
{
    return s->phase == PHASE_OVER;
}
