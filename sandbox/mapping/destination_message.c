/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of dead-letter queues, as 'aws sqs receive-message --attribute-names All
 * --message-attribute-names All' prints them. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/md5.h"
#include "mapping/destination.h"
#include "mapping/members.h"

#define MESSAGE_MAX 1024 /* bytes of ErrorMessage that Lambda keeps */
#define MD5_SIZE    33
#define SENDER      "AIDAEXAMPLEEXAMPLE123" /* as 'clambda event' writes it */

/* What Lambda tells of an event that the function never got, nobody has written down: the code of
 * its own refusal, and our words. */
#define CODE_NOT_RUN "429"

static void add_view(struct buf *out, struct scan_value v)
{
    buf_add(out, v.ptr, v.len);
}

/* ---- asynchronous invocations -----------------------------------------------------------------
 */

struct attribute {
    const char *name, *type, *value;
    size_t len;
};

static void add_sized(struct buf *out, const char *text, size_t len)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_addc(out, (char)(len >> shift & 0xff));
    buf_add(out, text, len);
}

/* AWS docs: "Amazon SQS message metadata": the digest of attributes in the order of their names,
 * each with name, type, the kind of value and the value. */
static void digest_attributes(const struct attribute *a, size_t n, char digest[MD5_SIZE])
{
    AUTO_BUF struct buf all;
    buf_init(&all, 4 * MESSAGE_MAX);
    for (size_t i = 0; i < n; i++) {
        add_sized(&all, a[i].name, strlen(a[i].name));
        add_sized(&all, a[i].type, strlen(a[i].type));
        buf_addc(&all, 1);
        add_sized(&all, a[i].value, a[i].len);
    }
    md5_hex(all.ptr ? all.ptr : "", all.len, digest);
}

static size_t cut_utf8(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

/* The beginning of errorMessage; an answer that has none is told as it is. */
static void read_message(const struct destination_case *c, struct buf *out)
{
    struct scan_value v = {0};
    if (c->answer)
        v = scan_find(c->answer, c->answer_len, "/errorMessage");
    char *at = v.ptr && *v.ptr == '"' ? buf_reserve(out, v.len) : NULL;
    long len = at ? scan_unescape(v, at) : -1;
    if (len >= 0)
        out->len = cut_utf8(out->ptr, (size_t)len, MESSAGE_MAX);
    else if (c->answer)
        buf_add(out, c->answer, cut_utf8(c->answer, c->answer_len, MESSAGE_MAX));
}

static void add_message_id(struct buf *out, const char *id)
{
    char digest[MD5_SIZE];
    md5_hex(id, strlen(id), digest);
    buf_addf(out, "{\"MessageId\":\"%.8s-%.4s-%.4s-%.4s-%.12s\",\"ReceiptHandle\":\"AQEB%s==\"",
             digest, digest + 8, digest + 12, digest + 16, digest + 20, digest);
}

static void add_body(struct buf *out, const char *body, size_t len)
{
    char digest[MD5_SIZE];
    md5_hex(body, len, digest);
    buf_addf(out, ",\"MD5OfBody\":\"%s\",\"Body\":", digest);
    buf_add_json_string(out, body, len);
}

void destination_dead_letter(const struct destination_case *c, struct buf *out)
{
    AUTO_BUF struct buf message;
    buf_init(&message, c->answer_len + 256);
    if (c->ran)
        read_message(c, &message);
    else
        buf_addf(&message, "%s", mapping_reason_name(c->settings->source, c->reason));
    const struct attribute all[] = {
        {"ErrorCode", "Number", c->ran ? "200" : CODE_NOT_RUN, 3},
        {"ErrorMessage", "String", message.ptr ? message.ptr : "", message.len},
        {"RequestID", "String", c->request_id, strlen(c->request_id)},
    };
    char digest[MD5_SIZE];
    digest_attributes(all, ARRAY_LEN(all), digest);
    add_message_id(out, c->request_id);
    add_body(out, c->payload, c->payload_len);
    buf_addf(out,
             ",\"Attributes\":{\"SenderId\":\"%s\",\"ApproximateFirstReceiveTimestamp\":\"%lld\","
             "\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"%lld\"},"
             "\"MD5OfMessageAttributes\":\"%s\",\"MessageAttributes\":{",
             SENDER, (long long)c->time_ms, (long long)c->time_ms, digest);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        buf_addf(out, "%s\"%s\":{\"StringValue\":", i ? "," : "", all[i].name);
        buf_add_json_string(out, all[i].value, all[i].len);
        buf_addf(out, ",\"DataType\":\"%s\"}", all[i].type);
    }
    buf_adds(out, "}}");
}

/* ---- redrive ----------------------------------------------------------------------------------
 */

/* What the move makes of an attribute; false: it stays. The receive that prints the message is one
 * more. AWS docs: SQS, "Setting-up dead-letter queue retention": the time a message was sent is
 * kept by standard queues, set anew by FIFO queues. */
static bool add_moved(struct buf *out, const struct record *message, struct scan_value key,
                      const struct destination_move *move)
{
    if (members_equal(key, "ApproximateReceiveCount"))
        buf_addf(out, "\"%u\"", move->receives + 1);
    else if (members_equal(key, "ApproximateFirstReceiveTimestamp") &&
             move->first_ms != RECORDS_NO_TIME)
        buf_addf(out, "\"%lld\"", (long long)move->first_ms);
    else if (members_equal(key, "SentTimestamp") && message->fifo)
        buf_addf(out, "\"%lld\"", (long long)move->time_ms);
    else
        return false;
    return true;
}

/* Those of the message, and the queue that it comes from. */
static void add_attributes(struct buf *out, const struct record *message,
                           struct scan_value attributes, const struct destination_move *move)
{
    static const char queue[] = "DeadLetterQueueSourceArn";
    struct scan_value key, value;
    const char *before = "";
    buf_adds(out, ",\"Attributes\":{");
    if (message->shard.ptr) {
        buf_addf(out, "\"%s\":\"", queue);
        add_view(out, message->shard);
        buf_addc(out, '"');
        before = ",";
    }
    for (size_t at = 0; scan_next(attributes, &at, &key, &value);) {
        if (members_equal(key, queue))
            continue;
        buf_addf(out, "%s\"", before);
        before = ",";
        add_view(out, key);
        buf_adds(out, "\":");
        if (!add_moved(out, message, key, move))
            add_view(out, value);
    }
    buf_addc(out, '}');
}

static void add_message_attributes(struct buf *out, struct scan_value all)
{
    static const char *const names[] = {"stringValue", "binaryValue", "dataType"},
                             *const written[] = {"StringValue", "BinaryValue", "DataType"};
    struct scan_value v[ARRAY_LEN(names)], key, value;
    const char *before = ",\"MessageAttributes\":{";
    for (size_t at = 0; scan_next(all, &at, &key, &value); before = ",") {
        buf_addf(out, "%s\"", before);
        add_view(out, key);
        buf_adds(out, "\":{");
        members_find(value, names, ARRAY_LEN(names), v);
        const char *between = "";
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            if (!v[i].ptr || *v[i].ptr != '"')
                continue;
            buf_addf(out, "%s\"%s\":", between, written[i]);
            add_view(out, v[i]);
            between = ",";
        }
        buf_addc(out, '}');
    }
    if (*before == ',' && !before[1])
        buf_addc(out, '}');
}

/* A text as it stands, with its quotes; without one an empty text. */
static void add_text(struct buf *out, const char *before, struct scan_value v)
{
    buf_adds(out, before);
    if (v.ptr && *v.ptr == '"')
        add_view(out, v);
    else
        buf_adds(out, "\"\"");
}

static void add_digest(struct buf *out, struct scan_value written, struct scan_value body)
{
    char digest[MD5_SIZE];
    AUTO_FREE char *plain = NULL;
    if (written.ptr && *written.ptr == '"') {
        add_text(out, ",\"MD5OfBody\":", written);
        return;
    }
    plain = body.ptr ? malloc(body.len) : NULL;
    long len = plain ? scan_unescape(body, plain) : -1;
    md5_hex(len < 0 ? "" : plain, len < 0 ? 0 : (size_t)len, digest);
    buf_addf(out, ",\"MD5OfBody\":\"%s\"", digest);
}

void destination_redrive(const struct record *message, const struct destination_move *move,
                         struct buf *out)
{
    static const char *const names[] = {
        "messageId",  "receiptHandle",          "md5OfBody",        "body",
        "attributes", "md5OfMessageAttributes", "messageAttributes"};
    struct scan_value v[ARRAY_LEN(names)];
    members_find(message->text, names, ARRAY_LEN(names), v);
    add_text(out, "{\"MessageId\":", v[0]);
    add_text(out, ",\"ReceiptHandle\":", v[1]);
    add_digest(out, v[2], v[3]);
    add_text(out, ",\"Body\":", v[3]);
    add_attributes(out, message, v[4], move);
    if (v[5].ptr && *v[5].ptr == '"')
        add_text(out, ",\"MD5OfMessageAttributes\":", v[5]);
    add_message_attributes(out, v[6]);
    buf_addc(out, '}');
}
