/* SPDX-License-Identifier: Apache-2.0 */
/* Traces without memory. */
#include <sys/stat.h>

#include "starve.h"
#include "trace/redact.h"
#include "trace/write.h"
#include "trace_work.h"

#define TEXT(s) ((struct trace_text){s, sizeof(s) - 1})

#define ID "8f6c2a10-3b1d-4c5e-9a7f-0123456789a0"

static char folder[4096], plain[4096 + 16], packed[4096 + 16], letter[4096], log_file[4096],
    queue[4096];
static const char message_text[] =
    "{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"MD5OfBody\":\"0\",\"Body\":\"b\"}\n";
static const char letter_text[] =
    "{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"MD5OfBody\":\"0\",\"Body\":\"{\\\"a\\\":1}\","
    "\"MessageAttributes\":{\"RequestID\":{\"StringValue\":\"" ID
    "\"},\"ErrorCode\":{\"StringValue\":\"200\"},"
    "\"ErrorMessage\":{\"StringValue\":\"m\"}}}";
static const char log_text[] = "REPORT RequestId: " ID "\tDuration: 1 ms\n";

static int write_one(const char *path, const struct redact *redact, struct err *err)
{
    struct trace_write_options o = {
        .path = path, .function = "f", .digest = "sha256:0", .redact = redact};
    struct trace_entry e = trace_entry_none;
    struct err ignored;
    e.event = TEXT("{\"a\":\"some words\",\"b\":[1,2],\"c\":\"{\\\"d\\\":\\\"inner\\\"}\"}");
    e.answer = TEXT("\xff\x00");
    e.log = TEXT("one\ntwo some words\n");
    struct trace_writer *w = trace_writer_open(&o, err);
    int status = w ? trace_write(w, &e, err) : -1;
    if (trace_writer_close(w, status < 0 ? &ignored : err) < 0)
        status = -1;
    unlink(path);
    return status;
}

static int record(struct err *err)
{
    return write_one(plain, NULL, err) < 0 ? -1 : write_one(packed, NULL, err);
}

static int record_redacted(struct err *err)
{
    struct redact r;
    int status = redact_init(&r, err);
    if (status == 0)
        status = redact_add(&r, "/a", err) < 0 || redact_add(&r, "/c", err) < 0
                     ? -1
                     : write_one(plain, &r, err);
    redact_fini(&r);
    return status;
}

static int read_all(const char *path, int want, struct err *err)
{
    struct trace_read_options o = {.paths = &path, .npaths = 1};
    struct trace_entry e;
    int status = -1, count = 0;
    struct trace_reader *r = trace_open(&o, err);
    while (r && (status = trace_next(r, &e, err)) > 0)
        count++;
    trace_close(r);
    CHECK(status < 0 || count == want);
    return status;
}

static int read_folder(struct err *err)
{
    return read_all(folder, 2, err);
}

/* A message has to be opened before it is known what it is. */
static int read_letter(struct err *err)
{
    return read_all(letter, 1, err);
}

/* Two events: one of ten messages, one of the eleventh, which is held while the first is made. */
static int read_queue(struct err *err)
{
    return read_all(queue, 2, err);
}

static int read_log(struct err *err)
{
    return read_all(log_file, 1, err);
}

static const struct starve_row rows[] = {
    {"record", record, 0},
    {"record pseudonyms", record_redacted, 0},
    {"read a folder", read_folder, 0},
    {"read a dead letter", read_letter, 0},
    {"read a queue", read_queue, 0},
    {"read a log", read_log, 0},
};

static void test_all(void)
{
    static char line[400000];
    static const char head[] = "{\"clambda_recording\":1,\"event\":\"";
    work_begin();
    CHECK_INT(mkdir(work_path("t"), 0700), 0);
    snprintf(folder, sizeof folder, "%s", work_path("t"));
    snprintf(plain, sizeof plain, "%s.jsonl", work_dir);
    snprintf(packed, sizeof packed, "%s.jsonl.gz", work_dir);
    memset(line, 'x', sizeof line);
    memcpy(line, head, sizeof head - 1);
    memcpy(line + sizeof line - 2, "\"}", 2);
    work_write("t/a", line, sizeof line, 0);
    work_write("t/b", "{\"clambda_recording\":1}\n", 24, 0);
    snprintf(letter, sizeof letter, "%s", work_path("letter"));
    work_write("letter", letter_text, sizeof letter_text - 1, 0);
    snprintf(queue, sizeof queue, "%s", work_path("queue"));
    for (int i = 0; i < 11; i++)
        work_write("queue", message_text, sizeof message_text - 1, O_APPEND);
    snprintf(log_file, sizeof log_file, "%s", work_path("log"));
    work_write("log", log_text, sizeof log_text - 1, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        starve_run(&rows[i]);
    work_end();
}

static const struct check_test tests[] = {{"every allocation fails", test_all}};
CHECK_MAIN(tests)
