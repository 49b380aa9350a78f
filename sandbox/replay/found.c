/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/found.h"

#include <stdlib.h>

#include "replay/work.h"

/* Two answers to the same record, by the rules of --ignore and --match. */
static bool is_same(void *owner, const char *a, size_t a_len, const char *b, size_t b_len)
{
    struct replay *r = owner;
    struct trace_entry x = trace_entry_none, y = trace_entry_none;
    struct compare_result differences;
    struct err ignored = {0};
    x.status = y.status = TRACE_STATUS_SUCCESS;
    x.answer = (struct trace_text){a, a_len};
    y.answer = (struct trace_text){b, b_len};
    arena_reset(&r->arena);
    return compare_entries(&r->options.rules, &x, &y, &r->arena, &differences, &ignored) == 0 &&
           differences.count == 0;
}

int found_judge(struct replay *r, const struct replay_records *records,
                const struct rehearsal *calm, const struct rehearsal *shaken,
                const struct faults *faults, struct judge_out *out, struct err *err)
{
    const struct judge_in in = {
        .settings = &records->settings,
        .records = &records->records,
        .calm = rehearsal_history(calm),
        .shaken = rehearsal_history(shaken),
        .faults = faults,
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
