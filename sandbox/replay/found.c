/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/found.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "replay/word.h"
#include "replay/work.h"

#define POINTER_SHOWN 80 /* bytes; a longer one is no word to type */

/* What differs first, and how to leave it out. */
static void print_difference(const struct compare_result *differences, struct buf *out)
{
    const struct compare_difference *d = &differences->items[0];
    compare_print_line(d, out);
    if (differences->count > 1)
        buf_addf(out, ", and %zu more", differences->count - 1);
    if (!*d->pointer || strlen(d->pointer) > POINTER_SHOWN)
        return;
    buf_adds(out, "; what may differ, a time or an id, is left out by --match or --ignore");
    word_add(out, d->pointer);
}

/* As much as fits, whole characters. */
static void copy_difference(struct buf *text, char out[JUDGE_DIFFERENCE])
{
    size_t len = text->ptr && !text->failed ? text->len : 0;
    len = len < JUDGE_DIFFERENCE ? len : JUDGE_DIFFERENCE - 1;
    if (len)
        memcpy(out, text->ptr, len);
    out[utf8_valid_prefix(out, len)] = '\0';
}

/* Two answers to the same record, by the rules of --ignore and --match. */
static bool is_same(void *owner, const struct judge_answers *answers, char out[JUDGE_DIFFERENCE])
{
    struct replay *r = owner;
    struct trace_entry x = trace_entry_none, y = trace_entry_none;
    struct compare_result differences = {0};
    struct err ignored = {0};
    AUTO_BUF struct buf text = {0};
    x.status = y.status = TRACE_STATUS_SUCCESS;
    x.answer = (struct trace_text){answers->was, answers->was_len};
    y.answer = (struct trace_text){answers->now, answers->now_len};
    arena_reset(&r->arena);
    if (compare_entries(&r->options.rules, &x, &y, &r->arena, &differences, &ignored) < 0)
        return false;
    if (differences.nitems) {
        buf_init(&text, TALLY_VALUE_MAX);
        print_difference(&differences, &text);
        copy_difference(&text, out);
    }
    return differences.count == 0;
}

int found_judge(struct replay *r, const struct replay_records *records,
                const struct rehearsal *calm, const struct rehearsal *shaken, struct judge_out *out,
                struct err *err)
{
    const struct judge_in in = {
        .settings = &records->settings,
        .records = &records->records,
        .calm = rehearsal_history(calm),
        .shaken = rehearsal_history(shaken),
        .failures_guessed = records->failures_guessed,
        .same = is_same,
        .owner = r,
    };
    *out = (struct judge_out){0};
    return judge_history(&in, out, err);
}

bool found_has(const struct judge_out *judged, enum judge_check check)
{
    for (size_t i = 0; i < judged->count && i < JUDGE_FINDINGS_MAX; i++)
        if (judged->findings[i].check == check)
            return true;
    return false;
}

void found_note(struct found_asides *all, const struct judge_out *judged, size_t round)
{
    for (size_t i = 0; i < JUDGE_ASIDE_COUNT; i++) {
        const struct judge_aside *a = &judged->asides[i];
        struct found_aside *f = &all->items[i];
        if (!a->count)
            continue;
        if (!f->rounds++ || round < f->round) {
            f->round = round;
            f->first = *a;
        }
        f->records += a->count;
    }
}

void found_tell(struct replay *r, const struct found_asides *all, size_t rounds)
{
    const struct chaos *c = r->options.mapping.chaos;
    for (size_t i = 0; i < JUDGE_ASIDE_COUNT; i++) {
        const struct found_aside *f = &all->items[i];
        size_t len = 0;
        if (!f->rounds)
            continue;
        const char *name = simulation_name(&r->scene->records.records, f->first.first, &len);
        char seed[40] = "";
        if (c->seeded)
            snprintf(seed, sizeof seed, " with seed %" PRIu64, c->seed + f->round);
        tally_add_finding(
            &r->tally, false, i == JUDGE_SETTINGS || i == JUDGE_SWALLOWED, judge_aside_names[i],
            "in %zu of %zu round%s %s (%zu, the first %.*s%s): %s", f->rounds, rounds,
            rounds == 1 ? "" : "s", judge_aside_texts[i], f->records,
            (int)(len < TALLY_NAME_MAX ? len : TALLY_NAME_MAX), name, seed, f->first.text);
    }
}

int found_add(struct replay *r, const char *title, struct replay_records *records,
              const struct rehearsal *rehearsal, const struct judge_out *judged, struct err *err)
{
    const struct tally_history_in in = {
        .title = title,
        .history = rehearsal_history(rehearsal),
        .name = simulation_name,
        .owner = &records->records,
        .findings = judged,
    };
    return tally_add_history(&r->tally, &in, err);
}

void found_free(struct chaos_found *found)
{
    if (!found)
        return;
    buf_free(&found->smallest_faults);
    buf_free(&found->command);
    free(found);
}
