/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_work.h"

#include "trace/recording.h"
#include "trace/unpack.h"
#include "trace/write.h"

#define TEXT(s) ((struct trace_text){s, sizeof(s) - 1})

static struct trace_entry entries[4];

static void make_entries(void)
{
    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        entries[i] = trace_entry_none;
    entries[0].event = TEXT("{\"n\":0}");
    entries[1] = (struct trace_entry){
        .event = TEXT("{\"a\": \"\\u00e9 \xC3\xA9 \\\\ {\\\"clambda_recording\\\":1\"}\n"),
        .client_context = TEXT("{\"c\":1}"),
        .cognito_identity = TEXT("{\"i\":2}"),
        .trace_id = TEXT("Root=1-2-3"),
        .status = TRACE_STATUS_ERROR,
        .answer = TEXT("{\"errorType\":\"X\"}"),
        .error_type = TEXT("X"),
        .log = TEXT("one\n\n\ttwo \"2\"\n"),
        .log_cut = true,
        .time_ms = 1769860800250,
        .duration_us = 1234567,
        .init_us = 0,
        .memory_mb = 128,
        .max_memory_mb = 99,
        .cold = true,
        .cold_known = true,
        .request_id = TEXT("8f1c7b52-0479-4482-953b-114d2047f86c"),
        .environment = TEXT("e"),
        .position = 7,
    };
    entries[2].event = TEXT("\"\xff\x00 no text\"");
    entries[2].answer = TEXT("");
    entries[2].status = TRACE_STATUS_TIMEOUT;
    entries[3].event = TEXT("\x01\x02\x03");
    entries[3].answer = TEXT("\0");
    entries[3].status = TRACE_STATUS_SUCCESS;
    entries[3].cold_known = true;
}

static void write_entries(const char *name, size_t first, size_t count)
{
    struct err err = {0};
    struct trace_write_options o = {.path = work_path(name), .function = "fn", .digest = "d"};
    struct trace_writer *w = trace_writer_open(&o, &err);
    CHECK_STR(err.msg, "");
    for (size_t i = first; w && i < first + count; i++)
        CHECK_INT(trace_write(w, &entries[i], &err), 0);
    CHECK_INT(trace_writer_close(w, &err), 0);
}

static void check_text(struct trace_text got, struct trace_text want)
{
    CHECK(!got.ptr == !want.ptr);
    CHECK_MEM(got.ptr, got.len, want.ptr, want.len);
}

static void check_entry(const struct trace_entry *got, const struct trace_entry *want)
{
    check_text(got->event, want->event);
    check_text(got->client_context, want->client_context);
    check_text(got->cognito_identity, want->cognito_identity);
    check_text(got->trace_id, want->trace_id);
    check_text(got->answer, want->answer);
    check_text(got->error_type, want->error_type);
    check_text(got->log, want->log);
    check_text(got->request_id, want->request_id);
    check_text(got->environment, want->environment);
    CHECK_INT(got->status, want->status);
    CHECK_INT(got->log_cut, want->log_cut);
    CHECK_INT(got->time_ms, want->time_ms);
    CHECK_INT(got->duration_us, want->duration_us);
    CHECK_INT(got->init_us, want->init_us);
    CHECK_INT(got->memory_mb, want->memory_mb);
    CHECK_INT(got->max_memory_mb, want->max_memory_mb);
    CHECK_INT(got->cold, want->cold);
    CHECK_INT(got->cold_known, want->cold_known);
    CHECK_INT(got->position, want->position);
}

static const char *const names[] = {"t.jsonl", "t.jsonl.gz"};

/* What is written is read again, byte for byte, packed or not. */
static void test_round(void)
{
    make_entries();
    work_begin();
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        write_entries(names[k], 0, 2);
        write_entries(names[k], 2, 2);
        const char *path = work_path(names[k]);
        struct trace_read_options o = {.paths = &path, .npaths = 1};
        struct trace_entry e;
        struct err err = {0};
        struct trace_reader *r = trace_open(&o, &err);
        for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
            CHECK_INT(trace_next(r, &e, &err), 1);
            CHECK_STR(err.msg, "");
            CHECK_INT(e.line, i + 1);
            CHECK_STR(e.source, path);
            CHECK_INT(trace_kind(r), TRACE_KIND_RECORDING);
            check_entry(&e, &entries[i]);
        }
        CHECK_INT(trace_next(r, &e, &err), 0);
        uint64_t done, total;
        trace_progress(r, &done, &total);
        CHECK(done == total && total > 0);
        trace_close(r);
    }
    work_end();
}

/* Cut at every byte: what is whole is read, at most one line is skipped with a warning, and what
 * the next recorder writes is read, too. */
static void test_torn(void)
{
    static struct work_result r;
    static const char *const want[] = {"", "[{\"n\":0}]", "[{\"n\":0}][{\"n\":0}]"};
    make_entries();
    work_begin();
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        size_t len, ends[2];
        write_entries(names[k], 0, 1);
        free(work_read(names[k], &ends[0]));
        write_entries(names[k], 0, 1);
        char *whole = work_read(names[k], &ends[1]);
        for (len = 0; len <= ends[1]; len++) {
            size_t kept = len < ends[0] - (k == 0) ? 0 : len < ends[1] - (k == 0) ? 1 : 2;
            bool torn = len != 0 && len != ends[kept ? kept - 1 : 0] &&
                        !(kept && k == 0 && len == ends[kept - 1] - 1);
            work_write(names[k], whole, len, O_TRUNC);
            work_take(work_path(names[k]), &r);
            CHECK_STR(r.events, want[kept]);
            CHECK_STR(r.err.msg, "");
            CHECK(r.nwarnings >= torn && r.nwarnings <= (size_t)torn + (kept == 0));
            write_entries(names[k], 0, 1);
            work_take(work_path(names[k]), &r);
            CHECK_INT(r.count, kept + 1);
            CHECK_STR(r.err.msg, "");
            if (check_failures) {
                printf("# cut %s at %zu: %s %s\n", names[k], len, r.err.msg, r.warnings);
                break;
            }
        }
        free(whole);
    }
    work_end();
}

/* One recorder is killed while another goes on: no line break in between. */
static void test_glued(void)
{
    static struct work_result r;
    size_t len;
    make_entries();
    work_begin();
    write_entries(names[0], 1, 1);
    char *whole = work_read(names[0], &len);
    for (size_t cut = 1; cut < len - 2; cut++) {
        work_write(names[0], whole, cut, O_TRUNC);
        work_write(names[0], whole, len, O_APPEND);
        work_take(work_path(names[0]), &r);
        CHECK_INT(r.count, 1);
        CHECK_INT(r.nwarnings, 1);
        CHECK_STR(r.err.msg, "");
        if (check_failures) {
            printf("# cut at %zu\n", cut);
            break;
        }
    }
    free(whole);
    work_end();
}

#define MARK "{\"clambda_recording\":1"

static const struct {
    const char *line, *message; /* NULL: fine */
} lines[] = {
    {MARK "}", NULL},
    {MARK ",\"event\":\"{}\"}", NULL},
    {MARK " , \"event\" : \"{}\" , \"new\" : [ {\"a\":1} ] } ", NULL},
    {MARK ",\"event\":null,\"cold\":null}", NULL},
    {MARK ",\"log\":[]}", NULL},
    {"{\"clambda_recording\":2}", "line has format 2, this clambda reads format 1"},
    {"{\"clambda_recording\":\"1\"}", "clambda_recording: '\"1\"' is not a whole number"},
    {"{\"event\":1}", "is no line of a recording"},
    {MARK ",\"event\":{}}", "event: is not a text"},
    {MARK ",\"event_base64\":\"*\"}", "event_base64: is not base64"},
    {MARK ",\"cold\":1}", "cold: is not true or false"},
    {MARK ",\"time\":\"2026-13-01T00:00:00.000Z\"}", "time: is not a time like"},
    {MARK ",\"time\":5}", "time: is not a time like"},
    {MARK ",\"time\":\"1969-12-31T23:59:59.999Z\"}", "time: is before 1970"},
    {MARK ",\"time\":\"2026-02-29T00:00:00.000Z\"}", "time: is no day of that month"},
    {MARK ",\"status\":\"fine\"}", "status: 'fine' is not success, error or timeout"},
    {MARK ",\"log\":\"x\"}", "log: is not a list of texts"},
    {MARK ",\"log\":[1]}", "log: is not a list of texts"},
    {MARK ",\"position\":-1}", "position: '-1' is not a whole number"},
    {MARK ",\"position\":1.5}", "position: '1.5' is not a whole number"},
    {MARK ",\"position\":99999999999999999}", "position: '99999999999999999' is not"},
    {MARK ",\"a\":tru,\"bbbbbbbbb\":1}", "byte 28: expected a value"},
    {MARK ",\"event\":\"x\" 1,\"bbbbbbbbb\":1}", "byte 36: expected ',' or '}'"},
    {MARK "} more of it", "byte 23: text after the object"},
};

static void test_lines(void)
{
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char line[256];
        struct trace_entry e = trace_entry_none;
        struct recording_fault fault;
        struct err err = {0};
        snprintf(line, sizeof line, "%s", lines[i].line);
        CHECK_INT(recording_parse(line, strlen(line), &e, &fault, &err), lines[i].message ? -1 : 0);
        CHECK_HAS(err.msg, lines[i].message ? lines[i].message : "");
        CHECK(!fault.torn && !fault.rest);
    }
}

/* A line is at most as long as promised, and a longer one is named. */
static void test_long(void)
{
    static struct work_result r;
    size_t len = TRACE_LINE_MAX + 16;
    char *line = malloc(len);
    CHECK(line != NULL);
    memset(line, 'x', len);
    memcpy(line, MARK ",\"event\":\"", sizeof MARK + 10);
    work_begin();
    work_write("long", MARK ",\"event\":\"a\"}\n", sizeof MARK + 13, 0);
    work_write("long", line, len, O_APPEND);
    work_take(work_path("long"), &r);
    CHECK_STR(r.events, "[a]");
    CHECK_INT(r.err.kind, ERR_LIMIT);
    CHECK_HAS(r.err.msg, "line 2: longer than 67108864 bytes");
    free(line);
    work_end();
}

/* The log is cut between lines, and says so. */
static void test_log(void)
{
    static char log[2 * TRACE_LOG_MAX];
    for (size_t i = 0; i < sizeof log; i++)
        log[i] = i % 1000 == 999 ? '\n' : 'x';
    struct trace_entry e = trace_entry_none;
    struct err err = {0};
    e.log = (struct trace_text){log, sizeof log};
    work_begin();
    const char *path = work_path("log");
    struct trace_write_options o = {.path = path};
    struct trace_writer *w = trace_writer_open(&o, &err);
    CHECK_INT(trace_write(w, &e, &err), 0);
    CHECK_INT(trace_writer_close(w, &err), 0);
    struct trace_read_options in = {.paths = &path, .npaths = 1};
    struct trace_reader *r = trace_open(&in, &err);
    CHECK_INT(trace_next(r, &e, &err), 1);
    CHECK(e.log_cut && e.log.len <= TRACE_LOG_MAX && e.log.len > TRACE_LOG_MAX - 1000);
    CHECK_MEM(e.log.ptr, e.log.len, log, e.log.len);
    trace_close(r);
    work_end();
}

static const struct {
    const char *name, *content, *message;
} refusals[] = {
    {"event.json", "{\"a\":1}\n", "is there already and is no recording: name another file"},
    {"x.jsonl.gz", MARK "}\n", "is there already and is no recording in gzip"},
    {"missing/t.jsonl", NULL, "No such file or directory"},
    {".", NULL, "Is a directory"},
};

static void test_refusals(void)
{
    make_entries();
    work_begin();
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct err err = {0};
        if (refusals[i].content)
            work_write(refusals[i].name, refusals[i].content, strlen(refusals[i].content), 0);
        struct trace_write_options o = {.path = work_path(refusals[i].name)};
        CHECK(trace_writer_open(&o, &err) == NULL);
        CHECK_INT(err.kind, ERR_INPUT);
        CHECK_HAS(err.msg, refusals[i].message);
    }
    static const char hello[] = "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\007"
                                "\000\206\246\020\066\005\000\000\000";
    struct trace_write_options packed = {.path = work_path("hello.gz")};
    struct err err = {0};
    work_write("hello.gz", hello, sizeof hello - 1, 0);
    CHECK(trace_writer_open(&packed, &err) == NULL);
    CHECK_HAS(err.msg, "is there already and is no recording in gzip");
    struct trace_write_options full = {.path = "/dev/full"};
    struct trace_writer *w = trace_writer_open(&full, &err);
    CHECK(w != NULL);
    CHECK_INT(trace_write(w, &entries[0], &err), -1);
    CHECK_HAS(err.msg, "No space left on device");
    CHECK_INT(trace_writer_close(w, &err), 0);
    work_end();
}

static const struct check_test tests[] = {
    {"round", test_round}, {"torn", test_torn}, {"glued", test_glued},       {"lines", test_lines},
    {"long", test_long},   {"log", test_log},   {"refusals", test_refusals},
};

CHECK_MAIN(tests)
