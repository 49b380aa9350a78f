/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "base/visible.h"

#define PART_MAX  (256u << 10) /* of one case's text */
#define ITEMS_MAX 20           /* of one event */

static const struct {
    char c;
    const char *text;
    bool content; /* in the content of elements, too */
} escapes[] = {
    {'&', "&amp;", true},   {'<', "&lt;", true},    {'>', "&gt;", true},
    {'"', "&quot;", false}, {'\n', "&#10;", false}, {'\t', "&#9;", false},
};

/* U+FFFE and U+FFFF are UTF-8 but no XML. */
static bool is_no_character(const char *text)
{
    return memcmp(text, "\xEF\xBF\xBE", 3) == 0 || memcmp(text, "\xEF\xBF\xBF", 3) == 0;
}

/* text is visible: UTF-8 without control characters other than line breaks and tabs. Attributes
 * lose these unless they are escaped. */
static void add_escaped(struct buf *out, bool attribute, const char *text, size_t len)
{
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        const char *with = NULL;
        size_t step = 1;
        for (size_t k = 0; k < ARRAY_LEN(escapes); k++)
            if (text[i] == escapes[k].c && (attribute || escapes[k].content))
                with = escapes[k].text;
        if (text[i] == '\xEF' && len - i >= 3 && is_no_character(text + i)) {
            with = "\xEF\xBF\xBD";
            step = 3;
        }
        if (!with)
            continue;
        buf_add(out, text + plain, i - plain);
        buf_adds(out, with);
        i += step - 1;
        plain = i + 1;
    }
    buf_add(out, text + plain, len - plain);
}

static void add_text(struct buf *out, bool attribute, const char *text)
{
    AUTO_BUF struct buf visible;
    size_t len = strlen(text);
    buf_init(&visible, len * VISIBLE_GROWTH + 1);
    visible_add(text, len, "\n\t", &visible);
    add_escaped(out, attribute, visible.ptr ? visible.ptr : "", visible.len);
    buf_inherit(out, &visible);
}

static void add_attribute(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, " %s=\"", name);
    add_text(out, true, value);
    buf_addc(out, '"');
}

struct xml {
    const struct tally *tally;
    struct buf *out;
    struct buf part; /* a name or a text that is being put together */
};

static const char *part(struct xml *x)
{
    buf_inherit(x->out, &x->part);
    return x->part.ptr ? x->part.ptr : "";
}

static void open_case(struct xml *x, const char *group, const char *name, int64_t took_us)
{
    buf_adds(x->out, "    <testcase");
    add_attribute(x->out, "classname", group);
    add_attribute(x->out, "name", name);
    buf_addf(x->out, " time=\"%.6f\"", took_us > 0 ? (double)took_us / 1e6 : 0.0);
}

static void add_failure(struct xml *x, const char *element, const char *type, const char *message,
                        const char *text)
{
    buf_addf(x->out, ">\n      <%s", element);
    if (type)
        add_attribute(x->out, "type", type);
    add_attribute(x->out, "message", message);
    buf_addc(x->out, '>');
    add_text(x->out, false, text);
    buf_addf(x->out, "</%s>\n    </testcase>\n", element);
}

static const char *noun(const struct xml *x)
{
    return x->tally->messages ? "message" : "event";
}

static const char *group(const struct xml *x)
{
    return x->tally->messages ? "messages" : "events";
}

static void add_difference(struct xml *x, const struct tally_difference *d)
{
    AUTO_BUF struct buf text;
    buf_init(&text, PART_MAX);
    for (size_t i = 0; i < d->nitems && i < ITEMS_MAX; i++)
        compare_print(&d->items[i], false, &text);
    if (d->count > ITEMS_MAX || d->count > d->nitems)
        buf_addf(&text, "%zu differences in all\n", d->count);
    buf_addf(&text, "repeat: %s", d->command);
    buf_inherit(x->out, &text);
    buf_reset(&x->part);
    buf_addf(&x->part, "%s %zu (%s", noun(x), d->number, d->source);
    if (x->tally->messages && *d->request_id) /* one line has many; it is the same in every run */
        buf_addf(&x->part, ", %s", d->request_id);
    buf_addc(&x->part, ')');
    open_case(x, group(x), part(x), d->got_us);
    buf_reset(&x->part);
    buf_addf(&x->part, "%zu difference%s, the first at '%s'", d->count, d->count == 1 ? "" : "s",
             d->nitems ? d->items[0].pointer : "");
    add_failure(x, "failure", "difference", part(x), text.ptr ? text.ptr : "");
}

/* Those that were counted only. */
static void add_others(struct xml *x)
{
    const struct tally *t = x->tally;
    size_t lost = t->differing - t->nkept;
    buf_reset(&x->part);
    size_t others = t->done - t->nkept;
    buf_addf(&x->part, "%s%zu %s%s%s", t->nkept ? "" : "all ", others, t->nkept ? "other " : "",
             noun(x), others == 1 ? "" : "s");
    open_case(x, group(x), part(x), 0);
    buf_reset(&x->part);
    if (lost) {
        buf_addf(&x->part, "%zu of them differ; what differs was not kept", lost);
        add_failure(x, "failure", "difference", part(x), "");
    } else {
        buf_adds(x->out, "/>\n");
    }
}

static void add_finding(struct xml *x, const struct tally_finding *f)
{
    open_case(x, "findings", f->name, 0);
    if (f->failed)
        add_failure(x, "failure", "finding", f->text, "");
    else if (f->unsure)
        add_failure(x, "skipped", NULL, f->text, "");
    else
        buf_adds(x->out, "/>\n");
}

static void add_chaos(struct xml *x)
{
    const struct tally_chaos *c = &x->tally->chaos;
    open_case(x, "chaos", "no round fails", x->tally->took_us);
    if (!c->failed) {
        buf_adds(x->out, "/>\n");
        return;
    }
    AUTO_BUF struct buf text;
    buf_init(&text, PART_MAX);
    buf_addf(&text, "%s: %zu message%s, %zu fault%s %s\n", c->smallest ? "smallest" : "with faults",
             c->smallest_messages, c->smallest_messages == 1 ? "" : "s", c->smallest_faults,
             c->smallest_faults == 1 ? "" : "s", c->faults ? c->faults : "");
    buf_addf(&text, "repeat: %s", c->command ? c->command : "");
    buf_inherit(x->out, &text);
    buf_reset(&x->part);
    buf_addf(&x->part, "one of %zu round%s fails", c->rounds, c->rounds == 1 ? "" : "s");
    add_failure(x, "failure", "chaos", part(x), text.ptr ? text.ptr : "");
}

static void add_end(struct xml *x)
{
    buf_reset(&x->part);
    buf_addf(&x->part, "interrupted after %zu %s", x->tally->done, group(x));
    open_case(x, "replay", "ran to its end", x->tally->took_us);
    if (x->tally->interrupted)
        add_failure(x, "error", "interrupted", part(x), "");
    else
        buf_adds(x->out, "/>\n");
}

/* Of all cases. Schemas know the skipped ones of a suite only. */
static void add_counts(struct xml *x, bool suite)
{
    const struct tally *t = x->tally;
    size_t failures = t->nkept + (t->differing > t->nkept) + t->chaos.failed, skipped = 0;
    for (size_t i = 0; i < t->nfindings; i++) {
        failures += t->findings[i].failed;
        skipped += t->findings[i].unsure && !t->findings[i].failed;
    }
    buf_addf(x->out, " tests=\"%zu\" failures=\"%zu\" errors=\"%d\" time=\"%.6f\"",
             t->nkept + (t->done > t->nkept) + t->nfindings + t->chaos.on + 1, failures,
             t->interrupted ? 1 : 0, (double)t->took_us / 1e6);
    if (suite)
        buf_addf(x->out, " skipped=\"%zu\"", skipped);
}

static void add_properties(struct xml *x)
{
    const struct tally *t = x->tally;
    const char *const pairs[][2] = {{"function", t->function},
                                    {"baseline", t->baseline},
                                    {"command", t->command},
                                    {"version", t->version}};
    buf_adds(x->out, "    <properties>\n");
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (!pairs[i][1])
            continue;
        buf_adds(x->out, "      <property");
        add_attribute(x->out, "name", pairs[i][0]);
        add_attribute(x->out, "value", pairs[i][1]);
        buf_adds(x->out, "/>\n");
    }
    buf_adds(x->out, "    </properties>\n");
}

static void add_suite(struct xml *x)
{
    const struct tally *t = x->tally;
    char began[64] = "";
    struct tm tm;
    time_t seconds = (time_t)(t->began_ms / 1000);
    if (!gmtime_r(&seconds, &tm) || !strftime(began, sizeof began, "%Y-%m-%dT%H:%M:%S", &tm))
        strcpy(began, "1970-01-01T00:00:00");
    buf_adds(x->out, "  <testsuite name=\"clambda replay\"");
    add_attribute(x->out, "timestamp", began);
    buf_adds(x->out, " hostname=\"localhost\"");
    add_counts(x, true);
    buf_adds(x->out, ">\n");
    add_properties(x);
    for (size_t i = 0; i < t->nkept; i++)
        add_difference(x, &t->kept[i]);
    if (t->done > t->nkept)
        add_others(x);
    for (size_t i = 0; i < t->nfindings; i++)
        add_finding(x, &t->findings[i]);
    if (t->chaos.on)
        add_chaos(x);
    add_end(x);
    buf_adds(x->out, "  </testsuite>\n");
}

void report_xml(const struct tally *t, struct buf *out)
{
    struct xml x = {.tally = t, .out = out};
    buf_init(&x.part, PART_MAX);
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_counts(&x, false);
    buf_adds(out, ">\n");
    add_suite(&x);
    buf_adds(out, "</testsuites>\n");
    buf_free(&x.part);
}
