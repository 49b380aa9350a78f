/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_script.h"

#include <ctype.h>

#include "check.h"
#include "mapping/mapping.h"

struct script {
    const struct stream_row *row;
    struct mapping *m;
    int64_t now_ms, told_ms;
    char out[4096];
    size_t len;
};

static void say(struct script *s, const char *fmt, ...) ATTR_PRINTF(2, 3);
static void say(struct script *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(s->out + s->len, sizeof s->out - s->len, fmt, args);
    va_end(args);
    s->len += (size_t)n < sizeof s->out - s->len ? (size_t)n : 0;
}

static void say_records(struct script *s, const struct mapping_action *a)
{
    say(s, "[");
    for (size_t i = 0; i < a->nrecords; i++) {
        const char *between = i == 0 ? "" : a->kind == MAPPING_SPLIT && i == a->nfirst ? "|" : " ";
        say(s, "%s%u", between, a->records[i]);
    }
    say(s, "]");
}

static void say_invoke(struct script *s, const struct mapping_action *a)
{
    say(s, "I%llu.%u", (unsigned long long)a->batch, a->attempt);
    if (a->shard)
        say(s, "/%u", a->shard);
    say_records(s, a);
    if (a->window.on)
        say(s, "w%lld-%lld%s%s%s", (long long)a->window.start_ms, (long long)a->window.end_ms,
            a->window.fresh ? "f" : "", a->window.final ? "l" : "", a->window.early ? "e" : "");
}

static const char *const reasons[MAPPING_REASON_COUNT] = {
    [MAPPING_RETRIES_EXHAUSTED] = "retries",
    [MAPPING_AGE_EXCEEDED] = "age",
    [MAPPING_EXPIRED] = "expired",
};

static void say_action(struct script *s, const struct mapping_action *a)
{
    static const char letters[MAPPING_ACTION_COUNT] = {
        [MAPPING_FILTERED] = 'F', [MAPPING_DONE] = 'D',    [MAPPING_RETRY] = 'R',
        [MAPPING_SPLIT] = 'S',    [MAPPING_GIVE_UP] = 'G',
    };
    if (s->told_ms != a->time_ms)
        say(s, "%s@%lld", s->len ? " " : "", (long long)a->time_ms);
    s->told_ms = a->time_ms;
    say(s, " ");
    if (a->kind == MAPPING_INVOKE) {
        say_invoke(s, a);
        return;
    }
    say(s, "%c", letters[a->kind]);
    if (a->kind == MAPPING_RETRY)
        say(s, ">%lld", (long long)a->until_ms);
    if (a->kind == MAPPING_GIVE_UP)
        say(s, ":%s*%u%s", reasons[a->reason], a->attempt, a->to_dlq ? "" : "!");
    say_records(s, a);
}

static void drain(struct script *s)
{
    struct mapping_action a;
    struct err err;
    int got;
    int limit = 1000;
    while ((got = mapping_next(s->m, s->now_ms, &a, &err)) == 1 && limit-- > 0)
        say_action(s, &a);
    CHECK_INT(got, 0);
}

static void advance(struct script *s, int64_t to_ms)
{
    int limit = 10000;
    while (mapping_wake_ms(s->m) <= to_ms && limit-- > 0) {
        if (mapping_wake_ms(s->m) > s->now_ms)
            s->now_ms = mapping_wake_ms(s->m);
        drain(s);
    }
    s->now_ms = to_ms;
    size_t before = s->len;
    drain(s);
    CHECK_INT(s->len, before);
}

static void put(struct script *s, const char *text)
{
    struct mapping_item item = {.arrival_ms = s->now_ms, .bytes = 100, .matches = true};
    struct err err;
    char *at;
    unsigned long count = 1;
    item.shard = (uint32_t)strtoul(text, &at, 10);
    while (*at && !isspace((unsigned char)*at)) {
        char what = *at++;
        unsigned long value = isdigit((unsigned char)*at) ? strtoul(at, &at, 10) : 0;
        if (what == '.')
            item.key = (uint32_t)value;
        else if (what == '*')
            item.bytes = value;
        else if (what == '#')
            count = value;
        else if (what == '~')
            item.matches = false;
        else
            item.cut = true;
    }
    while (count-- > 0)
        CHECK_INT(mapping_put(s->m, &item, &err), 0);
}

static void finish(struct script *s, const char *text)
{
    static const struct {
        const char *name;
        enum mapping_outcome outcome;
    } outcomes[] = {{"ok", MAPPING_SUCCEEDED},
                    {"err", MAPPING_FAILED},
                    {"no", MAPPING_REFUSED},
                    {"busy", MAPPING_THROTTLED},
                    {"part", MAPPING_PARTIAL}};
    struct mapping_result r = {.outcome = MAPPING_OUTCOME_COUNT};
    uint32_t failed[16];
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        size_t n = strlen(outcomes[i].name);
        if (strncmp(text, outcomes[i].name, n) == 0 && isdigit((unsigned char)text[n])) {
            r.outcome = outcomes[i].outcome;
            text += n;
            break;
        }
    }
    CHECK(r.outcome != MAPPING_OUTCOME_COUNT);
    char *at;
    unsigned long batch = strtoul(text, &at, 10);
    for (r.failed = failed; *at == ':' || *at == ',';)
        failed[r.nfailed++] = (uint32_t)strtoul(at + 1, &at, 10);
    if (*at == '*')
        r.state_bytes = strtoul(at + 1, &at, 10);
    int got = mapping_finish(s->m, batch, &r, s->now_ms, &err);
    if (got < 0)
        say(s, " -%s", err.kind == ERR_INPUT ? "input" : "?");
    drain(s);
}

static void run(struct script *s)
{
    for (const char *at = s->row->script; *at;) {
        if (*at == '@')
            advance(s, strtoll(at + 1, NULL, 10));
        else if (*at == '+')
            put(s, at + 1);
        else
            finish(s, at);
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
}

void stream_script_check(const struct stream_row *row)
{
    struct script s = {.row = row, .told_ms = INT64_MIN};
    struct mapping_settings settings;
    struct err err;
    int before = check_failures;
    CHECK_INT(mapping_settings_parse(row->settings, &settings, &err), 0);
    if (check_failures == before) {
        s.m = mapping_new(&settings, &err);
        CHECK(s.m != NULL);
    }
    if (s.m) {
        run(&s);
        CHECK_STR(s.out, row->want);
    }
    if (check_failures != before)
        printf("# in '%s' (%s)\n", row->name, row->fact);
    mapping_free(s.m);
    mapping_settings_fini(&settings);
}
