/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/check_groups.h"

#include <stdlib.h>
#include <string.h>

#define SEARCHED_MAX 64 /* groups that a finding is compared with: the newest */

/* Whether a text of a says what one of b says, each of its own file. */
static bool same_words(const char *text, const struct check_finding *a, const char *other,
                       const struct check_finding *b)
{
    size_t len = strlen(a->where), other_len = strlen(b->where);
    while (*text && *other) {
        if (len && other_len && strncmp(text, a->where, len) == 0 &&
            strncmp(other, b->where, other_len) == 0) {
            text += len;
            other += other_len;
        } else if (*text++ != *other++) {
            return false;
        }
    }
    return *text == *other;
}

static bool same_rule(const struct check_finding *a, const struct check_finding *b)
{
    return a->severity == b->severity && strcmp(a->rule, b->rule) == 0;
}

static bool same_why(const struct check_finding *a, const struct check_finding *b)
{
    return same_words(a->why, a, b->why, b);
}

static bool same_fix(const struct check_finding *a, const struct check_finding *b)
{
    return same_words(a->fix, a, b->fix, b);
}

static bool same(const struct check_finding *a, const struct check_finding *b)
{
    return *a->where && *b->where && same_words(a->what, a, b->what, b) && same_why(a, b) &&
           same_fix(a, b);
}

static void join(struct check_group *group, const struct check_finding *f)
{
    if (group->count < CHECK_NAMES_SHOWN)
        group->names[group->count] = f->where;
    group->count++;
}

bool check_groups_init(struct check_groups *g, size_t findings)
{
    *g = (struct check_groups){.list = calloc(findings + 1, sizeof *g->list)};
    return g->list != NULL;
}

void check_groups_add(struct check_groups *g, const struct check_finding *f)
{
    struct check_group fresh = {.first = f};
    size_t oldest = g->count > SEARCHED_MAX ? g->count - SEARCHED_MAX : 0;
    for (size_t i = g->count; i > oldest; i--) {
        struct check_group *group = &g->list[i - 1];
        if (!same_rule(group->first, f))
            continue;
        if (same(group->first, f)) {
            join(group, f);
            return;
        }
        fresh.why_said |= same_why(group->first, f);
        fresh.fix_said |= same_fix(group->first, f);
    }
    join(&fresh, f);
    g->list[g->count++] = fresh;
}

void check_groups_fini(struct check_groups *g)
{
    free(g->list);
    *g = (struct check_groups){0};
}
