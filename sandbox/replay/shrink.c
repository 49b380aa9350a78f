/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/temporary.h"
#include "launch/output.h"
#include "launch/places.h"
#include "replay/repeat.h"
#include "replay/word.h"
#include "replay/work.h"
#include "replay/written.h"
#include "simulate/shrink.h"

#define TRIES_MAX 500 /* ours: rehearsals of smaller histories, each with and without faults */
#define WORDS_MAX ((size_t)256 << 10)
#define FILE_MAX  ((size_t)1 << 30)

/* A history with faults beside the one without, of some of the records. */
struct pair {
    struct replay_play plays[2]; /* calm, shaken */
    struct judge_out judged;
};

static void end_pair(struct pair *p)
{
    for (size_t i = 0; i < ARRAY_LEN(p->plays); i++)
        replay_scene_end(TAKE(p->plays[i].rehearsal));
}

/* c->records NULL: all of them. end_pair in any case. */
static int run_pair(struct replay *r, const struct replay_records *records,
                    const struct shrink_candidate *c, struct pair *p, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(p->plays); i++)
        p->plays[i] = (struct replay_play){.records = records,
                                           .launch = &r->options.launch,
                                           .only = c->records,
                                           .nonly = c->nrecords,
                                           .faults = i ? c->faults : NULL};
    if (replay_scene_play_all(r, p->plays, ARRAY_LEN(p->plays), err) < 0)
        return -1;
    return found_judge(r, records, p->plays[0].rehearsal, p->plays[1].rehearsal, &p->judged, err);
}

/* ---- the search ----------------------------------------------------------------------------- */

static void show(struct replay *r, const struct shrink *s)
{
    struct shrink_candidate best;
    char text[120];
    shrink_best(s, &best);
    snprintf(text, sizeof text, "found; the smallest so far has %zu records, %zu faults; %zu tries",
             best.nrecords, best.faults->count, shrink_tries(s));
    replay_view_tell(&r->view, -1, text);
}

/* -1 with ERR_CLOSED: interrupted; the best so far counts. */
static int search(struct replay *r, const struct chaos_found *found, struct shrink *s,
                  struct err *err)
{
    AUTO_FREE struct pair *p = calloc(1, sizeof *p);
    struct shrink_candidate c;
    int status = 0;
    if (!p)
        return err_set(err, ERR_MEMORY, "no memory for a pair of histories");
    while (status == 0 && shrink_next(s, &c)) {
        /* --chaos has one fault at least, even where none is needed */
        bool shaken = c.faults->count > 0;
        status = shaken ? run_pair(r, &r->scene->records, &c, p, err) : 0;
        end_pair(p);
        bool limited = status < 0 && err->kind == ERR_LIMIT; /* nothing is known of it */
        if (limited)
            status = 0;
        if (status == 0)
            shrink_tell(s, shaken && !limited && found_has(&p->judged, found->check));
        show(r, s);
    }
    replay_view_clear(&r->view);
    return status;
}

/* ---- the trace ------------------------------------------------------------------------------ */

static bool is_trace(const struct replay *r, const char *path)
{
    for (size_t i = 0; i < r->options.ntraces; i++)
        if (place_is_same(r->options.traces[i], path))
            return true;
    return false;
}

/* Each record is an event of its own, on a line of its own. */
static int make_trace(const struct replay *r, const struct shrink_candidate *best,
                      struct buf *lines, struct err *err)
{
    const struct replay_records *records = &r->scene->records;
    AUTO_BUF struct buf event = {0};
    buf_init(&event, TRACE_LINE_MAX);
    for (size_t i = 0; i < best->nrecords; i++) {
        const struct record *record = &records->records.items[best->records[i]];
        const struct records_delivery item = {
            .record = record, .count = 1, .first_ms = record->arrival_ms};
        const struct records_batch batch = {.items = &item, .nitems = 1};
        buf_reset(&event);
        records_assemble(records->settings.source, &batch, &event);
        if (buf_check(&event, "an event", err) < 0)
            return -1;
        output_answer_line(event.ptr, event.len, lines);
    }
    return buf_check(lines, "the smallest trace", err);
}

/* Whether a file has these bytes; one that cannot be read has not. */
static bool has_bytes(const char *path, const struct buf *bytes)
{
    struct stat st;
    struct err ignored = {0};
    size_t len;
    if (bytes->failed || stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
        (size_t)st.st_size != bytes->len)
        return false;
    AUTO_FREE char *text = file_read(path, bytes->len, &len, &ignored);
    return text && len == bytes->len && memcmp(text, bytes->ptr, len) == 0;
}

/* The faults as the smallest trace counts its records. */
static void renumber(const struct shrink_candidate *best, struct faults *out)
{
    out->count = 0;
    for (size_t i = 0; i < best->faults->count; i++)
        for (size_t k = 0; k < best->nrecords; k++)
            if (best->records[k] == best->faults->items[i].record) {
                out->items[out->count] = best->faults->items[i];
                out->items[out->count++].record = (uint32_t)k;
                break;
            }
}

/* ---- its command ---------------------------------------------------------------------------- */

static bool is_word_of(const struct replay *r, const char *word)
{
    for (size_t i = 0; i < r->options.ntraces; i++)
        if (r->options.traces[i] == word)
            return true;
    return false;
}

static void add_option(struct buf *out, const char *name, const char *value)
{
    word_add(out, name);
    word_add(out, value);
}

/* trace NULL: the traces as they were given. */
static int make_command(const struct replay *r, const char *trace, const char *chaos,
                        struct buf *out, struct err *err)
{
    const unsigned replaced_kinds = REPEAT_WRITES | REPEAT_ROUND | (trace ? REPEAT_TRACE : 0);
    bool ended = false;
    buf_init(out, WORDS_MAX);
    buf_adds(out, "clambda replay");
    if (trace)
        add_option(out, "--source", r->tally.source);
    if (trace && r->scene->records.settings.source == MAPPING_ASYNC)
        add_option(out, "--trace-kind", "event");
    add_option(out, "--chaos", chaos);
    for (int i = 1; i < r->argc; i++) {
        ended = ended || strcmp(r->argv[i], "--") == 0;
        int replaced = ended ? 0 : repeat_skip(r->argv[i], replaced_kinds);
        if (replaced)
            i += replaced - 1;
        else if (!trace || !is_word_of(r, r->argv[i]))
            word_add(out, r->argv[i]);
    }
    if (trace)
        word_add(out, trace);
    return buf_check(out, "the command that repeats it", err);
}

/* The round as a run of its own. */
static int make_seed_command(struct replay *r, struct chaos_found *found, struct err *err)
{
    const struct replay_rules *rules = &r->options.mapping;
    const char *comma = strchr(rules->chaos_text, ',');
    AUTO_BUF struct buf chaos = {0};
    buf_init(&chaos, WORDS_MAX);
    if (rules->chaos->seeded)
        buf_addf(&chaos, "%" PRIu64 "%s", rules->chaos->seed + found->round, comma ? comma : "");
    else
        buf_adds(&chaos, rules->chaos_text);
    if (buf_check(&chaos, "faults", err) < 0)
        return -1;
    return make_command(r, NULL, chaos.ptr, &found->command, err);
}

/* ---- the proof ------------------------------------------------------------------------------ */

/* Reads what was written as its command does. */
static int read_trace(struct replay *r, const struct chaos_found *found, struct replay_options *o,
                      struct replay_records *out, struct err *err)
{
    const char *path = found->path;
    *o = r->options;
    o->only = 0;
    o->trace_kind_known = r->scene->records.settings.source == MAPPING_ASYNC;
    o->trace_kind = TRACE_KIND_EVENT;
    const struct replay_records_in in = {.options = o,
                                         .paths = &path,
                                         .npaths = 1,
                                         .source = r->tally.source,
                                         .interrupt_fd = r->loop.signal_fd};
    return replay_records_read(&in, out, err);
}

static int tell_pair(struct replay *r, struct replay_records *records, const struct pair *p,
                     struct err *err)
{
    if (found_add(r, "smallest", records, p->plays[1].rehearsal, &p->judged, err) < 0)
        return -1;
    tally_add_judgement(&r->tally, &p->judged, simulation_name, &records->records);
    return 0;
}

/* Runs what its command will run. 1: it fails the same way, and is told; 0: it does not. */
static int prove(struct replay *r, struct chaos_found *found, const struct faults *faults,
                 struct err *err)
{
    AUTO_FREE struct pair *p = calloc(1, sizeof *p);
    AUTO_FREE struct replay_options *o = calloc(1, sizeof *o);
    struct replay_records records = {0};
    const struct shrink_candidate all = {.faults = faults};
    if (!p || !o)
        return err_set(err, ERR_MEMORY, "no memory for a pair of histories");
    int status = read_trace(r, found, o, &records, err);
    if (status == 0)
        status = run_pair(r, &records, &all, p, err);
    if (status == 0 && found_has(&p->judged, found->check))
        status = tell_pair(r, &records, p, err) < 0 ? -1 : 1;
    end_pair(p);
    replay_records_fini(&records);
    return status;
}

/* ---- telling -------------------------------------------------------------------------------- */

/* The round itself. */
static int tell_round(struct replay *r, struct chaos_found *found, struct err *err)
{
    struct replay_records *records = &r->scene->records;
    struct tally_chaos *t = &r->tally.chaos;
    t->smallest_messages = records->records.count;
    t->smallest_faults = found->faults.count;
    t->minimal = false;
    if (found_add(r, "with faults", records, found->shaken, &found->judged, err) < 0 ||
        make_seed_command(r, found, err) < 0)
        return -1;
    chaos_print(&found->faults, &found->smallest_faults);
    t->faults = found->smallest_faults.ptr;
    t->command = found->command.ptr;
    tally_add_judgement(&r->tally, &found->judged, simulation_name, &records->records);
    return buf_check(&found->smallest_faults, "faults", err);
}

/* Where it goes. What was given is not written once more when nothing could be left out of it. */
static void find_place(const struct replay *r, const struct shrink_candidate *best,
                       const struct buf *lines, struct chaos_found *found)
{
    const struct replay_options *o = &r->options;
    bool asked = o->mapping.smallest != NULL;
    found->path = replay_written_smallest(o);
    found->same = false;
    if (o->ntraces != 1 || o->only || best->nrecords < r->scene->records.records.count)
        return;
    found->same = is_trace(r, found->path) || (!asked && has_bytes(o->traces[0], lines));
    if (found->same)
        found->path = o->traces[0];
}

/* The finding is told even where its trace cannot be written. */
static int place_trace(const struct replay *r, const struct shrink_candidate *best,
                       struct chaos_found *found)
{
    AUTO_BUF struct buf lines = {0};
    struct err err = {0};
    buf_init(&lines, FILE_MAX);
    int status = make_trace(r, best, &lines, &err);
    find_place(r, best, &lines, found);
    if (found->same)
        return 0;
    if (is_trace(r, found->path)) {
        output_note("'%.200s' is a trace: the smallest one is not written; --smallest FILE names "
                    "another place",
                    found->path);
        return -1;
    }
    if (status == 0)
        status = replay_written_kind(found->path, WRITTEN_EVENTS, &err);
    if (status == 0)
        status = temporary_write(found->path, lines.ptr ? lines.ptr : "", lines.len, &err);
    if (status == 0)
        return 0;
    output_note("warning: the smallest trace is not written, --smallest FILE names another place: "
                "%s",
                err.msg);
    return -1;
}

static int tell_smallest(struct replay *r, struct chaos_found *found,
                         const struct shrink_candidate *best, struct err *err)
{
    AUTO_FREE struct faults *faults = calloc(1, sizeof *faults);
    struct tally_chaos *t = &r->tally.chaos;
    if (!faults)
        return err_set(err, ERR_MEMORY, "no memory for faults");
    renumber(best, faults);
    if (place_trace(r, best, found) < 0)
        return tell_round(r, found, err);
    int status = prove(r, found, faults, err);
    if (status < 0 && err->kind != ERR_LIMIT)
        return -1;
    if (status <= 0) {
        tally_add_finding(&r->tally, false, true, "repeat",
                          "the smallest trace fails as a part of the whole one, not by itself: the "
                          "function's answers depend on more than its events, or on when they "
                          "came");
        return tell_round(r, found, err);
    }
    chaos_print(faults, &found->smallest_faults);
    if (buf_check(&found->smallest_faults, "faults", err) < 0)
        return -1;
    t->faults = found->smallest_faults.ptr;
    t->smallest = found->path;
    t->same = found->same;
    t->smallest_messages = best->nrecords;
    t->smallest_faults = best->faults->count;
    if (make_command(r, found->path, t->faults ? t->faults : "", &found->command, err) < 0)
        return -1;
    t->command = found->command.ptr;
    return 0;
}

static int shrink_and_tell(struct replay *r, struct chaos_found *found, struct shrink *s,
                           struct err *err)
{
    struct shrink_candidate best;
    struct err failed = {0};
    int status =
        r->interrupted ? err_set(err, ERR_CLOSED, "interrupted") : search(r, found, s, err);
    if (status < 0 && err->kind != ERR_CLOSED)
        return -1;
    r->tally.chaos.minimal = status == 0 && shrink_is_minimal(s);
    shrink_best(s, &best);
    if (status == 0)
        status = tell_smallest(r, found, &best, &failed);
    else
        failed = *err;
    if (status < 0 && failed.kind == ERR_CLOSED && tell_round(r, found, err) < 0)
        return -1;
    *err = failed;
    return status;
}

int replay_shrink(struct replay *r, struct chaos_found *found, struct err *err)
{
    size_t count = r->scene->records.records.count;
    AUTO_FREE uint32_t *records = calloc(count + 1, sizeof *records);
    buf_init(&found->smallest_faults, WORDS_MAX);
    if (!records)
        return err_set(err, ERR_MEMORY, "no memory for %zu records", count);
    for (size_t i = 0; i < count; i++)
        records[i] = (uint32_t)i;
    struct shrink *s = shrink_new(records, count, &found->faults, TRIES_MAX, err);
    int status = s ? shrink_and_tell(r, found, s, err) : -1;
    shrink_free(s);
    return status;
}
