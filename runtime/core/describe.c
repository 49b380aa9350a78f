/* SPDX-License-Identifier: Apache-2.0 */
#include "core/describe.h"

#include "base/scan.h"
#include "base/utf8.h"

#define KEYS_SHOWN 8
#define TEXT_SHOWN 80

/* By what an event is recognised: the first row whose first pointer is there. The values of the
 * pointers are shown behind what. */
static const struct {
    const char *pointers[2];
    const char *what;
} kinds[] = {
    {{"/Records/0/eventSource", "/Records/0/eventName"}, "Records with eventSource"},
    {{"/Records/0/EventSource", "/Records/0/EventVersion"}, "Records with EventSource"},
    {{"/Records/0/cf/config/eventType", NULL}, "a CloudFront event"},
    {{"/detail-type", "/source"}, "an EventBridge event with detail-type"},
    {{"/requestContext/elb/targetGroupArn", NULL}, "a load balancer request for"},
    {{"/requestContext/connectionId", "/requestContext/routeKey"},
     "a WebSocket event of connection"},
    {{"/requestContext/http/method", "/rawPath"}, "an HTTP request (function URL or HTTP API)"},
    {{"/requestContext/resourceId", "/httpMethod"}, "a REST API request of resource"},
    {{"/methodArn", "/type"}, "an authorizer request for"},
    {{"/eventSource", "/eventSourceArn"}, "an event with eventSource"},
    {{"/awslogs/data", NULL}, "a CloudWatch Logs event with data"},
    {{"/deliveryStreamArn", NULL}, "a Firehose transformation of"},
    {{"/triggerSource", "/userPoolId"}, "a Cognito event with triggerSource"},
    {{"/invocationSchemaVersion", NULL}, "an S3 batch operation of schema"},
    {{"/RequestType", "/ResourceType"}, "a CloudFormation request"},
    {{"/configRuleName", NULL}, "a Config rule event of"},
    {{"/bot/name", NULL}, "a Lex event of bot"},
};

/* Shows a value as the document has it, cut to a readable length. */
static void add_value(struct buf *out, struct scan_value v)
{
    size_t shown = v.len < TEXT_SHOWN ? v.len : utf8_valid_prefix(v.ptr, TEXT_SHOWN);
    bool text = shown > 1 && v.ptr[0] == '"' && shown == v.len;
    buf_addc(out, '\'');
    buf_add(out, v.ptr + text, shown - 2 * text);
    buf_adds(out, shown == v.len ? "'" : "...'");
}

static void add_keys(struct buf *out, struct scan_value object)
{
    struct scan_value key, value;
    size_t n = 0;
    for (size_t at = 0; n <= KEYS_SHOWN && scan_next(object, &at, &key, &value); n++) {
        buf_adds(out, n == 0 ? "an object with " : ", ");
        if (n < KEYS_SHOWN)
            add_value(out, key);
        else
            buf_adds(out, "...");
    }
    if (n == 0)
        buf_adds(out, "an empty object");
}

static void add_shape(struct buf *out, struct scan_value document)
{
    struct scan_value records = scan_find(document.ptr, document.len, "/Records");
    struct scan_value key, value;
    size_t at = 0;
    if (records.ptr && records.ptr[0] == '[' && !scan_next(records, &at, &key, &value))
        buf_adds(out, "an empty list of Records");
    else if (document.ptr[0] == '{')
        add_keys(out, document);
    else if (document.ptr[0] == '[')
        buf_adds(out, "an array");
    else
        add_value(out, document);
}

void describe_event(const char *text, size_t len, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scan_value first = scan_find(text, len, kinds[i].pointers[0]);
        if (!first.ptr)
            continue;
        struct scan_value second = {NULL, 0};
        if (kinds[i].pointers[1])
            second = scan_find(text, len, kinds[i].pointers[1]);
        buf_addf(out, "%s ", kinds[i].what);
        add_value(out, first);
        if (second.ptr) {
            buf_adds(out, ", ");
            add_value(out, second);
        }
        return;
    }
    struct scan_value document = scan_find(text, len, "");
    if (document.ptr)
        add_shape(out, document);
    else
        buf_adds(out, "no JSON");
}

void describe_module(const struct lambda_module *table, struct buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < table->nhandlers; i++) {
        const struct lambda_handler *h = &table->handlers[i];
        if (module_is_hook(h))
            continue;
        buf_adds(out, n++ ? ", " : "");
        buf_adds(out, h->event ? h->event : "an event without a name");
    }
}
