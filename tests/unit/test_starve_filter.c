/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "check.h"
#include "mapping/filter.h"
#include "starve.h"

/* Enough of $or for rows that grow, and a body whose escapes need the heap. */
static const char settings_text[] = "sqs:batch=5,dlq=x,retries=1,filter={\"body\":{\"$or\":[{\"a\":"
                                    "[1]},{\"b\":[{\"suffix\":\"z\"}],"
                                    "\"$or\":[{\"c\":[1]},{\"d\":[{\"exists\":false}]}]}]}}";
static const char keys_text[] = "s3:events=s3:ObjectCreated:*,prefix=a,suffix=b";
static const char object_text[] =
    "{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"object\":{\"key\":\"acb\"}}}";

static struct buf message;

static int pass(const char *text, const char *record, size_t len, struct err *err)
{
    struct mapping_settings s = {0};
    if (mapping_settings_parse(text, &s, err) < 0)
        return -1;
    struct filter *f = filter_criteria_open(&s, err);
    struct record r = {.source = s.source, .text = {record, len}};
    int passes = f ? filter_passes(f, &r, err) : -1;
    filter_criteria_close(f);
    mapping_settings_fini(&s);
    if (passes < 0)
        return -1;
    CHECK_INT(passes, 1);
    return 0;
}

static int pass_message(struct err *err)
{
    return pass(settings_text, message.ptr, message.len, err);
}

static int pass_object(struct err *err)
{
    return pass(keys_text, object_text, sizeof object_text - 1, err);
}

static const struct starve_row rows[] = {
    {"a message", pass_message, 0},
    {"an object", pass_object, 0},
};

static void test_all(void)
{
    buf_init(&message, 65536);
    buf_adds(&message, "{\"body\":\"{\\\"b\\\":\\\"");
    for (int i = 0; i < 1000; i++)
        buf_adds(&message, "\\\\u0061");
    buf_adds(&message, "z\\\"}\"}");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        starve_run(&rows[i]);
    buf_free(&message);
}

static const struct check_test tests[] = {{"every allocation fails", test_all}};
CHECK_MAIN(tests)
