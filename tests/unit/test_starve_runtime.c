/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime without memory. */
#include <fcntl.h>

#include "base/json.h"
#include "core/describe.h"
#include "core/dispatch.h"
#include "core/log.h"
#include "core/module.h"
#include "core/prelude.h"
#include "decode/decode.h"
#include "rapi/stream.h"
#include "starve.h"

static struct arena arena;
static struct rapi rapi;

static int open_api(struct err *err)
{
    if (rapi_open(&rapi, "127.0.0.1:9001/a/path", "agent", -1, err) != 0)
        return -1;
    rapi_close(&rapi);
    return 0;
}

/* Long enough to make the request's buffer grow. */
static int open_stream(struct err *err)
{
    static char id[30000];
    struct rapi_stream s = {0};
    struct rapi_event event = {.request_id = {id, sizeof id - 1}};
    struct buf first;
    memset(id, '/', sizeof id - 1);
    if (rapi_open(&rapi, "127.0.0.1:9001", "agent", -1, err) != 0)
        return -1;
    buf_init(&first, 100);
    buf_adds(&first, "first");
    int failed = buf_check(&first, "bytes", err) ||
                 rapi_stream_open(&s, &rapi, &event, "text/plain", &first, err);
    buf_free(&first);
    rapi_close(&rapi);
    return failed ? -1 : 0;
}

static int print_failure(struct err *err)
{
    static struct failure f;
    struct buf document, cause;
    buf_init(&document, FAILURE_DOCUMENT_MAX);
    buf_init(&cause, FAILURE_CAUSE_MAX);
    failure_set(&f, "Type", "%0900d \x01\xff", 7);
    int failed = failure_print(&f, "id-1", &document, err);
    if (!failed && !failure_print_cause(&f, &cause))
        failed = buf_check(&cause, "a cause", err);
    buf_free(&document);
    buf_free(&cause);
    return failed;
}

/* What a struct failure says as an error. */
static int tell(const struct failure *f, struct err *err)
{
    bool named = f->set && strstr(f->message, "memory");
    return err_set(err, named ? ERR_MEMORY : ERR_HANDLER, "%s: %s", f->type, f->message);
}

static int print_prelude(struct err *err)
{
    static struct failure f;
    char value[600];
    memset(value, '"', sizeof value);
    lambda_pair header = {{"x-a", 3}, {value, sizeof value}};
    lambda_str cookie = {"a=b", 3};
    struct lambda_stream_head head = {.http_status = 200,
                                      .http_headers = &header,
                                      .nhttp_headers = 1,
                                      .http_cookies = &cookie,
                                      .nhttp_cookies = 1};
    struct buf out;
    buf_init(&out, PRELUDE_MAX);
    f.set = false;
    int failed = prelude_print(&head, &out, &f);
    buf_free(&out);
    return failed ? tell(&f, err) : 0;
}

/* Lines are cut, never lost: there is nobody to tell. */
static int write_log(struct err *err)
{
    struct lambda_kv field = {.key = "key", .kind = LAMBDA_KV_I64, .i64 = 7};
    (void)err;
    log_line(LAMBDA_ERROR, "id-1", "%05000d", 7);
    struct entry e = {.level = LAMBDA_ERROR, .text = "x", .len = 1, .fields = &field, .nfields = 1};
    log_entry(&e);
    return 0;
}

static int read_json(struct err *err)
{
    static const char text[] =
        "{\"a\":[1,2.5,\"text\",{\"b\":null}],\"c\":true,\"long\":12345678901}";
    struct json *v = json_parse(text, sizeof text - 1, err);
    struct buf out;
    if (!v)
        return -1;
    buf_init(&out, 1000);
    int failed = json_print(v, &out, err);
    buf_free(&out);
    json_free(v);
    return failed;
}

static int build_json(struct err *err)
{
    struct json *root = json_new_object(), *list = json_add_array(root, "list");
    struct buf out;
    buf_init(&out, 1000);
    json_add_string(list, NULL, "text");
    json_add_i64(root, "n", 12345678901);
    json_add_raw(root, "raw", "[1]", 3);
    int failed = json_print(root, &out, err);
    buf_free(&out);
    json_free(root);
    return failed;
}

/* ---- a module and its events ---------------------------------------------------------------- */

struct record {
    lambda_str id, group;
};
LAMBDA_TYPE(record, LAMBDA_F(record, id, "id"), LAMBDA_F(record, group, "group"));

static int refuse(lambda_ctx *ctx, const struct record *r)
{
    return strcmp(r->id.ptr, "0") ? lambda_error(ctx, "BadItem", "item %s is bad", r->id.ptr) : 0;
}

static const struct lambda_handler handlers[] = {{.event = "items",
                                                  .match = "/items",
                                                  .type = &record_type,
                                                  .record = &record_type,
                                                  .records = "items",
                                                  .id_offset = offsetof(struct record, id),
                                                  .group_offset = offsetof(struct record, group),
                                                  .order_offset = offsetof(struct record, id),
                                                  .mode = LAMBDA_M_EACH,
                                                  .partial = LAMBDA_P_QUEUE,
                                                  .has_group = 1,
                                                  .fn = (lambda_fn)refuse}};
static const struct lambda_module module = {LAMBDA_ABI, sizeof module, sizeof *handlers, 1,
                                            handlers};

static void forget_plan(void)
{
    free((void *)(uintptr_t)record_type.plan);
    record_type.plan = NULL;
}

static int check_module(struct err *err)
{
    static struct failure f;
    f.set = false;
    int failed = module_check(&module, "test", &f);
    forget_plan();
    return failed ? tell(&f, err) : 0;
}

/* All records but the first fail: in the answer all of them are named, or the invocation fails. */
static int answer_batch(struct err *err)
{
    static const char first[] = "{\"items\":[{\"id\":\"0\",\"group\":\"a\"}";
    struct lambda_ctx ctx;
    struct rapi_event event = {.request_id = {"id", 2}};
    char text[2000];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", first);
    for (int i = 1; i < 30; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, ",{\"id\":\"%d\",\"group\":\"%c\"}",
                                i, 'a' + i % 2);
    len += (size_t)snprintf(text + len, sizeof text - len, ",{\"id\":\"last\"}]}");
    arena_reset(&arena);
    event.body = arena_alloc(&arena, len + DECODE_PAD);
    event.body_len = len;
    memcpy(event.body, text, len);
    memset(event.body + len, 0, DECODE_PAD);
    ctx_init(&ctx, &arena, true);
    int failed = module_check(&module, "test", &ctx.failure);
    if (!failed) {
        ctx_begin(&ctx, &event);
        failed = dispatch_event(&module, &ctx);
    }
    size_t named = 0;
    for (const char *p = ctx.reply.ptr; !failed && (p = strstr(p, "itemIdentifier")); p++)
        named++;
    CHECK_INT(named, failed ? 0 : 30);
    if (failed)
        tell(&ctx.failure, err);
    ctx_fini(&ctx);
    forget_plan();
    return failed;
}

static int describe(struct err *err)
{
    static const char text[] = "{\"Records\":[{\"eventSource\":\"aws:none\"}],\"b\":2}";
    struct buf out;
    buf_init(&out, 10000);
    describe_event(text, sizeof text - 1, &out);
    describe_module(&module, &out);
    int failed = buf_check(&out, "a description", err);
    buf_free(&out);
    return failed;
}

static const struct starve_row rows[] = {
    {"open the Runtime API", open_api, 0}, {"open a stream", open_stream, 0},
    {"error documents", print_failure, 0}, {"heads of streams", print_prelude, 0},
    {"log lines", write_log, 0},           {"read JSON", read_json, 0},
    {"build JSON", build_json, 0},         {"check a module", check_module, 0},
    {"answer a batch", answer_batch, 0},   {"describe events", describe, 0},
};

static void test_all(void)
{
    struct err err = {0};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    log_set_sink(null, false);
    CHECK_INT(arena_init(&arena, 8 << 20, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        starve_run(&rows[i]);
    log_set_sink(STDERR_FILENO, false);
    close(null);
    arena_fini(&arena);
}

static const struct check_test tests[] = {{"every allocation fails", test_all}};
CHECK_MAIN(tests)
