#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the AWS command line prints of queues and streams, from an account at ADDRESS: sends messages and records as
told on standard input, and prints for each its output, as one JSON object. Debian's own Python runs it, which has the
command line as a module: one start for all its commands.

aws_outputs.py ADDRESS"""
import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver

ADDRESS = sys.argv[1]
driver = create_clidriver()


def aws(*command):
    """What it prints."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out):
        code = driver.main(["--endpoint-url", ADDRESS, "--output", "json", *command])
    text = out.buffer.getvalue().decode()
    if code:
        sys.exit(f"aws {' '.join(command[:2])}: exit {code}: {text[-300:]}")
    return text


def value(member, *command):
    return json.loads(aws(*command))[member]


def queue(name, messages):
    fifo = ["--attributes", "FifoQueue=true"] if name.endswith(".fifo") else []
    url = value("QueueUrl", "sqs", "create-queue", "--queue-name", name, *fifo)
    ids = [value("MessageId", "sqs", "send-message", "--queue-url", url, *message) for message in messages]
    return {"ids": ids, "all": receive(url, ["--attribute-names", "All", "--message-attribute-names", "All"]),
            "bare": receive(url, [])}


def receive(url, more):
    """Messages that nobody keeps from being received again."""
    return aws("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10", "--visibility-timeout",
               "0", *more)


def kinesis(records):
    aws("kinesis", "create-stream", "--stream-name", "sensors", "--shard-count", "1")
    for key, data in records:
        aws("kinesis", "put-record", "--stream-name", "sensors", "--partition-key", key, "--data", data)
    iterator = value("ShardIterator", "kinesis", "get-shard-iterator", "--stream-name", "sensors", "--shard-id",
                     "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON")
    return {"all": aws("kinesis", "get-records", "--shard-iterator", iterator)}


def dynamodb(items):
    made = value("TableDescription", "dynamodb", "create-table", "--table-name", "orders", "--attribute-definitions",
                 "AttributeName=k,AttributeType=S", "--key-schema", "AttributeName=k,KeyType=HASH", "--billing-mode",
                 "PAY_PER_REQUEST", "--stream-specification",
                 "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES")
    arn = made["LatestStreamArn"]
    for item in items:
        aws("dynamodb", "put-item", "--table-name", "orders", "--item", json.dumps(item))
    shards = value("StreamDescription", "dynamodbstreams", "describe-stream", "--stream-arn", arn)["Shards"]
    iterator = value("ShardIterator", "dynamodbstreams", "get-shard-iterator", "--stream-arn", arn, "--shard-id",
                     shards[0]["ShardId"], "--shard-iterator-type", "TRIM_HORIZON")
    return {"all": aws("dynamodbstreams", "get-records", "--shard-iterator", iterator)}


def main():
    told = json.load(sys.stdin)
    done = {name: queue(name, messages) for name, messages in told["queues"].items()}
    done["kinesis"] = kinesis(told["kinesis"])
    done["dynamodb"] = dynamodb(told["dynamodb"])
    json.dump(done, sys.stdout)


main()
