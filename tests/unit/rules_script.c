/* SPDX-License-Identifier: Apache-2.0 */
#include "rules_script.h"

#include <ctype.h>
#include <inttypes.h>

#include "base/buf.h"
#include "check.h"

#define PLACES_MAX 64

struct stage {
    struct mapping *mapping;
    const struct rules_row *row;
    struct buf log;
    int64_t now_ms, logged_ms;
};

static const struct {
    const char *name;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"", 1}};

static void log_time(struct buf *log, int64_t ms)
{
    size_t i = 0;
    while (ms == 0 ? i < 4 : ms % units[i].ms != 0)
        i++;
    buf_addf(log, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
}

static int64_t read_time(const char **at)
{
    char *end;
    int64_t n = strtoll(*at, &end, 10);
    *at = end + (isalpha((unsigned char)*end) ? 1 : 0);
    for (size_t i = 0; i < ARRAY_LEN(units) - 1; i++)
        n *= *end == *units[i].name ? units[i].ms : 1;
    return n;
}

static void log_action(struct stage *s, const struct mapping_action *a)
{
    struct buf *log = &s->log;
    if (a->time_ms != s->logged_ms) {
        log_time(log, a->time_ms);
        buf_adds(log, " ");
    }
    s->logged_ms = a->time_ms;
    if (a->kind == MAPPING_INVOKE)
        buf_addf(log, "%" PRIu64, a->batch);
    if (a->kind == MAPPING_INVOKE && a->attempt > 1)
        buf_addf(log, "'%u", a->attempt);
    if (a->kind == MAPPING_DONE || a->kind == MAPPING_FILTERED)
        buf_adds(log, a->kind == MAPPING_DONE ? "done" : "filtered");
    if (a->kind == MAPPING_RETRY) {
        buf_adds(log, "again");
        log_time(log, a->until_ms);
    }
    if (a->kind == MAPPING_GIVE_UP) {
        struct mapping_settings as;
        struct err err;
        CHECK(mapping_settings_parse(s->row->settings, &as, &err) == 0);
        buf_addf(log, "%s:%s/%u", a->to_dlq ? "dlq" : "lost",
                 mapping_reason_name(as.source, a->reason), a->attempt);
        mapping_settings_fini(&as);
    }
    for (size_t i = 0; i < a->nrecords; i++) {
        buf_addf(log, "%c%u", i ? ' ' : '[', a->records[i]);
        if (a->kind == MAPPING_INVOKE && a->deliveries[i] > 1)
            buf_addf(log, "x%u", a->deliveries[i]);
    }
    buf_adds(log, "] ");
}

static bool drain(struct stage *s)
{
    struct mapping_action a;
    struct err err;
    int any = 0, got;
    while ((got = mapping_next(s->mapping, s->now_ms, &a, &err)) > 0) {
        log_action(s, &a);
        any++;
    }
    CHECK_INT(got, 0);
    return any > 0;
}

static void go(struct stage *s, int64_t until_ms)
{
    int64_t wake;
    while ((wake = mapping_wake_ms(s->mapping)) <= until_ms) {
        if (wake > s->now_ms)
            s->now_ms = wake;
        if (!drain(s)) {
            buf_adds(&s->log, "asked ");
            break;
        }
    }
    s->now_ms = until_ms;
    if (drain(s))
        buf_adds(&s->log, "unasked ");
}

static void put(struct stage *s, const char *at)
{
    struct mapping_item item = {.arrival_ms = s->now_ms, .bytes = 100, .matches = true};
    int64_t times = 1;
    while (*at && *at != ' ') {
        char c = *at++;
        if (c == 'g')
            item.key = (uint32_t)read_time(&at);
        else if (c == 'b')
            item.bytes = (size_t)read_time(&at);
        else if (c == '*')
            times = read_time(&at);
        else if (c == '@')
            item.arrival_ms = read_time(&at);
        item.matches = item.matches && c != 'x';
        item.cut = item.cut || c == '|';
    }
    struct err err;
    for (; times > 0; times--)
        CHECK(mapping_put(s->mapping, &item, &err) == 0);
    drain(s);
}

static void finish(struct stage *s, uint64_t batch, const char *how)
{
    static const struct {
        const char *name;
        enum mapping_outcome outcome;
    } outcomes[] = {{"ok", MAPPING_SUCCEEDED},
                    {"err", MAPPING_FAILED},
                    {"throttled", MAPPING_THROTTLED},
                    {"refused", MAPPING_REFUSED},
                    {"part", MAPPING_PARTIAL}};
    uint32_t failed[PLACES_MAX];
    struct mapping_result r = {.failed = failed};
    size_t len = strcspn(how, ": ");
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        if (strlen(outcomes[i].name) == len && strncmp(outcomes[i].name, how, len) == 0)
            r.outcome = outcomes[i].outcome;
    }
    for (how += len; *how == ':' || *how == '.';) {
        char *end;
        failed[r.nfailed++] = (uint32_t)strtoul(how + 1, &end, 10);
        how = end;
    }
    struct err err;
    if (mapping_finish(s->mapping, batch, &r, s->now_ms, &err) < 0)
        buf_adds(&s->log, "refused ");
    drain(s);
}

static void run_row(const struct rules_row *row)
{
    struct mapping_settings settings;
    struct err err;
    if (mapping_settings_parse(row->settings, &settings, &err) < 0) {
        CHECK_STR(err.msg, "");
        return;
    }
    settings.timeout_ms = row->timeout_ms;
    struct stage s = {.row = row, .logged_ms = -1};
    buf_init(&s.log, 1 << 20);
    buf_adds(&s.log, "");
    s.mapping = mapping_new(&settings, &err);
    for (const char *at = row->script; s.mapping && *at;) {
        char *end;
        if (*at == '+') {
            put(&s, at + 1);
        } else if (*at == '@') {
            const char *time = at + 1;
            go(&s, read_time(&time));
        } else {
            uint64_t batch = strtoull(at, &end, 10);
            finish(&s, batch, end + 1);
        }
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    while (s.log.len && s.log.ptr[s.log.len - 1] == ' ')
        s.log.len--;
    if (s.log.len != strlen(row->log) || memcmp(s.log.ptr, row->log, s.log.len) != 0)
        printf("# %s: %s: %s\n", row->name, row->settings, row->script);
    CHECK_MEM(s.log.ptr, s.log.len, row->log, strlen(row->log));
    mapping_free(s.mapping);
    mapping_settings_fini(&settings);
    buf_free(&s.log);
}

void rules_script_run(const struct rules_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        run_row(&rows[i]);
}
