/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/settings.h"

#include <string.h>

#include "base/file.h"
#include "pattern/pattern.h"

#define SQS_UNBATCHED 10   /* AWS docs: CreateEventSourceMapping: more needs a window */
#define SQS_WINDOW_MS 1000 /* ours: the shortest window that allows for larger batches */
#define POLL_MS       1000 /* ours: what a stream's polls put together without a window */
/* Ours: AWS tries until a record expires, which takes days of tens of thousands of invocations for
 * each poisoned one. AWS docs: "Using dead-letter queues in Amazon SQS" recommends a
 * maxReceiveCount of 5 at least for functions. */
#define RETRIES_FOUND   4
#define FILTER_FILE_MAX ((size_t)PATTERN_LENGTH_MAX * 4) /* bytes: characters take up to four */

static int read_filter(struct texts *texts, const char **filter, struct err *err)
{
    size_t len;
    AUTO_FREE char *text = file_read(*filter + 1, FILTER_FILE_MAX, &len, err);
    if (!text) {
        err_place(err);
        return err_wrap(err, "filter");
    }
    *filter = texts_keep(texts, text, len, err);
    return *filter ? 0 : -1;
}

static int complete(const struct replay_options *o, const struct settings_out *out, struct err *err)
{
    struct mapping_settings *s = out->settings;
    s->timeout_ms = o->launch.settings.timeout_ms;
    for (size_t i = 0; i < s->nfilters; i++)
        if (s->filters[i][0] == '@' && read_filter(out->texts, &s->filters[i], err) < 0)
            return -1;
    if (mapping_settings_check(s, err) < 0)
        return -1;
    *out->filter = filter_criteria_open(s, err);
    return *out->filter ? 0 : -1;
}

int replay_settings_parse(const struct replay_options *o, const char *spec,
                          const struct settings_out *out, struct err *err)
{
    if (mapping_settings_parse(spec, out->settings, err) < 0 || complete(o, out, err) < 0)
        return err_wrap(err, "--source");
    return 0;
}

int64_t replay_settings_window(const struct replay_seen *seen)
{
    bool queue = seen->source == MAPPING_SQS;
    if (mapping_is_async(seen->source) || seen->fifo || seen->span_ms <= (queue ? 0 : POLL_MS))
        return 0;
    return (seen->span_ms + 999) / 1000 * 1000;
}

/* Batches as large as those that were seen, the rest as AWS has it when nobody says anything. */
int replay_settings_find(const struct replay_options *o, const struct replay_seen *seen,
                         const struct settings_out *out, struct err *err)
{
    struct mapping_settings *s = out->settings;
    int64_t timeout_ms = o->launch.settings.timeout_ms;
    mapping_settings_default(seen->source, s);
    s->fifo = seen->fifo > 0;
    s->report_failures = seen->failures;
    s->tumbling_ms = seen->tumbling_ms;
    if (s->batch && (int64_t)seen->largest > s->batch)
        s->batch = (int64_t)seen->largest;
    if (s->retries == MAPPING_NO_LIMIT)
        s->retries = RETRIES_FOUND;
    if (replay_settings_window(seen) > s->window_ms)
        s->window_ms = replay_settings_window(seen);
    if (s->source == MAPPING_SQS && s->batch > SQS_UNBATCHED && s->window_ms < SQS_WINDOW_MS)
        s->window_ms = SQS_WINDOW_MS;
    if (s->source == MAPPING_SQS && s->visibility_ms < timeout_ms)
        s->visibility_ms = (timeout_ms + 999) / 1000 * 1000; /* less is refused */
    if (complete(o, out, err) < 0)
        return err_wrap(err, "what the trace says of its source does not go together; name it by "
                             "--source");
    return 0;
}
