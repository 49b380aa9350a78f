/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that uses all that the headers of 0.1.0 have, as C and as C++. */
#include <lambda/kinesis.h>
#include <lambda/s3.h>
#include <lambda/sqs.h>
#include <stdio.h>
#include <string.h>

struct inner {
    lambda_str name;
};
LAMBDA_TYPE(inner, LAMBDA_F(inner, name, "name"), LAMBDA_ALIAS(inner, name, "Name"));

struct named_inner {
    lambda_str key;
    struct inner value;
};

/* A member of every kind. */
struct all {
    lambda_str str;
    int64_t i64;
    double f64;
    bool truth;
    lambda_epoch epoch;
    lambda_bytes bytes;
    lambda_json json;
    lambda_strs strs;
    lambda_bytes_list bytes_list;
    lambda_map map;
    lambda_opt_i64 opt_i64;
    lambda_opt_bool opt_bool;
    struct inner obj;
    LAMBDA_LIST(struct inner) list;
    LAMBDA_LIST(struct named_inner) named;
};
LAMBDA_TYPE(all, LAMBDA_F(all, str, "str"), LAMBDA_F(all, i64, "i64"), LAMBDA_F(all, f64, "f64"),
            LAMBDA_F(all, truth, "truth"), LAMBDA_F(all, epoch, "epoch"),
            LAMBDA_F(all, bytes, "bytes"), LAMBDA_F(all, json, "json"), LAMBDA_F(all, strs, "strs"),
            LAMBDA_F(all, bytes_list, "bytesList"), LAMBDA_F(all, map, "map"),
            LAMBDA_F(all, opt_i64, "optI64"), LAMBDA_F(all, opt_bool, "optBool"),
            LAMBDA_OBJ(all, obj, "obj", inner), LAMBDA_LISTOF(all, list, "list", inner),
            LAMBDA_MAPOF(all, named, "named", inner));

static const char *text(lambda_str s)
{
    return s.ptr ? s.ptr : "-";
}

/* The document through a struct and back; each list is walked. */
static int round_trip(lambda_ctx *ctx, lambda_str event)
{
    struct all all;
    size_t walked = 0;
    if (lambda_decode(ctx, all, event, &all) != 0)
        return -1;
    lambda_each(item, all.list) walked += item->name.len;
    lambda_each(item, all.named) walked += item->key.len + item->value.name.len;
    lambda_each(item, all.strs) walked += item->len;
    lambda_each(item, all.map) walked += item->value.len;
    lambda_each(item, all.bytes_list) walked += item->len;
    all.i64 = (int64_t)walked;
    lambda_str out = lambda_encode(ctx, all, &all);
    return lambda_reply(ctx, out.ptr, out.len);
}

static int show_context(lambda_ctx *ctx, lambda_str event)
{
    char *out = (char *)lambda_alloc(ctx, 1000);
    lambda_json json = {event.ptr, event.len}, client = lambda_client_context(ctx);
    lambda_json identity = lambda_cognito_identity(ctx), at = lambda_json_get(json, "/at/0");
    int64_t left = lambda_remaining_ms(ctx);
    int len = snprintf(out, 1000, "[\"%s\",\"%s\",\"%s\",%.*s,%.*s,%s,%.*s,\"%s\",%d,%g,%d,\"%s\"]",
                       text(lambda_request_id(ctx)), text(lambda_function_arn(ctx)),
                       text(lambda_trace_id(ctx)), (int)client.len, client.ptr, (int)identity.len,
                       identity.ptr, lambda_deadline_ms(ctx) > 0 && left > 0 ? "true" : "false",
                       (int)at.len, at.ptr, text(lambda_json_str(ctx, json, "/text")),
                       (int)lambda_json_i64(json, "/int", -1), lambda_json_f64(json, "/float", -1),
                       lambda_json_bool(json, "/yes", false),
                       text(lambda_url_decode(ctx, lambda_json_str(ctx, json, "/url"))));
    return lambda_reply(ctx, out, (size_t)len);
}

static int on_any(lambda_ctx *ctx, lambda_str event)
{
    for (int level = LAMBDA_TRACE; level <= LAMBDA_FATAL; level++)
        lambda_log(ctx, (enum lambda_level)level, "level %d", level);
    if (strstr(event.ptr, "\"str\""))
        return round_trip(ctx, event);
    if (strstr(event.ptr, "\"fail\""))
        return lambda_error(ctx, "AsAsked", "%s", "by the event");
    return show_context(ctx, event);
}

static int on_batch(lambda_ctx *ctx, const struct lambda_sqs_event *event)
{
    size_t index = 0;
    lambda_each(m, event->records)
    {
        if (m->attributes.receive_count > 1)
            lambda_fail_record(ctx, index);
        index++;
    }
    return 0;
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    return m->attributes.receive_count > 1 ? lambda_error(ctx, "Again", "%s", m->body.ptr) : 0;
}

static int on_stream(lambda_ctx *ctx, const struct lambda_kinesis_event *event)
{
    (void)ctx;
    return event->records.len ? 0 : -1;
}

static int on_record(lambda_ctx *ctx, const struct lambda_kinesis_record *r)
{
    return r->kinesis.data.len == 2 ? 0 : lambda_error(ctx, "Length", "%s", r->event_id.ptr);
}

static int on_objects(lambda_ctx *ctx, const struct lambda_s3_event *event)
{
    lambda_str key = lambda_url_decode(ctx, event->records.ptr[0].s3.object.key);
    return lambda_reply(ctx, key.ptr, key.len);
}

static int on_object(lambda_ctx *ctx, const struct lambda_s3_record *r)
{
    return lambda_error(ctx, "Object", "%s of %lld", r->s3.object.key.ptr,
                        (long long)r->s3.object.size);
}

static int starts, ends;

static int on_init(lambda_ctx *ctx)
{
    lambda_log(ctx, LAMBDA_INFO, "start %d", ++starts);
    return 0;
}

static int on_end(lambda_ctx *ctx)
{
    lambda_log(ctx, LAMBDA_INFO, "end %d", ++ends);
    return 0;
}

LAMBDA_MODULE(LAMBDA_INIT(on_init), LAMBDA_SQS_EACH(on_message), LAMBDA_KINESIS_EACH(on_record),
              LAMBDA_S3_EACH(on_object), LAMBDA_RAW(on_any), LAMBDA_SHUTDOWN(on_end));
LAMBDA_MODULE_AS(whole, LAMBDA_SQS(on_batch), LAMBDA_KINESIS(on_stream), LAMBDA_S3(on_objects));
