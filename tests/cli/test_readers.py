#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay --chaos of functions that read their records, from every source: right ones pass whatever the seed, wrong ones
are found or told."""
import json
import os
import sys
import xml.etree.ElementTree as xml

import sources
from harness import check, check_match, finish, need_sandbox, path, run, work, write

READER, EACH, EXAMPLES, BUILT = sys.argv[3:7]
JSON = "{}"


def chaos(handler, trace, spec, what, *options):
    for name in ("report.json", "smallest.jsonl"):
        if os.path.exists(path(name)):
            os.unlink(path(name))
    words = ("--source", spec) if spec else ()
    done = run("replay", handler, trace, *words, "--chaos", what, "--report", path("report.json"), *options, cwd=work.name)
    done.report = json.load(open(path("report.json"))) if os.path.exists(path("report.json")) else {"findings": []}
    done.words = " ".join(done.out.split())
    return done


def findings(done):
    return sorted(f"{f['state']} {f['name']}" for f in done.report["findings"])


def traces():
    """One of each source, 8 records."""
    made = {"sqs": [sources.sqs(i + 1, JSON) for i in range(8)],
            "fifo": [sources.sqs(i + 1, JSON, queue="o.fifo", group=f"g{i % 2}") for i in range(8)],
            "kinesis": [sources.kinesis(i, "ok", i % 2) for i in range(8)],
            "dynamodb": [sources.dynamodb(i, "ok") for i in range(8)],
            "kafka": [sources.kafka(i, "ok") for i in range(8)],
            "s3": [sources.s3(i, f"o{i}") for i in range(8)]}
    given = {name: write(f"{name}.jsonl", sources.lines(sources.event(*records))) for name, records in made.items()}
    given["async"] = write("async.jsonl", sources.lines(*[{"id": f"e{i}", "do": "ok"} for i in range(8)]))
    return given


def check_right(given):
    """The function, its source, the settings, and whether these let a poisoned record take others with it."""
    rows = ((EACH, "sqs", "sqs:report-failures,retries=2,window=1", False),
            (EACH, "fifo", "sqs:fifo,report-failures,retries=2", True),
            (EACH, "fifo", "sqs:fifo,batch=1,retries=2", False),
            (EACH, "kinesis", "kinesis:report-failures,retries=2", True),
            (EACH, "kinesis", "kinesis:report-failures,bisect,retries=2", True),
            (EACH, "kinesis", "kinesis:report-failures,batch=1,retries=2", False),
            (READER, "kinesis", "kinesis:report-failures,retries=2", True),
            (READER, "dynamodb", "dynamodb:report-failures,retries=2,window=10", True),
            (READER, "dynamodb", "dynamodb:report-failures,batch=1,retries=2", False),
            (READER, "kafka", "kafka:report-failures,retries=2", True),
            (READER, "kafka", "kafka:report-failures,batch=1,retries=2", False),
            (READER, "s3", "s3", False), (READER, "async", "async", False))
    for handler, name, spec, lossy in rows:
        done = chaos(handler, given[name], spec, "1", "--rounds", "8", *(("--trace-kind", "event") if name == "async" else ()))
        told = [f for f in findings(done) if f != "passed excused"]
        check(f"{os.path.basename(handler)}, {spec}", (done.code, told), (0, ["unsure settings"] if lossy else []))
    done = chaos(READER, given["kinesis"], "kinesis:bisect,retries=2", "1", "--rounds", "8", "--env", "READER=all")
    check("whole batches with bisect", (done.code, findings(done)), (0, []))
    done = chaos(f"{BUILT}/idempotent.so", f"{EXAMPLES}/idempotent/trace.jsonl", None, "1", "--rounds", "8")
    check("the idempotent example", (done.code, [f for f in findings(done) if f != "passed excused"]), (0, []))


def check_settings(given):
    done = chaos(EACH, given["kinesis"], "kinesis:report-failures,retries=2,window=1", "poison=1")
    check_match("whom they take, and what helps", done.words,
                r"settings: in 1 of 1 round healthy messages went down with a poisoned one \(3, the first "
                r"shardId-000000000000:\d+\): lost \(RetryAttemptsExhausted\), each time in a batch with the poisoned one, "
                r"and the function failed just that: batch=1 keeps the others")
    done = chaos(EACH, given["kinesis"], "kinesis:report-failures,retries=2", "1,poison", "--rounds", "5", "--jobs", "2")
    again = chaos(EACH, given["kinesis"], "kinesis:report-failures,retries=2", "1,poison", "--rounds", "5")
    check("the same for all jobs", done.report["findings"], again.report["findings"])
    check_match("which seed", done.words, r"in \d of 5 rounds healthy .* with seed \d+\): lost")


def check_wrong(given):
    for name, spec in (("sqs", "sqs:report-failures,retries=2,window=1"), ("kinesis", "kinesis:report-failures,retries=2"),
                       ("kafka", "kafka:retries=2"), ("dynamodb", "dynamodb:retries=2,window=10")):
        done = chaos(READER, given[name], spec, "1", "--rounds", "8", "--env", "READER=all")
        check(f"all fail: {name}", (done.code, "failed poison" in findings(done)), (1, True))
        done = chaos(READER, given[name], spec, "1,poison,crash", "--rounds", "8", "--env", "READER=swallow")
        check(f"swallowed: {name}", (done.code, findings(done)[-1:]), (0, ["unsure swallowed"]))
    for what in ("poison=1", "poison=1,crash=1", "poison=1,throttle=1", "poison=1,timeout=1"):
        done = chaos(READER, given["sqs"], "sqs:retries=4,window=1", what, "--env", "READER=all")
        check(f"all fail, {what}", (done.code, findings(done)), (1, ["failed poison"]))
    done = chaos(READER, given["sqs"], "sqs:retries=1,window=1", "poison=1,crash=2", "--env", "READER=all")
    check("as many faults as failures", (done.code, findings(done)), (0, ["passed excused"]))
    check("are not told as faults alone", ("faults alone" in done.words, "not enough to blame" in done.words), (False, True))
    for name in ("s3", "async"):
        done = chaos(READER, given[name], name, "poison=1", "--env", "READER=swallow",
                     *(("--trace-kind", "event") if name == "async" else ()))
        check(f"swallowed: {name}", (done.code, findings(done)), (0, ["unsure swallowed"]))
    for name, spec in (("sqs", "sqs:report-failures,retries=2,window=1"), ("kinesis", "kinesis:report-failures,retries=2,window=1")):
        done = chaos(READER, given[name], spec, "poison=1,poison=2", "--env", "READER=last", "--report", path("r.html"),
                     "--report", path("r.xml"))
        check(f"the last instead of the first: {name}", (done.code, findings(done)), (0, ["unsure swallowed"]))
        check_match("in the summary", done.words, r"swallowed: in 1 of 1 round poisoned messages were answered as done \(2, ")
        check("in the page", "swallowed" in open(path("r.html")).read(), True)
        skipped = [c.get("name") for c in xml.parse(path("r.xml")).iter("testcase") if c.find("skipped") is not None]
        check("for a build", "swallowed" in skipped, True)
    done = chaos(READER, given["sqs"], "sqs:retries=2,window=1", "poison=1")
    check("names that nobody reads are another thing", (done.code, findings(done)), (1, ["failed failures"]))


def check_outcome(given):
    done = chaos(READER, given["sqs"], "sqs:report-failures,retries=2", "duplicate=1", "--env", "READER=clock")
    check("another answer", (done.code, findings(done)), (1, ["failed outcome"]))
    check_match("names its member", done.words, r'it was answered otherwise when it came again: /at: "\d+\.\d+", then "\d+\.\d+"; '
                r"what may differ, a time or an id, is left out by --match or --ignore /at ")
    for rule in (("--ignore", "/at"), ("--match", "/at=any")):
        done = chaos(READER, given["sqs"], "sqs:report-failures,retries=2", "duplicate=1", "--env", "READER=clock", *rule)
        check(f"left out by {rule}", (done.code, findings(done)), (0, []))


need_sandbox()
made = traces()
for part in (check_right, check_settings, check_wrong, check_outcome):
    part(made)
finish()
