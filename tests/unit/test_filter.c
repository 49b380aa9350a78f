/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "base/buf.h"
#include "check.h"
#include "mapping/filter.h"

/* A record of its source. NULL: its data is this text of JSON; else it is encoded as AWS does. */
static void write_record(enum mapping_source source, const char *data, struct buf *out)
{
    char encoded[512];
    encoded[base64_encode(data, strlen(data), encoded)] = '\0';
    if (source == MAPPING_SQS) {
        buf_adds(out, "{\"messageId\":\"m\",\"body\":");
        buf_add_json_string(out, data, strlen(data));
        buf_adds(out, ",\"attributes\":{\"SenderId\":\"s\"},\"eventSource\":\"aws:sqs\"}");
    } else if (source == MAPPING_KINESIS) {
        buf_addf(out,
                 "{\"kinesis\":{\"partitionKey\":\"p\",\"data\":\"%s\"},\"eventName\":"
                 "\"aws:kinesis:record\"}",
                 encoded);
    } else if (source == MAPPING_KAFKA) {
        buf_addf(out, "{\"topic\":\"t\",\"partition\":0,\"key\":\"%s\",\"value\":\"%s\"}", "a2V5",
                 encoded);
    } else {
        buf_adds(out, data);
    }
}

/* -1: refused, with its message in err. */
static int passes(const char *settings, const char *data, struct err *err)
{
    struct mapping_settings s = {0};
    int result = -1;
    CHECK_INT(mapping_settings_parse(settings, &s, err), 0);
    struct filter *f = filter_criteria_open(&s, err);
    struct buf text;
    buf_init(&text, 65536);
    write_record(s.source, data, &text);
    struct record r = {.source = s.source, .text = {text.ptr, text.len}};
    if (f)
        result = filter_passes(f, &r, err);
    filter_criteria_close(f);
    mapping_settings_fini(&s);
    buf_free(&text);
    return result;
}

struct row {
    const char *settings, *data;
    int passes;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        if (passes(rows[i].settings, rows[i].data, &err) != rows[i].passes)
            check_report(rows[i].settings, (int)i, rows[i].data);
        CHECK_STR(err.msg, "");
    }
}

#define OF_JSON "{\"price\":5,\"name\":\"x y\"}"

/* AWS docs: "Using event filtering with an Amazon SQS event source", Properly filtering messages.
 */
static void test_sqs(void)
{
    static const struct row rows[] = {
        {"sqs", "anything", 1},
        {"sqs:filter={\"body\":[\"plain\"]}", "plain", 1},
        {"sqs:filter={\"body\":[{\"prefix\":\"pl\"}]}", "plain", 1},
        {"sqs:filter={\"body\":[\"plain\"]}", "other", 0},
        {"sqs:filter={\"body\":{\"price\":[5]}}", "plain", 0},
        {"sqs:filter={\"body\":{\"price\":[{\"exists\":false}]}}", "plain", 0},
        {"sqs:filter={\"body\":[{\"anything-but\":\"x\"}]}", OF_JSON, 0},
        {"sqs:filter={\"body\":[{\"exists\":false}]}", OF_JSON, 0},
        {"sqs:filter={\"body\":{\"price\":[5]}}", OF_JSON, 1},
        {"sqs:filter={\"body\":{\"price\":[{\"numeric\":[\">\",5]}]}}", OF_JSON, 0},
        {"sqs:filter={\"attributes\":{\"SenderId\":[\"s\"]}}", "plain", 1},
        {"sqs:filter={\"attributes\":{\"SenderId\":[\"s\"]}}", OF_JSON, 1},
        {"sqs:filter={\"attributes\":{\"SenderId\":[\"t\"]}}", OF_JSON, 0},
        {"sqs:filter={\"body\":{\"price\":[4]}},filter={\"body\":{\"name\":[\"x y\"]}}", OF_JSON,
         1},
        {"sqs:filter={\"$or\":[{\"body\":[\"plain\"]},{\"body\":{\"price\":[5]}}]}", "plain", 1},
        {"sqs:filter={\"$or\":[{\"body\":[\"plain\"]},{\"body\":{\"price\":[5]}}]}", OF_JSON, 1},
        {"sqs:filter={\"body\":[\"5\"]}", "5", 1},
        {"sqs:filter={\"body\":{\"price\":[5]}}", " \n" OF_JSON " ", 1},
        {"sqs:filter={\"body\":{\"price\":[5]}}", "{\"price\":5", 0},
        {"sqs:filter={\"body\":{\"price\":[5]}}", "[" OF_JSON "]", 1},
    };
    check_rows(rows, sizeof rows / sizeof *rows);
}

/* AWS docs: the same page for Kinesis, DynamoDB and Kafka. */
static void test_streams(void)
{
    static const struct row rows[] = {
        {"kinesis:filter={\"data\":{\"price\":[5]}}", OF_JSON, 1},
        {"kinesis:filter={\"data\":{\"price\":[6]}}", OF_JSON, 0},
        {"kinesis:filter={\"data\":{\"price\":[5]}}", "plain", 0},
        {"kinesis:filter={\"data\":{\"price\":[{\"exists\":false}]}}", "plain", 0},
        {"kinesis:filter={\"partitionKey\":[\"p\"]}", "plain", 1},
        {"kinesis:filter={\"partitionKey\":[\"p\"]}", "\xff\xfe", 1},
        {"kinesis:filter={\"partitionKey\":[\"q\"]}", OF_JSON, 0},
        {"kinesis:filter={\"eventName\":[\"aws:kinesis:record\"]}", OF_JSON, 1},
        {"dynamodb:filter={\"eventName\":[\"INSERT\"]}", "{\"eventName\":\"INSERT\"}", 1},
        {"dynamodb:filter={\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":[\"5\"]}}}}",
         "{\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":\"5\"}}}}", 1},
        {"dynamodb:filter={\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":[{\"numeric\":[\"=\",5]}]}}}}",
         "{\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":\"5\"}}}}", 0},
        {"dynamodb:filter={\"dynamodb\":{\"OldImage\":{\"n\":{\"N\":[{\"exists\":false}]}}}}",
         "{\"dynamodb\":{\"NewImage\":{\"n\":{\"N\":\"5\"}}}}", 1},
        {"kafka:filter={\"value\":{\"price\":[5]}}", OF_JSON, 1},
        {"kafka:filter={\"value\":[{\"suffix\":\"n\"}]}", "plain", 1},
        {"kafka:filter={\"value\":[{\"suffix\":\"n\"}]}", OF_JSON, 0},
        {"kafka:filter={\"value\":{\"price\":[5]},\"key\":[\"key\"]}", OF_JSON, 1},
        {"kafka:filter={\"value\":{\"price\":[5]},\"key\":{\"a\":[1]}}", OF_JSON, 0},
        {"kafka:filter={\"value\":[{\"exists\":true}]}", "\xff\xfe", 0},
        {"kafka:filter={\"topic\":[\"t\"]}", "\xff\xfe", 1},
    };
    check_rows(rows, sizeof rows / sizeof *rows);
}

#define OBJECT(event, key) "{\"eventName\":\"" event "\",\"s3\":{\"object\":{\"key\":\"" key "\"}}}"

/* AWS docs: S3 user guide, "Configuring event notifications using object key name filtering"; the
 * record has no "s3:", and its key is URL-encoded. */
static void test_s3(void)
{
    static const struct row rows[] = {
        {"s3", OBJECT("ObjectRemoved:Delete", "k"), 1},
        {"s3:events=s3:ObjectCreated:*", OBJECT("ObjectCreated:Put", "k"), 1},
        {"s3:events=s3:ObjectCreated:*", OBJECT("ObjectRemoved:Delete", "k"), 0},
        {"s3:events=s3:ObjectCreated:Put", OBJECT("ObjectCreated:Put", "k"), 1},
        {"s3:events=s3:ObjectCreated:Put", OBJECT("ObjectCreated:PutMore", "k"), 0},
        {"s3:events=s3:ObjectCreated:Put", OBJECT("ObjectCreated:Copy", "k"), 0},
        {"s3:events=s3:ObjectCreated:Put,events=s3:ObjectRemoved:*",
         OBJECT("ObjectRemoved:DeleteMarkerCreated", "k"), 1},
        {"s3:prefix=my pictures/", OBJECT("ObjectCreated:Put", "my+pictures/a.jpg"), 1},
        {"s3:prefix=my pictures/", OBJECT("ObjectCreated:Put", "my%20pictures%2Fa.jpg"), 1},
        {"s3:prefix=my+pictures/", OBJECT("ObjectCreated:Put", "my+pictures/a.jpg"), 1},
        {"s3:prefix=my+pictures/", OBJECT("ObjectCreated:Put", "my%2Bpictures/a.jpg"), 0},
        {"s3:prefix=a%2Bb", OBJECT("ObjectCreated:Put", "a%2Bb"), 1},
        {"s3:prefix=a%2Bb", OBJECT("ObjectCreated:Put", "a+b"), 0},
        {"s3:prefix=version%3D1/", OBJECT("ObjectCreated:Put", "version%3D1/a"), 1},
        {"s3:prefix=version=1/", OBJECT("ObjectCreated:Put", "version%3D1/a"), 1},
        {"s3:prefix=a%00b", OBJECT("ObjectCreated:Put", "a%00c"), 0},
        {"s3:suffix=_Cq+Values.csv", OBJECT("ObjectCreated:Put", "x_Cq+Values.csv"), 1},
        {"s3:suffix=\xc3\xa9.jpg", OBJECT("ObjectCreated:Put", "%C3%a9.jpg"), 1},
        {"s3:suffix=.jpg", OBJECT("ObjectCreated:Put", "a.jpg.txt"), 0},
        {"s3:suffix=%4", OBJECT("ObjectCreated:Put", "a%4"), 1},
        {"s3:prefix=ab,suffix=bc", OBJECT("ObjectCreated:Put", "abc"), 1},
        {"s3:prefix=ab,suffix=bc", OBJECT("ObjectCreated:Put", "ab"), 0},
        {"s3:prefix=a", "{\"eventName\":\"ObjectCreated:Put\"}", 0},
        {"async", "{}", 1},
    };
    check_rows(rows, sizeof rows / sizeof *rows);
}

static void test_refused(void)
{
    static const struct {
        const char *settings, *message;
    } rows[] = {
        {"sqs:filter={}",
         "filter 1: Invalid filter pattern definition. line 1, column 1: empty objects"},
        {"sqs:filter={\"a\":[1]},filter={\"a\":1}", "filter 2: Invalid filter pattern definition."},
        {"sqs:filter=@f", "filter 1: Invalid filter pattern definition."},
        {"kinesis:filter={\"data\":[\"x\"]}", "'data' takes a JSON object, not a list"},
        {"dynamodb:filter={\"dynamodb\":[\"x\"]}", "'dynamodb' takes a JSON object, not a list"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        CHECK_INT(passes(rows[i].settings, "{}", &err), -1);
        CHECK_INT(err.kind, ERR_USAGE);
        CHECK_HAS(err.msg, rows[i].message);
    }
}

#define BODY ",filter={\"body\":[1]}"

/* What AWS does not document is evaluated, and told once. */
static void test_notes(void)
{
    static const struct {
        const char *settings, *has[3];
    } rows[] = {
        {"sqs", {""}},
        {"sqs:filter={\"body\":{\"a\":[1]}}", {""}},
        {"sqs:filter={\"messageId\":[\"a\"]},filter={\"messageId\":[\"b\"]}",
         {"a filter on \"messageId\": of sqs AWS documents filters on \"body\" only; it is "
          "evaluated "
          "here, try it on AWS\n"}},
        {"kinesis:filter={\"data\":{\"a\":[1]},\"partitionKey\":[\"p\"]}",
         {"\"partitionKey\": of kinesis AWS documents filters on \"data\" only"}},
        {"kinesis:filter={\"$or\":[{\"eventName\":[\"a\"]},{\"data\":{\"a\":[1]}}]}",
         {"a filter on \"eventName\""}},
        {"dynamodb:filter={\"eventName\":[\"INSERT\"],\"dynamodb\":{\"Keys\":{\"a\":[1]}}}", {""}},
        {"dynamodb:filter={\"awsRegion\":[\"x\"]}", {"on \"dynamodb\" only"}},
        {"kafka:filter={\"value\":[\"a\"],\"key\":[\"b\"]}",
         {"\"key\": of kafka", "on \"value\" only"}},
        {"sqs:filter={\"body\":{\"a\":[{\"wildcard\":\"x*\"},{\"cidr\":\"10.0.0.0/8\"}]}}",
         {"a filter with wildcard: AWS's page on Lambda's filters does not list it",
          "a filter with cidr: "}},
        {"sqs:filter={\"body\":{\"a\":[{\"prefix\":{\"equals-ignore-case\":\"x\"}}]}}",
         {"with equals-ignore-case in prefix or suffix: "}},
        {"sqs:filter={\"body\":{\"a\":[{\"anything-but\":{\"prefix\":\"x\"}}]}}",
         {"with anything-but with an operator in it: "}},
        {"sqs:filter={\"body\":{\"a\":[{\"anything-but\":[\"x\"]},{\"prefix\":\"a\"},{\"suffix\":"
         "\"b\"},"
         "{\"equals-ignore-case\":\"c\"},{\"numeric\":[\"<\",5]},{\"exists\":true}]}}",
         {""}},
        {"sqs:filter={\"body\":[1]}" BODY BODY BODY BODY, {""}},
        {"sqs:filter={\"body\":[1]}" BODY BODY BODY BODY BODY,
         {"6 filters: AWS takes 5, and up to 10 on request\n"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mapping_settings s;
        struct err err = {0};
        AUTO_BUF struct buf out;
        buf_init(&out, 4096);
        CHECK_INT(mapping_settings_parse(rows[i].settings, &s, &err), 0);
        struct filter *f = filter_criteria_open(&s, &err);
        CHECK_STR(err.msg, "");
        filter_notes(f, &out);
        const char *text = out.ptr ? out.ptr : "";
        size_t lines = 0, want = 0;
        for (const char *at = text; *at; at++)
            lines += *at == '\n';
        for (size_t k = 0; k < ARRAY_LEN(rows[i].has) && rows[i].has[k]; k++) {
            CHECK_HAS(text, rows[i].has[k]);
            want += *rows[i].has[k] != '\0';
        }
        CHECK(want ? lines > 0 && lines <= want : lines == 0);
        filter_criteria_close(f);
        mapping_settings_fini(&s);
    }
}

static const struct check_test tests[] = {
    {"sqs", test_sqs},         {"streams", test_streams}, {"s3", test_s3},
    {"refused", test_refused}, {"notes", test_notes},
};

CHECK_MAIN(tests)
