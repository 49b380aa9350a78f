#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The traces of the examples: each handler answers as its trace has it, and what is planted in
sqs_batch_regressed is found, by the trace and by each sample event; what is wrong with not_idempotent by
chaos alone. What production leaves behind is read as README.md says.

test_traces.py SOURCE-FOLDER CLAMBDA EXAMPLES-FOLDER TORN-LEDGER"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE, CLAMBDA, BUILT, TORN_LEDGER = map(os.path.abspath, sys.argv[1:5])
HOST_CANNOT = 3
SKIPPED = 77
EQUAL = [(r"^SAME ", "nothing differs")]
# (handler, trace, options, exit code, what the summary has)
REPLAYS = [
    ("s3_put", "s3_put", [], 0, EQUAL),
    ("sqs_batch", "sqs_batch", [], 0, EQUAL),
    ("kinesis_records", "kinesis_records", [], 0, EQUAL),
    ("idempotent", "idempotent", [], 0, EQUAL),
    ("idempotent", "idempotent", ["--logs"], 0, EQUAL),
    ("idempotent", "idempotent", ["--cold", "each"], 0, EQUAL),
    # each answer is right as long as nothing comes twice: only chaos finds it
    ("not_idempotent", "idempotent", [], 0, EQUAL),
    ("not_idempotent", "idempotent", ["--cold", "each"], 0, EQUAL),
    ("s3_put", "s3_put", ["--logs"], 0, EQUAL),
    ("sqs_batch", "sqs_batch", ["--logs"], 0, EQUAL),
    ("kinesis_records", "kinesis_records", ["--logs"], 0, EQUAL),
    ("sqs_batch", "sqs_batch", ["--cold", "each"], 0, EQUAL),
    ("kinesis_records", "kinesis_records", ["--jobs", "2"], 0, EQUAL),
    # what the answers count is per process: another one starts anew
    ("s3_put", "s3_put", ["--cold", "each"], 1, [(r"^  /handledByProcess$", "the counter differs")]),
    ("s3_put", "s3_put", ["--cold", "each", "--ignore", "/handledByProcess", "--ignore",
                          "/handledByEnvironment", "--ignore", "/repeated"], 0, EQUAL),
    ("s3_put", "s3_put", ["--leaks"], 1,
     [(r"the\s+first\s+is\s+event\s+2\s", "the event"), (r"\sat\s+/handledByProcess;", "the pointer")]),
    ("sqs_batch", "sqs_batch", ["--power", "128,256"], 0,
     EQUAL + [(r"^passed +power: (128|256) MB is the cheapest", "the size")]),
    ("sqs_batch_regressed", "sqs_batch", [], 1,
     [(r"^event 1 .*trace\.jsonl, line 1 ", "file and line"),
      (r"^  /batchItemFailures/2$", "the pointer in event 1"),
      (r"6b911f2d-7c10-477a-a780-d59b3c9bf093", "the message that fails now"),
      (r"^  /batchItemFailures/0$", "the pointer in event 3"),
      (r"^event 4 ", "the batch that fails as a whole"),
      (r"^DIFFERENT +3 of 5 ", "the count")]),
    ("sqs_batch_regressed", "sqs_batch", ["--baseline", os.path.join(BUILT, "sqs_batch.so")], 1,
     [(r"^  /batchItemFailures/2$", "the pointer in event 1"), (r"^DIFFERENT +3 of 5 ", "the count")]),
    ("sqs_batch_regressed", "sqs_batch", ["--only", "2"], 0, EQUAL),
]
# (handler, --chaos, what is printed of the smallest trace; None: nothing is found)
CHAOS = [
    ("idempotent", "1,duplicate,crash,timeout,throttle", None),
    ("not_idempotent", "1,duplicate", r"1 message, 1 fault: duplicate=1;"),
    ("not_idempotent", "1,crash", r"\d messages?, \d faults?: crash=\d\.1\.1"),
    ("not_idempotent", "1,timeout", r"\d messages?, \d faults?: timeout=\d"),
]
# What AWS and its command line write, replayed with raw_echo: (file, exit code, text in the output)
FROM_PRODUCTION = [
    ("dead_letters.json", 1, r"^    - error\n    \+ success \{\"order\":1,"),
    ("destination.json", 1, r"^  /ok\n    - true$"),
    ("destinations.jsonl", 1, r"^answers   4 differ"),
    ("stream_failure.json", 1, r"^    - error\n    \+ success \{\"Records\":\[\{\"kinesis\""),
    ("log_filter.json", 2, r"has measurements only, no events"),
    ("queue.json", 0, r"^answers   1 with nothing to compare with$"),
    ("get_records.json", 0, r"^answers   1 with nothing to compare with$"),
    ("get_records_dynamodb.json", 0, r"^answers   1 with nothing to compare with$"),
    ("stream_pointers.json", 2, r"has no payload"),
]
failures = []


def clambda(*args, cwd=None):
    done = subprocess.run([CLAMBDA, *args], capture_output=True, text=True, timeout=600,
                          stdin=subprocess.DEVNULL, cwd=cwd)
    if done.returncode == HOST_CANNOT:
        reason = done.stderr.strip()[-500:]
        print(f"traces: {'FAILED' if os.environ.get('SANDBOX_MUST_WORK') == '1' else 'SKIP'} "
              f"this host cannot sandbox: {reason}")
        sys.exit(1 if os.environ.get("SANDBOX_MUST_WORK") == "1" else SKIPPED)
    return done


def check(name, held, done, what):
    if not held:
        failures.append(name)
        print(f"{name}: {what}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-1000:]}",
              file=sys.stderr)


def trace_of(name):
    return os.path.join(SOURCE, "examples", name, "trace.jsonl")


def replay(handler, trace, options, code, patterns):
    done = clambda("replay", os.path.join(BUILT, handler + ".so"), trace, *options)
    name = " ".join([handler, os.path.basename(trace), *options])
    check(name, done.returncode == code, done, f"expected exit {code}")
    for pattern, what in patterns:
        check(name, re.search(pattern, done.stdout, re.M), done, f"{what}: no '{pattern}'")
    check(name, not done.stderr, done, "there are messages")


def test_chaos(folder):
    """What is found is found again by the command that is printed; the handler that is right passes that."""
    smallest = os.path.join(folder, "smallest.jsonl")
    for handler, chaos, found in CHAOS:
        done = clambda("replay", os.path.join(BUILT, handler + ".so"), trace_of("idempotent"), "--chaos", chaos,
                       "--rounds", "10", "--smallest", smallest)
        name = f"{handler} --chaos {chaos}"
        check(name, done.returncode == (1 if found else 0), done, "exit code")
        if not found:
            check(name, re.search(r"^PASSED +10 rounds of chaos", done.stdout, re.M), done, "not all rounds")
            continue
        check(name, re.search("^smallest +" + found, done.stdout, re.M), done, f"no '{found}'")
        check(name, re.search(r"^failed +outcome: ", done.stdout, re.M), done, "no finding")
        printed = re.search(r"^repeat +clambda (.*(?:\n .*)*)", done.stdout, re.M)
        words = shlex.split(printed[1].replace("\\\n", " ")) if printed else []
        for other, code in ((handler, 1), ("idempotent", 0)):
            again = clambda(*(os.path.join(BUILT, other + ".so") if word.endswith(".so") else word for word in words),
                            cwd=folder)
            check(f"{name}, repeated by {other}", again.returncode == code, again, words)


def test_torn_ledger():
    """What a whole line says is booked; half a line was never written, and its order is booked now."""
    event = os.path.join(SOURCE, "examples/idempotent/event.json")
    done = clambda("invoke", TORN_LEDGER, "-e", event, "-e", event)
    booked = re.findall(r"order (A-\d+)(?: is booked already|: \d of \w+, \d are left)", done.stderr)
    new = re.findall(r"order (A-\d+): 1 of desk, 2 are left", done.stderr)
    check("torn ledger", booked == ["A-1001", "A-1002"] * 2, done, booked)
    check("torn ledger", new == ["A-1002"], done, new)


def test_blank_item(folder):
    """Items that begin with white space: the second delivery is known, and none is taken for another."""
    event = os.path.join(folder, "blank.json")
    for item in ("  ", " lamp"):
        body = json.dumps({"orderId": "A-1", "item": item, "quantity": 2})
        with open(event, "w", encoding="utf-8") as file:
            json.dump({"Records": [{"messageId": "m-1", "body": body, "eventSource": "aws:sqs"}]}, file)
        done = clambda("invoke", os.path.join(BUILT, "idempotent.so"), "-e", event, "-e", event)
        check(f"blank item {item!r}", "order A-1 is booked already" in done.stderr, done, "booked twice")
        with open(event, "w", encoding="utf-8") as file:
            json.dump({"Records": [{"messageId": f"m-{n}", "body": body, "eventSource": "aws:sqs"} for n in "12"]}, file)
        done = clambda("invoke", os.path.join(BUILT, "idempotent.so"), "-e", event)
        check(f"blank item {item!r}", "order A-1 asks for 2" in done.stderr, done, "more than there are")


def test_reports(folder):
    """The planted regression in both reports that programs read."""
    files = [os.path.join(folder, "out." + kind) for kind in ("html", "xml", "json")]
    done = clambda("replay", os.path.join(BUILT, "sqs_batch_regressed.so"), trace_of("sqs_batch"),
                   *(word for file in files for word in ("--report", file)))
    with open(files[2], encoding="utf-8") as file:
        report = json.load(file)
    pointers = [item["pointer"] for d in report["differences"] for item in d["items"]]
    check("reports", pointers[:2] == ["/batchItemFailures/2", "/batchItemFailures/0"], done, pointers)
    for path in files[:2]:
        with open(path, encoding="utf-8") as file:
            check("reports", "/batchItemFailures/2" in file.read(), done, f"{path}: no pointer")


def test_samples(folder):
    """A sample event is enough, with one record, too."""
    for records in ("1", "2", "10"):
        event = os.path.join(folder, f"{records}.json")
        with open(event, "w", encoding="utf-8") as file:
            file.write(clambda("event", "sqs", "records=" + records).stdout)
        recording = os.path.join(folder, f"{records}.jsonl")
        done = clambda("invoke", os.path.join(BUILT, "sqs_batch.so"), "-e", event, "--record", recording)
        check("record " + records, done.returncode == 0, done, "expected exit 0")
        replay("sqs_batch", recording, [], 0, EQUAL)
        where = r"^  the answer as a whole$" if records == "1" else r"^  /batchItemFailures/0$"
        replay("sqs_batch_regressed", recording, [], 1, [(where, "the place")])


def test_production(folder):
    """Each file alone; and measurements of a log beside the records of the same invocations."""
    fixtures = os.path.join(SOURCE, "tests/fixtures/traces")
    handler = os.path.join(BUILT, "raw_echo.so")
    for file, code, pattern in FROM_PRODUCTION:
        done = clambda("replay", handler, os.path.join(fixtures, file))
        check(file, done.returncode == code, done, f"expected exit {code}")
        check(file, re.search(pattern, done.stdout + done.stderr, re.M), done, f"no '{pattern}'")
    shutil.copy(os.path.join(fixtures, "destination.json"), folder)
    done = clambda("replay", handler, folder, os.path.join(fixtures, "log_filter.json"),
                   "--budget", "duration=+20%")
    check("log", re.search(r"^duration  median \S+ ms, was \S+;", done.stdout, re.M), done,
          "no duration from the log")


def test_redaction():
    """The trace of s3_put holds pseudonyms where its event.json has values."""
    with open(trace_of("s3_put"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(SOURCE, "examples/s3_put/event.json"), encoding="utf-8") as file:
        record = json.load(file)["Records"][0]
    for value in (record["userIdentity"]["principalId"], record["requestParameters"]["sourceIPAddress"]):
        if value in text:
            failures.append("redaction")
            print(f"redaction: '{value}' is in the trace", file=sys.stderr)


def main():
    for handler, trace, options, code, patterns in REPLAYS:
        replay(handler, trace_of(trace), options, code, patterns)
    test_redaction()
    test_torn_ledger()
    with tempfile.TemporaryDirectory(prefix="clambda-traces.") as folder:
        os.chmod(folder, 0o755)
        test_blank_item(folder)
        test_reports(folder)
        test_samples(folder)
        test_chaos(folder)
    with tempfile.TemporaryDirectory(prefix="clambda-traces.") as folder:
        test_production(folder)
    print(f"traces: {len(REPLAYS)} replays, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
