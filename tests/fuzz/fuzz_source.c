/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as the settings of a source: what is taken prints as a text that is taken again and
 * means the same. */
#include "base/buf.h"
#include "mapping/filter.h"
#include "mapping/settings.h"

#include "fuzz.h"

#define PRINTED_MAX (16 * MAPPING_TEXT_MAX)

static char *print(const struct mapping_settings *s)
{
    struct buf out;
    buf_init(&out, PRINTED_MAX);
    mapping_settings_print(s, &out);
    FUZZ_CHECK(!out.failed && out.ptr);
    return buf_take(&out);
}

static void check_text(const char *a, const char *b)
{
    FUZZ_CHECK(!a == !b && (!a || strcmp(a, b) == 0));
}

static void check_same(const struct mapping_settings *a, const struct mapping_settings *b)
{
    FUZZ_CHECK(a->source == b->source && a->fifo == b->fifo && a->batch == b->batch);
    FUZZ_CHECK(a->window_ms == b->window_ms && a->retries == b->retries);
    FUZZ_CHECK(a->max_age_ms == b->max_age_ms && a->visibility_ms == b->visibility_ms);
    FUZZ_CHECK(a->retention_ms == b->retention_ms && a->concurrency == b->concurrency);
    FUZZ_CHECK(a->parallelization == b->parallelization && a->tumbling_ms == b->tumbling_ms);
    FUZZ_CHECK(a->duration_ms == b->duration_ms && a->bisect == b->bisect);
    FUZZ_CHECK(a->report_failures == b->report_failures);
    FUZZ_CHECK(a->nfilters == b->nfilters && a->nevents == b->nevents);
    check_text(a->dlq, b->dlq);
    check_text(a->on_failure, b->on_failure);
    check_text(a->on_success, b->on_success);
    check_text(a->prefix, b->prefix);
    check_text(a->suffix, b->suffix);
    for (size_t i = 0; i < a->nfilters; i++)
        check_text(a->filters[i], b->filters[i]);
    for (size_t i = 0; i < a->nevents; i++)
        check_text(a->events[i], b->events[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mapping_settings s = {0}, again = {0};
    struct err err = {0};
    char *text = strndup((const char *)data, size);
    FUZZ_CHECK(text);
    if (mapping_settings_parse(text, &s, &err) == 0) {
        char *printed = print(&s);
        FUZZ_CHECK(mapping_settings_parse(printed, &again, &err) == 0);
        check_same(&s, &again);
        char *twice = print(&again);
        check_text(printed, twice);
        s.timeout_ms = 3000;
        struct filter *f =
            mapping_settings_check(&s, &err) == 0 ? filter_criteria_open(&s, &err) : NULL;
        filter_criteria_close(f);
        free(twice);
        free(printed);
        mapping_settings_fini(&again);
    } else {
        FUZZ_CHECK(err.kind == ERR_USAGE && *err.msg);
    }
    mapping_settings_fini(&s);
    free(text);
    return 0;
}
