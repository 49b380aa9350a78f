#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clambda event: what it prints is what AWS sends, and what it refuses it names.

test_event.py CLAMBDA"""
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

CLAMBDA = sys.argv.pop(1)
SIZE_MAX = 6291456


def run(*arguments):
    done = subprocess.run([CLAMBDA, "event", *arguments], capture_output=True, timeout=300)
    return done.returncode, done.stdout, done.stderr.decode()


class Event(unittest.TestCase):
    def records(self, *arguments):
        code, out, err = run(*arguments)
        self.assertEqual((code, err), (0, ""), arguments)
        self.assertEqual(out.count(b"\n"), 1)
        self.assertTrue(out.endswith(b"\n"))
        self.assertEqual(out, run(*arguments)[1], "the same arguments give the same bytes")
        return json.loads(out)["Records"]

    def refused(self, *arguments):
        code, out, err = run(*arguments)
        self.assertEqual((code, out), (2, b""), arguments)
        return err

    def test_help(self):
        for arguments in ([], ["--help"], ["-h"]):
            code, out, _ = run(*arguments)
            self.assertEqual(code, 0)
            for name in (b"s3-put", b"sqs", b"kinesis", b"partition-key", b"attribute.NAME"):
                self.assertIn(name, out)
        for source in ("s3-put", "sqs", "kinesis"):
            code, out, _ = run(source, "--help")
            self.assertEqual(code, 0)
            self.assertIn(b"records", out)

    def test_s3(self):
        keys = ["plain", "a b/c+d.txt", "gr\u00fc\u00df/\u65e5\u672c \U0001f600", "100%&=?#~*'\"\\", "-_."]
        for key in keys:
            (record,) = self.records("s3-put", "key=" + key, "bucket=b\"x")
            sent = record["s3"]["object"]["key"]
            self.assertEqual(urllib.parse.unquote_plus(sent), key)
            self.assertTrue(sent.isascii() and " " not in sent)
            self.assertEqual(record["s3"]["bucket"]["name"], 'b"x')
        records = self.records("s3-put", "records=3", "key=k{n}", "size=5", "version=v1", "region=eu-west-1")
        self.assertEqual([r["s3"]["object"]["key"] for r in records], ["k1", "k2", "k3"])
        self.assertEqual(records[0]["s3"]["object"]["size"], 5)
        self.assertEqual(records[0]["s3"]["object"]["versionId"], "v1")
        self.assertEqual(records[0]["awsRegion"], "eu-west-1")
        self.assertEqual(len({r["s3"]["object"]["sequencer"] for r in records}), 3)
        self.assertEqual(list(records[0]), ["eventVersion", "eventSource", "awsRegion", "eventTime",
                                            "eventName", "userIdentity", "requestParameters",
                                            "responseElements", "s3"])

    def test_sqs(self):
        for size in list(range(0, 130)) + [1000, 65536]:
            if size > 260:
                with tempfile.NamedTemporaryFile() as f:
                    f.write(b"x" * size)
                    f.flush()
                    (record,) = self.records("sqs", "body=@" + f.name)
            else:
                (record,) = self.records("sqs", "body=" + "\u00fc" * (size // 2) + "x" * (size % 2))
            digest = hashlib.md5(record["body"].encode()).hexdigest()
            self.assertEqual(record["md5OfBody"], digest)
        records = self.records("sqs", "records=20")
        self.assertEqual(len({r["messageId"] for r in records}), 20)
        self.assertEqual(len({r["receiptHandle"] for r in records}), 20)
        self.assertEqual(json.loads(records[6]["body"])["orderId"], "order-7")
        self.assertEqual(records[0]["attributes"]["SentTimestamp"], "1768469400000")
        (record,) = self.records("sqs", "body=@@home", "receives=3", "trace=Root=1", "queue=orders")
        self.assertEqual(record["body"], "@home")
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "3")
        self.assertEqual(record["attributes"]["AWSTraceHeader"], "Root=1")
        self.assertEqual(record["eventSourceARN"], "arn:aws:sqs:us-east-1:123456789012:orders")

    def test_sqs_fifo(self):
        for queue in ("orders", "orders.fifo"):
            records = self.records("sqs", "queue=" + queue, "group=g{n}", "records=2")
            self.assertTrue(records[0]["eventSourceARN"].endswith(":orders.fifo"))
            self.assertEqual(records[1]["attributes"]["MessageGroupId"], "g2")
            self.assertLess(records[0]["attributes"]["SequenceNumber"],
                            records[1]["attributes"]["SequenceNumber"])
        self.assertIn("at most 10", self.refused("sqs", "group=g", "records=11"))

    def test_sqs_attributes(self):
        (record,) = self.records("sqs", "attribute.zeta=1", "attribute.alpha=two words")
        self.assertEqual(list(record["messageAttributes"]), ["zeta", "alpha"])
        text = b""
        for name in sorted(record["messageAttributes"]):
            value = record["messageAttributes"][name]
            self.assertEqual(value["dataType"], "String")
            for part in (name, "String"):
                text += struct.pack(">I", len(part)) + part.encode()
            text += b"\x01" + struct.pack(">I", len(value["stringValue"])) + value["stringValue"].encode()
        self.assertEqual(record["md5OfMessageAttributes"], hashlib.md5(text).hexdigest())
        (plain,) = self.records("sqs")
        self.assertNotIn("md5OfMessageAttributes", plain)
        self.assertIn("twice", self.refused("sqs", "attribute.a=1", "attribute.a=2"))
        self.assertIn("at most 10", self.refused("sqs", *[f"attribute.a{i}=1" for i in range(11)]))

    def test_kinesis(self):
        with tempfile.NamedTemporaryFile() as f:
            data = bytes(range(256))
            f.write(data)
            f.flush()
            (record,) = self.records("kinesis", "data=@" + f.name)
        self.assertEqual(base64.b64decode(record["kinesis"]["data"], validate=True), data)
        self.assertEqual(len(record["kinesis"]["sequenceNumber"]), 56)
        self.assertEqual(record["eventID"], "shardId-000000000006:" + record["kinesis"]["sequenceNumber"])
        records = self.records("kinesis", "records=12", "partition-key=p{n}", "time=1700000000007")
        self.assertEqual(records[11]["kinesis"]["partitionKey"], "p12")
        self.assertEqual(records[0]["kinesis"]["approximateArrivalTimestamp"], 1700000000.007)
        numbers = [r["kinesis"]["sequenceNumber"] for r in records]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_kinesis_window(self):
        out = json.loads(run("kinesis", "window=120", "state={\"n\": 1}", "time=2026-01-15T09:31:00Z")[1])
        self.assertEqual(out["window"], {"start": "2026-01-15T09:30:00Z", "end": "2026-01-15T09:32:00Z"})
        self.assertEqual(out["state"], {"n": 1})
        self.assertFalse(out["isFinalInvokeForWindow"])
        out = json.loads(run("kinesis", "window=60", "records=0", "final=true")[1])
        self.assertEqual((out["Records"], out["isFinalInvokeForWindow"]), ([], True))
        self.assertIn("records=0", self.refused("kinesis", "records=0"))
        self.assertIn("line 1, column", self.refused("kinesis", "state={"))

    def test_time(self):
        for text, want in (("1999-12-31T23:59:59Z", "1999-12-31T23:59:59.000Z"),
                           ("2024-02-29T00:00:00.123Z", "2024-02-29T00:00:00.123Z"),
                           ("0", "1970-01-01T00:00:00.000Z"), ("1700000000123", "2023-11-14T22:13:20.123Z")):
            self.assertEqual(self.records("s3-put", "time=" + text)[0]["eventTime"], want)
        self.assertEqual(run("s3-put", "time=now")[0], 0)
        for text in ("", "yesterday", "2026-01-15", "2026-01-15T09:30:00", "-5", "99999999999999999"):
            self.assertIn("time='", self.refused("s3-put", "time=" + text))

    def test_refused(self):
        for arguments, part in ((["sqz"], "Did you mean 'sqs'?"), (["kin"], "Did you mean 'kinesis'?"),
                                (["dynamodb"], "There are s3-put, sqs, kinesis"),
                                (["sqs", "recrods=1"], "Did you mean 'records='?"),
                                (["sqs", "colour=1"], "It has body=, records="),
                                (["sqs", "records"], "is not KEY=VALUE"),
                                (["sqs", "records=0"], "from 1 to"), (["sqs", "records=1x"], "'1x'"),
                                (["sqs", "records="], "records=''"),
                                (["kinesis", "final=yes"], "neither true nor false"),
                                (["sqs", "body=@/nonexistent/file"], "/nonexistent/file"),
                                (["sqs", "body=@/"], "'/'")):
            self.assertIn(part, self.refused(*arguments))

    def test_size_limit(self):
        err = self.refused("kinesis", "records=100000")
        fits = int(err.rsplit(" fit", 1)[0].rsplit(" ", 1)[1])
        code, out, _ = run("kinesis", f"records={fits}")
        self.assertEqual(code, 0)
        self.assertLessEqual(len(out) - 1, SIZE_MAX)
        self.assertIn(f"of which {fits} fit", self.refused("kinesis", f"records={fits + 1}"))
        with tempfile.NamedTemporaryFile() as f:
            f.write(b"\n" * 4000000)
            f.flush()
            self.assertIn("of which 0 fit", self.refused("sqs", "body=@" + f.name))
            f.write(b"\n" * 4000000)
            f.flush()
            self.assertIn(os.path.basename(f.name), self.refused("sqs", "body=@" + f.name))


if __name__ == "__main__":
    unittest.main()
