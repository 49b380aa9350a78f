/* SPDX-License-Identifier: Apache-2.0 */
/* Streams its answer as the event says. */
#include <lambda.h>
#include <lambda/sqs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }
#define LARGE (1u << 20)

static char large[LARGE];

static int write_text(lambda_ctx *ctx, const char *text)
{
    return lambda_stream_write(ctx, text, strlen(text));
}

static int on_plain(lambda_ctx *ctx)
{
    if (lambda_stream_open(ctx, NULL) != 0 || write_text(ctx, "hello ") != 0)
        return -1;
    return write_text(ctx, "world");
}

static int on_typed(lambda_ctx *ctx)
{
    struct lambda_stream_head head = {.content_type = "text/event-stream; charset=utf-8"};
    return lambda_stream_open(ctx, &head) != 0 ? -1 : write_text(ctx, "data: 1\n\n");
}

static int on_http(lambda_ctx *ctx)
{
    const lambda_pair headers[] = {{TEXT("X-Quote"), TEXT("a \"b\" \\ Zürich\t1")},
                                   {TEXT("X-Empty"), TEXT("")}};
    const lambda_str cookies[] = {TEXT("a=1; Path=/"), TEXT("b=\"2\"")};
    struct lambda_stream_head head = {.content_type = "text/html",
                                      .http_status = 201,
                                      .http_headers = headers,
                                      .nhttp_headers = 2,
                                      .http_cookies = cookies,
                                      .nhttp_cookies = 2};
    return lambda_stream_open(ctx, &head) != 0 ? -1 : write_text(ctx, "<p>");
}

static int on_empty(lambda_ctx *ctx)
{
    return lambda_stream_open(ctx, NULL);
}

static int on_status(lambda_ctx *ctx)
{
    struct lambda_stream_head head = {.http_status = 204};
    return lambda_stream_open(ctx, &head);
}

static int on_no_bytes(lambda_ctx *ctx)
{
    const lambda_pair header = {TEXT("X-None"), {NULL, 5}};
    struct lambda_stream_head head = {
        .http_status = 200, .http_headers = &header, .nhttp_headers = 1};
    return lambda_stream_open(ctx, &head);
}

static int on_fail_first(lambda_ctx *ctx)
{
    on_status(ctx);
    return lambda_error(ctx, "NotToday", "before the first byte");
}

static int on_fail_flushed(lambda_ctx *ctx)
{
    on_empty(ctx);
    write_text(ctx, "");
    return lambda_error(ctx, "NotToday", "behind the head");
}

static int on_fail_later(lambda_ctx *ctx)
{
    on_plain(ctx);
    return lambda_error(ctx, "NotToday", "behind \"%s\"", "world");
}

static int on_fail_long(lambda_ctx *ctx)
{
    char text[4001];
    on_plain(ctx);
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    return lambda_error(ctx, "NotToday", "%s", text);
}

static int on_reply_later(lambda_ctx *ctx)
{
    on_plain(ctx);
    lambda_reply(ctx, "1", 1);
    return 0;
}

static int on_reply_first(lambda_ctx *ctx)
{
    lambda_reply(ctx, "1", 1);
    return lambda_stream_open(ctx, NULL);
}

/* What does not look at results gets its answer all the same. */
static int on_reply_instead(lambda_ctx *ctx)
{
    struct lambda_stream_head head = {.http_status = 7};
    if (lambda_stream_open(ctx, &head) == 0)
        return 0;
    return lambda_reply(ctx, "\"instead\"", 9);
}

static int on_twice(lambda_ctx *ctx)
{
    on_plain(ctx);
    return lambda_stream_open(ctx, NULL);
}

static int on_unopened(lambda_ctx *ctx)
{
    write_text(ctx, "x");
    return 0;
}

static int on_newer(lambda_ctx *ctx)
{
    struct {
        struct lambda_stream_head head;
        int more[2];
    } newer = {.more = {0, 1}};
    return lambda_stream_begin(ctx, &newer.head, sizeof newer);
}

static int on_fork(lambda_ctx *ctx)
{
    on_plain(ctx);
    pid_t child = fork();
    if (child == 0)
        return write_text(ctx, " from the child") == 0 ? 0 : -1;
    waitpid(child, NULL, 0);
    return write_text(ctx, "!");
}

static int on_many(lambda_ctx *ctx)
{
    char text[16];
    on_empty(ctx);
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "%d,", i);
        if (write_text(ctx, text) != 0)
            return -1;
    }
    return 0;
}

static long peak_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

/* 64 MB, each of another byte, and how much more memory that took. */
static int on_large(lambda_ctx *ctx)
{
    char text[32];
    memset(large, 1, sizeof large);
    long before = peak_kb();
    on_empty(ctx);
    for (int i = 0; i < 64; i++) {
        memset(large, 'A' + i % 26, sizeof large);
        if (lambda_stream_write(ctx, large, sizeof large) != 0)
            return -1;
    }
    snprintf(text, sizeof text, "%ld", peak_kb() - before);
    return write_text(ctx, text);
}

/* Until it fails, and once more. */
static int on_endless(lambda_ctx *ctx)
{
    on_empty(ctx);
    while (lambda_stream_write(ctx, large, 65536) == 0)
        continue;
    int again = write_text(ctx, "again");
    lambda_log(ctx, LAMBDA_INFO, "the next write gave %d", again);
    return -1;
}

/* Never looks. */
static int on_blind(lambda_ctx *ctx)
{
    on_empty(ctx);
    for (int i = 0; i < 400; i++)
        lambda_stream_write(ctx, large, 65536);
    return 0;
}

static int on_abort(lambda_ctx *ctx)
{
    on_plain(ctx);
    abort();
}

static const struct {
    const char *event;
    int (*run)(lambda_ctx *ctx);
} cases[] = {
    {"plain", on_plain},
    {"typed", on_typed},
    {"http", on_http},
    {"empty", on_empty},
    {"status", on_status},
    {"no bytes", on_no_bytes},
    {"fail first", on_fail_first},
    {"fail flushed", on_fail_flushed},
    {"fail later", on_fail_later},
    {"fail long", on_fail_long},
    {"reply later", on_reply_later},
    {"reply first", on_reply_first},
    {"reply instead", on_reply_instead},
    {"twice", on_twice},
    {"unopened", on_unopened},
    {"newer", on_newer},
    {"fork", on_fork},
    {"many", on_many},
    {"large", on_large},
    {"endless", on_endless},
    {"blind", on_blind},
    {"abort", on_abort},
};

/* The name of a case, bare or as JSON. */
static int on_event(lambda_ctx *ctx, lambda_str event)
{
    size_t skip = event.len > 1 && event.ptr[0] == '"', len = event.len - 2 * skip;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strlen(cases[i].event) == len && memcmp(event.ptr + skip, cases[i].event, len) == 0)
            return cases[i].run(ctx);
    return lambda_error(ctx, "NoCase", "there is no case '%s'", event.ptr);
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *message)
{
    (void)message;
    return lambda_stream_open(ctx, NULL);
}

static int on_batch(lambda_ctx *ctx, const struct lambda_sqs_event *batch)
{
    (void)batch;
    return lambda_stream_open(ctx, NULL);
}

static int on_init(lambda_ctx *ctx)
{
    return lambda_stream_open(ctx, NULL);
}

LAMBDA_MODULE(LAMBDA_SQS_EACH(on_message), LAMBDA_RAW(on_event));
LAMBDA_MODULE_AS(whole, LAMBDA_SQS(on_batch), LAMBDA_RAW(on_event));
LAMBDA_MODULE_AS(hook, LAMBDA_INIT(on_init), LAMBDA_RAW(on_event));
