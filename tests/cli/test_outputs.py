#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages and records that were sent to an account (moto's server on loopback), received with the AWS command line,
and replayed from what it printed: the function gets what was sent, as Lambda would give it.

test_outputs.py CLAMBDA HOSTILE EXAMPLES-FOLDER"""
import base64
import contextlib
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys

import harness
from harness import CLAMBDA, failures, path, write

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = sys.argv[3]
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's, whose module the command line is
BINARY = base64.b64encode(bytes([0, 1, 2, 255])).decode()
BODIES = ["plain", 'a "quoted" \\ wörd 漢字 🎈', '{"order":9007199254740993}', "line\nbreak"]
SECONDS = re.compile(r'"(ApproximateArrivalTimestamp|ApproximateCreationDateTime)": "([^"]+)"')
ATTRIBUTES = {"n": {"DataType": "Number", "StringValue": "12"}, "b": {"DataType": "Binary", "BinaryValue": BINARY}}
TOLD = {
    "queues": {
        "orders": [["--message-body", body, "--message-attributes", json.dumps(ATTRIBUTES)] for body in BODIES],
        "steps.fifo": [["--message-body", str(i), "--message-group-id", f"g{i % 2}", "--message-deduplication-id",
                        f"d{i}"] for i in range(3)],
    },
    "kinesis": [[f"key {i}", BINARY] for i in range(3)],
    "dynamodb": [{"k": {"S": "ä"}, "n": {"N": "9007199254740993"}, "b": {"B": BINARY}},
                 {"k": {"S": "ä"}, "list": {"L": [{"NULL": True}, {"BOOL": False}]}}],
}
SERVER = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
os._exit(0)
"""


def check(what, good, seen=""):
    harness.check(what, bool(good), True)
    if not good:
        print(f"# {seen}")
    return good


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if harness.MUST else 77)


@contextlib.contextmanager
def account():
    """Its address."""
    sys.path.insert(0, os.path.join(HERE, "../deploy"))
    import tools
    try:
        env = tools.python_environment()
    except tools.Missing as missing:
        skip(f"no server: {missing}")
    with open(path("server.log"), "w") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVER], env=env, text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=log)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait()


def printed():
    env = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1",
           "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "HOME": path(""), "PATH": os.environ["PATH"],
           "LANG": "C.UTF-8"}
    if subprocess.run([SYSTEM_PYTHON, "-c", "import awscli"], env=env, capture_output=True).returncode:
        skip("the AWS command line is not installed: run tests/deps")
    with account() as address:
        done = subprocess.run([SYSTEM_PYTHON, os.path.join(HERE, "aws_outputs.py"), address], env=env, text=True,
                              input=json.dumps(TOLD), capture_output=True, timeout=harness.COMMAND_S)
    if not check("the account is used", done.returncode == 0, done.stderr[-2000:]):
        finish()
    return json.loads(done.stdout)


def events(name, text, baseline):
    """What raw_echo got of a trace: it differs from what the other function answers."""
    trace, report = path(f"{name}.json"), path(f"{name}.report.json")
    write(f"{name}.json", text)
    done = subprocess.run([CLAMBDA, "replay", f"{EXAMPLES}/raw_echo.so", trace, "--baseline",
                           f"{EXAMPLES}/{baseline}.so", "--report", report], capture_output=True, text=True,
                          timeout=harness.COMMAND_S)
    if done.returncode == 3:
        skip(f"this host cannot sandbox: {done.stderr.strip()[-300:]}")
    if not check(f"{name}: replayed", done.returncode == 1, done.stdout + done.stderr):
        finish()
    with open(report) as file:
        found = json.load(file)["differences"]
    return [json.loads(difference["got"]["text"]) for difference in found if difference["got_status"] == "success"]




def test_queue(name, output, fifo):
    """Each message as it was sent, in one event."""
    queue = "arn:aws:sqs:us-east-1:123456789012:example-queue" + (".fifo" if fifo else "")
    for form in ("all", "bare"):
        found = events(f"{name}.{form}", output[form], "sqs_batch")
        records = found[0]["Records"] if len(found) == 1 else []
        messages = json.loads(output[form])["Messages"]
        harness.check(f"{name} {form}: one event of all messages", [r["messageId"] for r in records],
                      [message["MessageId"] for message in messages])
        check(f"{name} {form}: they were sent", messages and {m["MessageId"] for m in messages} <= set(output["ids"]))
        for record, message in zip(records, messages):
            body = message["Body"]
            harness.check("body", record.get("body"), body)
            harness.check("digest", record.get("md5OfBody"), hashlib.md5(body.encode()).hexdigest())
            harness.check("handle", record.get("receiptHandle"), message["ReceiptHandle"])
            attributes = record.get("attributes", {})
            harness.check("attributes", attributes, {**attributes, **message.get("Attributes", {})})
            check("attributes that Lambda always has", {"ApproximateReceiveCount", "SentTimestamp", "SenderId",
                                                       "ApproximateFirstReceiveTimestamp"} <= set(attributes))
            harness.check("source", (record.get("eventSource"), record.get("awsRegion")), ("aws:sqs", "us-east-1"))
            if form == "all":
                harness.check("queue", record.get("eventSourceARN"), queue)
                wanted = {} if fifo else {key: {
                    **({"stringValue": a["StringValue"]} if "StringValue" in a else {"binaryValue": a["BinaryValue"]}),
                    "stringListValues": [], "binaryListValues": [], "dataType": a["DataType"]}
                    for key, a in message["MessageAttributes"].items()}
                harness.check("message attributes", record.get("messageAttributes"), wanted)


def numbers(text):
    """The output as version 1 of the command line has it."""
    return SECONDS.sub(lambda m: f'"{m[1]}": {datetime.datetime.fromisoformat(m[2]).timestamp():.6f}', text)


def test_kinesis(text):
    found = events("kinesis", text, "kinesis_records")
    records = found[0]["Records"] if len(found) == 1 else []
    printed_records = json.loads(text)["Records"]
    harness.check("kinesis: one event of all records", [r["kinesis"]["partitionKey"] for r in records],
         [key for key, _ in TOLD["kinesis"]])
    for record, was in zip(records, printed_records):
        harness.check("data", record["kinesis"]["data"], was["Data"])
        harness.check("sequence number", record["eventID"], f"shardId-000000000006:{was['SequenceNumber']}")
    check("the command line prints a text", SECONDS.search(text), text[:300])
    again = events("kinesis1", numbers(text), "kinesis_records")
    harness.check("kinesis: numbers for times are the same", again, found)


def test_dynamodb(text):
    found = events("dynamodb", text, "sqs_batch")
    records = found[0]["Records"] if len(found) == 1 else []
    harness.check("dynamodb: one event of both changes", [r["eventName"] for r in records], ["INSERT", "MODIFY"])
    for record, was in zip(records, json.loads(text)["Records"]):
        arn = record.pop("eventSourceARN")
        check("table", arn.startswith(f"arn:aws:dynamodb:{was['awsRegion']}:123456789012:table/example-table/"), arn)
        time = record["dynamodb"].pop("ApproximateCreationDateTime")
        was["dynamodb"].pop("ApproximateCreationDateTime")
        check("time in whole seconds", isinstance(time, int) and time > 1.7e9, time)
        harness.check("the change itself", record, was)
    harness.check("dynamodb: numbers for times are the same",
         [[r["eventID"] for r in event["Records"]] for event in events("dynamodb1", numbers(text), "sqs_batch")],
         [[r["eventID"] for r in records]])


def finish():
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


def main():
    output = printed()
    test_queue("orders", output["orders"], False)
    test_queue("steps.fifo", output["steps.fifo"], True)
    test_kinesis(output["kinesis"]["all"])
    test_dynamodb(output["dynamodb"]["all"])
    finish()


main()
