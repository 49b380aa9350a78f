/* SPDX-License-Identifier: Apache-2.0 */
/* Memory ends anywhere in a round of chaos: an error says so, nothing is lost. */
#include "simulate/history_lines.h"
#include "simulate/shrink.h"
#include "simulate/sources.h"
#include "simulate_work.h"
#include "starve.h"

static struct work work;
static struct faults faults;
static struct judge_out judged;

static int drop_line(void *owner, const char *path, const char *line, size_t len, struct err *err)
{
    (void)owner, (void)path, (void)line, (void)len, (void)err;
    return 0;
}

static int read_records(struct err *err)
{
    struct simulation_records again;
    int rc = 0;
    simulation_records_init(&again);
    for (size_t i = 0; i < work.records.nevents && rc == 0; i++)
        rc = simulation_records_add(&again, work.settings.source, work.records.events[i],
                                    strlen(work.records.events[i]), 0, err);
    if (rc == 0)
        rc = simulation_records_end(&again, err);
    simulation_records_fini(&again);
    return rc;
}

static int shrink_it(struct err *err)
{
    static const uint32_t records[] = {0, 1, 2, 3, 4, 5};
    struct shrink_candidate c;
    struct shrink *s = shrink_new(records, 6, &faults, 100, err);
    if (!s)
        return -1;
    while (shrink_next(s, &c))
        shrink_tell(s, c.records[0] == 0);
    int rc = shrink_is_minimal(s) ? 0 : err_set(err, ERR_MEMORY, "it ended early");
    shrink_free(s);
    return rc;
}

static int run_round(struct err *err)
{
    struct simulation_options o = {.deliver = drop_line}, shaken = o;
    shaken.faults = &faults;
    struct simulation *a = work_simulate(&work, &o, MODEL_PARTIAL, NULL, NULL, err);
    struct simulation *b = a ? work_simulate(&work, &shaken, MODEL_PARTIAL, NULL, NULL, err) : NULL;
    int rc = b ? 0 : -1;
    if (rc == 0) {
        struct judge_in in = {.settings = &work.settings,
                              .records = &work.records,
                              .calm = simulation_history(a),
                              .shaken = simulation_history(b)};
        rc = judge_history(&in, &judged, err);
    }
    simulation_free(a);
    simulation_free(b);
    return rc;
}

static void add_plain(struct buf *out, const char *error, size_t len, const char *request_id)
{
    buf_adds(out, request_id);
    buf_add(out, error, len);
}

static int read_history(struct err *err)
{
    static const char text[] =
        "{\"clambda_history\":1,\"what\":\"invoked\",\"invocation\":1,\"records\":[\"a\"]}\n"
        "{\"clambda_history\":1,\"what\":\"answered\",\"invocation\":1,\"answer\":\"[1]\","
        "\"records\":[]}\n"
        "{\"clambda_history\":1,\"what\":\"answered\",\"invocation\":2,\"status\":\"error\","
        "\"answer\":\"[1]\",\"records\":[]}\n";
    struct history_lines lines = {0};
    int rc = history_lines_read(&lines, text, sizeof text - 1, add_plain, err);
    history_lines_fini(&lines);
    return rc;
}

/* Records of three queues, until nothing more is to be done at their time. */
static int run_sources(struct err *err)
{
    struct mapping_settings s;
    struct mapping_action a;
    struct mapping_item item = {.bytes = 1, .matches = true};
    int rc = 0;
    mapping_settings_default(MAPPING_SQS, &s);
    struct sources *sources = sources_new(&s, 3, err);
    if (!sources)
        return -1;
    for (uint32_t i = 0; i < 200 && rc == 0; i++)
        rc = sources_put(sources, i % 3, &item, err);
    size_t invoked = 0;
    while (rc == 0 && (rc = sources_next(sources, 0, &a, err)) > 0) {
        invoked += a.nrecords;
        rc = 0;
    }
    sources_free(sources);
    return rc < 0 || invoked > 0 ? rc : err_set(err, ERR_INPUT, "nothing was invoked");
}

static const char *const settings[] = {
    "sqs:report-failures,retries=1,dlq=d,batch=3",
    "sqs:fifo,report-failures,retries=1,dlq=d",
    "kinesis:batch=3,retries=1,bisect,on-failure=d",
    "kinesis:batch=3,tumbling=1,retries=1",
    "kafka:batch=3,retries=1",
    "async:retries=1,dlq=d,on-success=s,on-failure=f",
    "s3:retries=0,dlq=d",
};

static const struct starve_row rows[] = {
    {"records", read_records, 0}, {"round", run_round, 0},     {"shrink", shrink_it, 0},
    {"history", read_history, 0}, {"sources", run_sources, 0},
};

static void test_all(void)
{
    static struct chaos chaos;
    struct err err = {0};
    CHECK_INT(chaos_parse("poison=1,duplicate=2,crash=3,timeout=4.1,throttle=5,split=2,reorder=2",
                          &chaos, &err),
              0);
    faults = chaos.given;
    for (size_t i = 0; i < ARRAY_LEN(settings) && !check_failures; i++) {
        work_open(&work, settings[i], 6);
        CHECK_INT(run_round(&err), 0); /* the model has its memory then */
        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            starve_run(&rows[k]);
        if (check_failures)
            printf("# '%s'\n", settings[i]);
        work_close(&work);
    }
}

static const struct check_test tests[] = {{"every allocation fails", test_all}};
CHECK_MAIN(tests)
