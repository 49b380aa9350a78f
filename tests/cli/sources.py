# SPDX-License-Identifier: Apache-2.0
"""Events of each source whose records say what obedient.c shall do."""
import base64
import json

SENT_MS = 1768469400000
ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"
# what an earlier run has left in a file of dlq
DEAD = json.dumps({"MessageId": "1", "ReceiptHandle": "AQEB1==", "MD5OfBody": "0" * 32, "Body": "old",
                   "Attributes": {"SenderId": "AIDAEXAMPLE", "SentTimestamp": "1", "ApproximateReceiveCount": "1",
                                  "ApproximateFirstReceiveTimestamp": "1"}}) + "\n"


def identity(number):
    return f"00000000-0000-4000-8000-{number:012x}"


def sqs(number, say, queue="orders", group=None):
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(SENT_MS + number),
                  "SenderId": "AIDAEXAMPLE", "ApproximateFirstReceiveTimestamp": str(SENT_MS + number + 1)}
    if group:
        attributes |= {"SequenceNumber": f"{number:020d}", "MessageGroupId": group,
                       "MessageDeduplicationId": str(number)}
    return {"messageId": identity(number), "receiptHandle": f"AQEB{number}==", "body": say, "attributes": attributes,
            "messageAttributes": {}, "md5OfBody": "0" * 32, "eventSource": "aws:sqs",
            "eventSourceARN": ACCOUNT.format("sqs", queue), "awsRegion": "us-east-1"}


def kinesis(number, say, shard=0, data=b"{}"):
    sequence = f"4959{number:052d}"
    return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": say, "sequenceNumber": sequence,
                        "data": base64.b64encode(data).decode(),
                        "approximateArrivalTimestamp": (SENT_MS + number) / 1000},
            "eventSource": "aws:kinesis", "eventVersion": "1.0",
            "eventID": f"shardId-{shard:012d}:{sequence}", "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/r", "awsRegion": "us-east-1",
            "eventSourceARN": ACCOUNT.format("kinesis", "stream/clicks")}


def dynamodb(number, say):
    return {"eventID": f"{number:032x}", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {"Keys": {"do": {"S": say}}, "NewImage": {"do": {"S": say}, "n": {"N": str(number)}},
                         "ApproximateCreationDateTime": SENT_MS // 1000 + number, "SequenceNumber": f"{number:021d}",
                         "SizeBytes": 26, "StreamViewType": "NEW_IMAGE"},
            "eventSourceARN": ACCOUNT.format("dynamodb", "table/orders/stream/2026-01-01T00:00:00.000")}


def kafka(number, say):
    return {"topic": "t", "partition": 0, "offset": number, "timestamp": SENT_MS + number,
            "timestampType": "CREATE_TIME", "key": "a2V5", "value": "e30=", "headers": [], "say": say}


def s3(number, say):
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": f"2026-01-15T09:30:{number % 60:02d}.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": f"R{number}", "x-amz-id-2": "I"},
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "c",
                   "bucket": {"name": "photos", "ownerIdentity": {"principalId": "A"}, "arn": "arn:aws:s3:::photos"},
                   "object": {"key": say, "size": 1, "eTag": "0" * 32, "sequencer": f"{number:018X}"}}}


def event(*records):
    if records and "topic" in records[0]:
        return {"eventSource": "aws:kafka", "eventSourceArn": ACCOUNT.format("kafka", "cluster/demo/uuid"),
                "bootstrapServers": "b-1.demo:9092", "records": {"t-0": list(records)}}
    return {"Records": list(records)}


def lines(*events):
    return "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in events)
