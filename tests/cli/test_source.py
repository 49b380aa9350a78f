#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""replay --source: records through the rules of every source, their histories written, compared and told, what is given
up in files that replay reads, and what does not fit refused."""
import json
import os
import re
import signal
import subprocess
import sys

import sources
from harness import CLAMBDA, PATIENCE_S, check, check_match, finish, function, need_sandbox, path, run, write
from processes import wait_for_child

OBEDIENT, EXAMPLES, BUILT = sys.argv[3:6]
ECHO = f"{BUILT}/raw_echo.so"
SECOND = 1000
DAY = 24 * 3600 * SECOND


def source(trace, spec, *options, handler=OBEDIENT, **more):
    """With the report and the history."""
    for name in ("report.json", "history.jsonl"):
        if os.path.exists(path(name)):
            os.unlink(path(name))
    done = run("replay", handler, trace, "--source", spec, "--report", path("report.json"), "--history",
               path("history.jsonl"), *options, **more)
    done.report = json.load(open(path("report.json"))) if os.path.exists(path("report.json")) else None
    done.history = []
    if os.path.exists(path("history.jsonl")):
        done.history = [json.loads(line) for line in open(path("history.jsonl"))]
    return done


def happened(done, what, **members):
    """Seconds since the beginning, and the records' numbers."""
    began = done.history[0]["time_ms"] if done.history else 0
    return [((e["time_ms"] - began) / SECOND, len(e["records"])) for e in done.history
            if e["what"] == what and all(e.get(k) == v for k, v in members.items())]


def ends(done):
    now = done.report["histories"][0]["ends"] if done.report else done.err
    return {k: v for k, v in now.items() if v} if isinstance(now, dict) else now


def trace(name, *events):
    return write(name, sources.lines(*events))


def messages(*say, of=sources.sqs, **more):
    return [of(i + 1, words, **more) for i, words in enumerate(say)]


def check_queue():
    batches = trace("sqs.jsonl", sources.event(*messages("ok", "fail 2", "ok")),
                    sources.event(*[sources.sqs(i, "ok") for i in (4, 5)]))
    done = source(batches, "sqs:batch=10,window=5,retries=3,report-failures")
    check("sqs: ends", (done.code, ends(done)), (0, {"done": 5}))
    check("sqs: one window, one batch, the failed one alone afterwards",
          [records for _, records in happened(done, "invoked")], [5, 1, 1])
    check("sqs: visibility between them", [round(at) for at, _ in happened(done, "invoked")], [5, 35, 65])
    check("the summary", "5 messages: 5 done" in done.out, True)
    done = source(batches, "sqs:batch=10,window=5,retries=3")
    check("without report-failures the failed one is gone", (ends(done), len(happened(done, "invoked"))),
          ({"done": 5}, 1))
    check("which is noted", len(happened(done, "note")), 1)
    done = source(trace("all.jsonl", sources.event(*messages("all", "ok"))), "sqs:window=1,retention=4d")
    check("an error brings all back until they expire", ends(done), {"lost": 2})
    check("after four days", round(happened(done, "given up")[-1][0] / 3600 / 24, 2), 4.0)


def check_dead_letters():
    given = trace("poison.jsonl", sources.event(*messages("ok", "fail 99", "fail 1")))
    done = source(given, f"sqs:retries=2,report-failures,dlq={path('dlq.jsonl')}")
    check("redrive", (done.code, ends(done)), (0, {"done": 2, "dead_letter_queue": 1}))
    dead = [json.loads(line) for line in open(path("dlq.jsonl"))]
    check("one line, as aws sqs prints it", [m["Messages"][0]["Body"] if "Messages" in m else m["Body"] for m in dead],
          ["fail 99"])
    done = source(path("dlq.jsonl"), "sqs:report-failures,retries=0")
    check("replayed as it is", (done.code, ends(done)), (0, {"dead_letter_queue": 1}))
    done = source(given, f"sqs:retries=2,report-failures,dlq={path('dlq.jsonl')}", "--only", "1", handler=ECHO)
    check("a run without any empties it", os.path.getsize(path("dlq.jsonl")), 0)


def check_fifo():
    queue = {"queue": "orders.fifo"}
    given = trace("fifo.jsonl", sources.event(*[sources.sqs(i + 1, say, group=group, **queue) for i, (say, group) in
                                               enumerate([("fail 1", "a"), ("ok", "b"), ("ok", "a")])]))
    done = source(given, "sqs:report-failures,retries=3")
    check("a FIFO queue is known by its ARN", (done.code, "sqs:report-failures,retries=3,fifo" in done.err), (0, True))
    check("fifo: ends", ends(done), {"done": 3})
    order = [e["records"] for e in done.history if e["what"] == "done"]
    flat = [name for records in order for name in records]
    check("the failed one is done before the one behind it",
          flat.index(sources.identity(1)) < flat.index(sources.identity(3)), True)


def check_streams():
    given = trace("kinesis.jsonl", sources.event(*messages("ok", "ok", "all", "ok", of=sources.kinesis)))
    done = source(given, f"kinesis:batch=10,retries=1,bisect,on-failure={path('failed.jsonl')}")
    check("kinesis: bisected to the one that fails", (done.code, ends(done)), (0, {"done": 3, "dead_letter_queue": 1}))
    check("splits", len(happened(done, "split")) >= 2, True)
    check("called what AWS calls it", (done.out.count("in the on-failure destination"),
          done.out.count("to the on-failure destination ("), "dead-letter" in done.out), (1, 1, False))
    check("in the file as ever", [e["to"] for e in done.history if e["what"] == "given up"], ["dead-letter queue"])
    record = json.loads(open(path("failed.jsonl")).readline())
    check("the record of the destination", record["KinesisBatchInfo"]["batchSize"], 1)
    done = run("replay", ECHO, path("failed.jsonl"))
    check("which replay reads", ("1 event" in done.out, done.err), (True, ""))
    done = source(given, "kinesis:batch=1,retries=0,parallelization=2")
    check("batches of one", (ends(done), len(happened(done, "invoked"))), ({"done": 3, "lost": 1}, 4))
    given = trace("partial.jsonl", sources.event(*messages("ok", "fail 1", "ok", of=sources.dynamodb)))
    done = source(given, "dynamodb:report-failures,window=10")
    check("dynamodb: from the failed one on", [n for _, n in happened(done, "invoked")], [3, 2])
    check("dynamodb: ends", ends(done), {"done": 3})
    given = trace("kafka.jsonl", sources.event(*messages("ok", "fail 1", "ok", of=sources.kafka)))
    done = source(given, "kafka:report-failures,window=1")
    check("kafka: ends", (done.code, ends(done)), (0, {"done": 3}))
    given = trace("tumbling.jsonl", sources.event(*messages("ok", "ok", of=sources.kinesis)))
    done = source(given, "kinesis:tumbling=30")
    check("a tumbling window ends with an invocation of its own", happened(done, "invoked")[-1][1], 0)


def check_events():
    given = trace("async.jsonl", *[{"do": say, "id": f"a{i}"} for i, say in enumerate(("ok", "fail 99", "fail 1"))])
    spec = f"async:dlq={path('adlq.jsonl')},on-failure={path('lost.jsonl')},on-success={path('won.jsonl')}"
    done = source(given, spec, "--jobs", "2")
    check("async: ends", (done.code, ends(done)), (0, {"done": 2, "dead_letter_queue": 1}))
    check("both have it", "1 in the dead-letter queue and on-failure destination" in " ".join(done.out.split()), True)
    check("attempts", sorted(n for _, n in happened(done, "invoked")), [1] * 6)
    lost, won = [[json.loads(line) for line in open(path(name))] for name in ("lost.jsonl", "won.jsonl")]
    check("destinations", ([r["requestPayload"]["do"] for r in lost], sorted(r["requestPayload"]["do"] for r in won)),
          (["fail 99"], ["fail 1", "ok"]))
    check("the condition", lost[0]["requestContext"]["condition"], "RetriesExhausted")
    for name in ("lost.jsonl", "adlq.jsonl"):
        done = source(path(name), "async:retries=0")
        check(f"{name} is replayed", (done.code in (0, 1), ends(done)), (True, {"lost": 1}))
    given = trace("s3.jsonl", *[sources.event(m) for m in messages("ok", "fail 1", of=sources.s3)])
    done = source(given, "s3:prefix=o")
    check("s3: ends", (done.code, ends(done)), (0, {"done": 1, "filtered": 1}))
    done = source(given, "s3:max-age=60")
    check("s3: a retry a minute later is too late", ends(done), {"done": 1, "lost": 1})


def check_filter():
    given = trace("filtered.jsonl", sources.event(*messages('{"n":1}', '{"n":2}')))
    write("pattern.json", '{"body":{"n":[{"numeric":[">",1]}]}}')
    for spec in (f"sqs:filter=@{path('pattern.json')}", 'sqs:filter={"body":{"n":[2]}}'):
        done = source(given, spec)
        check(f"filter: ends {spec[:12]}", (done.code, ends(done)), (0, {"done": 1, "filtered": 1}))
    write("bad.json", '{"body":{"n":2}}')
    for what in (f"@{path('bad.json')}", f"@{path('none.json')}", "{"):
        done = source(given, f"sqs:filter={what}")
        check(f"filter={what[-10:]} is refused", (done.code, done.history), (2, []))
        check_match("and named", done.err, "filter|Filter")


def check_same():
    given = trace("same.jsonl", sources.event(*messages("ok", "fail 1", "crash 1", "ok")))
    texts = []
    for options in ((), (), ("--jobs", "2"), ("--real-cpu", "--timeout", "30")):
        done = source(given, "sqs:report-failures,retries=5", *options)
        check(f"crashes come again {options}", (done.code, ends(done)), (0, {"done": 4}))
        texts.append(open(path("history.jsonl"), "rb").read())
    check("the same bytes each time", len(set(texts)), 1)
    write("before.jsonl", texts[0])
    done = run("replay", OBEDIENT, given, "--source", "sqs:report-failures,retries=5", "--expect", path("before.jsonl"))
    check("as expected", (done.code, "4 of 4 messages equal" in done.out), (0, True))
    done = run("replay", ECHO, given, "--source", "sqs:report-failures,retries=5", "--expect", path("before.jsonl"))
    check("not as expected", (done.code, "messages differ" in done.out), (1, True))
    done = run("replay", OBEDIENT, trace("undone.jsonl", sources.event(*messages("fail 9", "fail 9"))), "--source",
               "sqs:report-failures,retries=1")
    check("that nothing is done is told", (done.code, "unsure    undone: no message is done" in done.out), (0, True))
    done = run("replay", OBEDIENT, path("undone.jsonl"), "--source", "sqs:report-failures,retries=1", "--baseline", OBEDIENT)
    check("by the two of them", (done.code, "unsure    undone: no message is done" in done.out), (0, True))
    no = "odd.jsonl' is not a history: 'clambda replay --history FILE' writes one"
    for text, what in ((b"{\n", no), (b'{"a":1}\n', no), (b"", no), (b"import json\n", no),
                       (b'{"clambda_history":1,\n', "line 1: column 22"),
                       (texts[0] + b'{"a":1}\n', "no line of a history"),
                       (texts[0] + b'{"clambda_history":1,"what":"done","records":[1]}\n', "no text")):
        write("odd.jsonl", text)
        done = run("replay", OBEDIENT, given, "--source", "sqs", "--expect", path("odd.jsonl"))
        check(f"--expect {what}", (done.code, what in done.err), (2, True))
    done = run("replay", OBEDIENT, given, "--source", "sqs", "--expect", path("nothing.jsonl"))
    check("--expect without the file", done.code, 2)
    done = run("replay", OBEDIENT, given, "--source", "sqs", "--expect", os.path.dirname(given))
    check("--expect a folder", done.code, 2)


def check_ids():
    """Errors are the same whatever request they name."""
    for name, spec, event in (("async", "async", {"do": "all", "id": "e"}),
                              ("s3", "s3", sources.event(sources.s3(1, "all")))):
        run("replay", OBEDIENT, trace("error.jsonl", event), "--record", path(f"{name}.recorded.jsonl"))
        for retries in (0, 2):
            done = source(path(f"{name}.recorded.jsonl"), f"{spec}:retries={retries}")
            check(f"{name}: an error as recorded, {retries} retries", (done.code, done.report["totals"]["equal"]), (0, 1))
        text = open(path(f"{name}.recorded.jsonl")).read()
        write(f"{name}.recorded.jsonl", text.replace("told to fail", "told to cry"))
        done = source(path(f"{name}.recorded.jsonl"), spec)
        check(f"{name}: another error", (done.code, "/errorMessage" in done.out, "/requestId" in done.out),
              (1, True, False))
    for say in ("all", "crash 99"):
        spec = "sqs:batch=1,retries=6"
        done = source(trace("before.jsonl", sources.event(*messages("ok", "ok", say))), spec)
        check(f"{say}: retries are told once", done.out.count("invocation 9"), 0)
        check(f"{say}: and how many there are", "the same 5 times more" in done.out, True)
        os.rename(path("history.jsonl"), path("before.history"))
        given = trace("after.jsonl", sources.event(*messages("crash 1", "ok", say)))
        done = source(given, spec, "--expect", path("before.history"))
        check(f"{say}: another invocation more is no other error", [d["request_id"] for d in done.report["differences"]],
              [sources.identity(1)])
        write("now.history", open(path("history.jsonl")).read())
        done = source(given, spec, "--expect", path("now.history"))
        check(f"{say}: written and compared at once", (done.code, open(path("history.jsonl")).read()),
              (0, open(path("now.history")).read()))


def check_recorded():
    """What was recorded of the first delivery, what is made of it now."""
    given = trace("given.jsonl", sources.event(*messages("ok", "fail 1")), sources.event(sources.sqs(3, "all")))
    done = run("replay", OBEDIENT, given, "--record", path("recorded.jsonl"))
    check("a recording", done.code, 0)
    done = source(path("recorded.jsonl"), "sqs:report-failures,retries=3,batch=2")
    check("first deliveries as recorded", (done.code, done.report["totals"]["equal"]), (0, 3))
    done = source(path("recorded.jsonl"), "sqs:report-failures,retries=3", handler=ECHO)
    check("not as recorded", (done.code, done.report["totals"]["differing"]), (1, 2))
    queues = [sources.event(sources.sqs(number, "ok", queue=f"q{number}")) for number in (1, 2)]
    done = source(trace("queues.jsonl", *queues), "sqs:window=1")
    check_match("two queues", done.err, "2 queues: each has an event source mapping")
    check("share no batch", [count for _, count in happened(done, "invoked")], [1, 1])
    done = source(path("queues.jsonl"), "sqs:window=300,retention=60")
    check("what expires in a window is of no invocation",
          [e.get("invocation") for e in done.history if e["what"] == "given up"], [None, None])
    for name, event in (("clicks", sources.event(*messages("ok", "ok", of=sources.kinesis))),
                        ("cluster/demo", sources.event(*messages("ok", "ok", of=sources.kafka)))):
        other = json.loads(json.dumps(event).replace(name, f"{name}-2"))
        done = source(trace("streams.jsonl", event, other), f"{'kafka' if '/' in name else 'kinesis'}:retries=1")
        check(f"two of {name} with the same numbers", (ends(done), len(happened(done, "invoked"))), ({"done": 4}, 2))
        last = name.split("/")[-1]
        check("and other names", {n.split("/")[0] for e in done.history for n in e["records"]}, {last, f"{last}-2"})
    twins = [sources.event(sources.sqs(1, "ok", queue=queue)) for queue in ("a", "b")]
    done = source(trace("twins.jsonl", *twins), "sqs")
    write("twins.history", "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in done.history))
    check("messages of two queues with one id", {n.split("/")[0] for e in done.history for n in e["records"]}, {"a", "b"})
    done = source(path("twins.jsonl"), "sqs", "--expect", path("twins.history"))
    check("are compared one by one", (done.code, done.report["totals"]["equal"]), (0, 2))
    late = [sources.event(sources.kinesis(number, "ok")) for number in (2, 1, 3)]
    for place, event in enumerate(late):
        event["Records"][0]["kinesis"]["approximateArrivalTimestamp"] = sources.SENT_MS // 1000 + place
    run("replay", OBEDIENT, trace("late.jsonl", *late), "--record", path("late_recorded.jsonl"))
    done = source(path("late_recorded.jsonl"), "kinesis:retries=1")
    check("as recorded, whatever order their times have", (done.code, done.report["totals"]["equal"]), (0, 3))
    given = trace("events.jsonl", {"do": "count", "id": "x"}, {"do": "ok", "id": "y"})
    done = run("replay", OBEDIENT, given, "--record", path("answers.jsonl"))
    done = source(path("answers.jsonl"), "async")
    check("answers as recorded", (done.code, done.report["totals"]["equal"]), (0, 2))
    text = open(path("answers.jsonl")).read().replace('\\"count\\":1', '\\"count\\":2')
    write("changed.jsonl", text)
    for options, code in (((), 1), (("--ignore", "/count"), 0)):
        check(f"another answer {options}", source(path("changed.jsonl"), "async", *options).code, code)
    done = run("replay", OBEDIENT, path("recorded.jsonl"), "--source", "sqs:report-failures,retries=3", "--baseline", ECHO)
    check("beside another function", (done.code, "baseline: 3 messages" in done.out), (1, True))
    done = run("replay", OBEDIENT, path("recorded.jsonl"), "--source", "sqs:report-failures", "--baseline", OBEDIENT)
    check("beside itself", done.code, 0)
    done = source(path("recorded.jsonl"), "sqs:retries=1,report-failures", "--record", path("again.jsonl"))
    check("its invocations recorded", len(open(path("again.jsonl")).readlines()), len(happened(done, "invoked")))
    done = source(path("again.jsonl"), "sqs:retries=1,report-failures")
    check_match("what came again is one message", done.err, "came more than once")
    check("of three", done.report["totals"]["events"] if "events" in done.report["totals"] else
          sum(ends(done).values()), 3)


def check_examples():
    for name, spec in (("sqs_batch", "sqs:report-failures,retries=2"), ("kinesis_records", "kinesis:report-failures"),
                       ("s3_put", "s3"), ("idempotent", "sqs:report-failures")):
        done = source(f"{EXAMPLES}/{name}/trace.jsonl", spec, "--only", "1", handler=f"{BUILT}/{name}.so")
        check(f"{name}: what was recorded", (done.code, done.report["totals"]["differing"] if done.report else done.err),
              (0, 0))


def check_usage():
    given = trace("usage.jsonl", sources.event(*messages("ok")))
    os.link(given, path("linked"))
    for options, what in ((("--source", "sqs:batch=11"), "11"), (("--source", "sqs:batch=0"), "batch"),
                          (("--source", "sns"), "sns"), (("--source", "sqs:bisect"), "bisect"),
                          (("--source", "sqs:fifo"), "standard queue"), (("--source", "kinesis"), "usage.jsonl"),
                          (("--source", "sqs", "--source", "sqs"), "--source: 'sqs' is the second one: it is given once only"), (("--history", path("h")), "--source"),
                          (("--expect", path("h")), "--source"), (("--rounds", "2"), "--chaos"),
                          (("--minutes", "1"), "--chaos"), (("--smallest", "s"), "--chaos"),
                          (("--source", "sqs", "--update"), "--update"), (("--source", "sqs", "--leaks"), "--leaks"),
                          (("--source", "sqs", "--power", "128"), "--power"),
                          (("--source", "sqs", "--budget", "duration=+5%"), "--budget"),
                          (("--source", "sqs", "--logs"), "--logs"), (("--source", "sqs", "--cold", "each"), "--cold"),
                          (("--source", "sqs", "--pace", "2"), "--pace"),
                          (("--source", "sqs", "--expect", "h", "--baseline", ECHO), "--baseline"),
                          (("--source", "sqs:visibility=1"), "isibility"),
                          (("--source", f"sqs:retries=1,dlq={given}"), "is a trace"),
                          (("--source", f"sqs:retries=1,dlq={path('linked')}"), "is a trace"),
                          (("--source", "sqs", "--history", given), "is a trace: name another file in --history"),
                          (("--source", "sqs", "--history", OBEDIENT), "is the function"),
                          (("--source", f"sqs:retries=1,dlq={path('no/dlq')}"), "no/dlq"),
                          (("--source", f"sqs:retries=1,dlq={path('')}"), "director"),
                          (("--source", "sqs", "--only", "2"), "no record")):
        done = run("replay", OBEDIENT, given, *options)
        check(f"usage {options}", (done.code, what in done.err), (2, True))
    check("the trace is as it was", "ok" in open(given).read(), True)
    event = write("event.json", "{}")
    done = run("replay", OBEDIENT, event, "--report", event)
    check("nor is a report written over an event", (done.code, "is a trace: name another file in --report" in done.err, open(event).read()),
          (2, True, "{}"))
    for text, spec, what in (('{"Records":[]}\n', "sqs", "no record"), ('{"a":1}\n', "sqs", "line 1|odd.jsonl"),
                             ('{"Records":[{"body":"x","eventSource":"aws:sqs"}]}\n', "sqs", "odd.jsonl"),
                             (sources.lines(sources.event(sources.sqs(1, "ok")),
                                            sources.event(sources.sqs(2, "ok", queue="o.fifo", group="g"))), "sqs",
                              "FIFO")):
        done = run("replay", OBEDIENT, write("odd.jsonl", text), "--source", spec)
        check(f"{text[:30]!r}: exit code", done.code, 2)
        check_match("and told", done.err, what)


def check_empty():
    """A dead-letter queue that nothing came to is a good end."""
    given = write("empty.jsonl", "\n")
    for name, old in (("dlq.jsonl", sources.DEAD), ("history.jsonl", '{"clambda_history":1}')):
        write(name, old)
    for options in ((), ("--source", f"sqs:retries=1,dlq={path('dlq.jsonl')}", "--history", path("history.jsonl")),
                    ("--chaos", "1")):
        done = run("replay", OBEDIENT, given, given, "--report", path("nothing.json"), *options, cwd=path(""))
        check(f"nothing to replay {options[:1]}", (done.code, done.err.splitlines()),
              (0, [f"clambda: warning: {given}: empty, left out"] * 2 + ["clambda: nothing to replay: the traces are empty"]))
        check("and told", (done.out.startswith("replayed  0 "), json.load(open(path("nothing.json")))["differences"]), (True, []))
    check("its files are empty", [os.path.getsize(path(name)) for name in ("dlq.jsonl", "history.jsonl")], [0, 0])
    queue = trace("ones.jsonl", sources.event(*messages("ok")))
    done = source(queue, "sqs")
    for options in (("--only", "1"), ("--source", "sqs", "--expect", path("history.jsonl")), ("--update",)):
        check(f"but {options[0]} asks for something", run("replay", OBEDIENT, given, *options).code, 2)
    done = run("replay", OBEDIENT, given, queue, "--source", "sqs")
    check("one of two", (done.code, "nothing to replay" in done.err), (0, False))


def check_places():
    """Nothing that is read is written: not a trace of a folder, not what other options read."""
    os.mkdir(path("tr"))
    given = trace("tr/a.html", sources.event(*messages("ok")))
    before = open(given).read()
    os.link(given, path("hard.html"))
    os.symlink("tr", path("soft"))
    values, kept = write("values.env", ""), write("kept.json", before)
    for target, what in ((given, "is in a folder of traces"), (path("tr/new.html"), "is in a folder of traces"),
                         (path("soft/../tr/new.html"), "is in a folder of traces"),
                         (path("soft/a.html"), "is in a folder of traces"),
                         (path("hard.html"), "is in a folder of traces"), (kept, "is a trace"),
                         (path("soft/../kept.json"), "is a trace"), (values, "is read by --env-file")):
        for options in ((("--history", target),), (("--record", target),), (("--chaos", "1"), ("--smallest", target)),
                        (("--source", f"sqs:retries=1,dlq={target}"),),
                        (("--report", target),) if target.endswith((".html", ".json")) else (("--history", target),)):
            words = [word for pair in options for word in pair]
            words += [] if {"--source", "--chaos"} & set(words) else ["--source", "sqs"]
            done = run("replay", OBEDIENT, path("tr"), kept, *words, "--env-file", values)
            check(f"{words[0]} {os.path.relpath(target, path(''))}", (done.code, what in done.err), (2, True))
    done = run("replay", OBEDIENT, ".", "--chaos", "1", "--rounds", "2", cwd=path("tr"))
    check("the place of the smallest trace is among them", (done.code, "name another file in --smallest" in done.err), (2, True))
    done = run("replay", OBEDIENT, kept, "--source", "sqs", "--expect", path("h"), "--history", path("h"))
    check("what is expected", (done.code, "is that of --expect" in done.err), (2, True))
    done = run("replay", OBEDIENT, kept, "--report", path("r.json"), "--report", path("tr/../r.json"))
    check("two reports in one", (done.code, "is that of --report, too" in done.err), (2, True))
    done = run("replay", OBEDIENT, kept, "--update", "--env-file", kept)
    check("all of it is as it was", ([open(name).read() for name in (given, kept, values)], os.listdir(path("tr"))),
          ([before, before, ""], ["a.html"]))
    os.mkdir(path("tr/below"))
    done = run("replay", OBEDIENT, path("tr"), "--source", "sqs", "--history", path("tr/below/h.jsonl"))
    check("folders in it are not read", (done.code, os.path.exists(path("tr/below/h.jsonl"))), (0, True))


def check_unwritable():
    """Found before anything runs, and before anything is emptied."""
    given = trace("first.jsonl", sources.event(*messages("ok", "fail 9")))
    dlq = write("full.jsonl", sources.DEAD)
    spec = f"sqs:retries=0,dlq={dlq}"
    for options, what in ((("--source", spec, "--expect", path("none")), "--expect: open "),
                          (("--source", spec, "--expect", write("odd.jsonl", "{}\n")), "is not a history"),
                          (("--source", spec, "--history", path("no/h")), "--history: the folder"),
                          (("--source", spec, "--report", path("no/r.json")), "--report: the folder"),
                          (("--source", spec, "--report", path("")[:-1] + "/x" * 200 + ".json"), "--report"),
                          (("--source", spec, "--chaos", "1", "--minutes", "60", "--smallest", path("no/s")), "--smallest: the folder"),
                          (("--source", spec, "--history", "-"), "--history: '-' is no file name"),
                          (("--source", f"sqs:retries=0,dlq={path('no/d')}"), "'dlq' of --source: open "),
                          (("--source", spec, "--chaos", "duplicate=9"), "2 records")):
        done = run("replay", OBEDIENT, given, *options)
        check(f"found first: {options[2:]}", (done.code, what in done.err, done.out, open(dlq).read()), (2, True, "", sources.DEAD))
    for text in ("{", sources.lines({"a": 1})):
        done = run("replay", OBEDIENT, write("odd.jsonl", text), "--source", spec)
        check("nor by a trace that is none", (done.code, open(dlq).read()), (2, sources.DEAD))
    done = run("replay", OBEDIENT, given, "--report", path("no/r.json"))
    check("without rules, too", (done.code, done.out, "--report: the folder" in done.err), (2, "", True))


def check_one_file():
    """One file by two names has the lines of both."""
    given = trace("async.jsonl", {"do": "fail 9", "id": "a"}, {"do": "ok", "id": "b"})
    os.symlink("both.jsonl", path("other.jsonl"))
    write("both.jsonl", sources.DEAD * 100)
    for one, two in (("both.jsonl", "./both.jsonl"), ("both.jsonl", "other.jsonl"), ("both.jsonl", "both.jsonl")):
        done = run("replay", OBEDIENT, given, "--source", f"async:retries=0,dlq={one},on-failure={two},on-success={one}",
                   cwd=path(""))
        check(f"{one} and {two}", (done.code, [json.loads(line).get("version") for line in open(path("both.jsonl"))].count("1.0"),
                                   len(open(path("both.jsonl")).readlines())), (0, 2, 3))


def check_repeat():
    """The command that repeats one message leaves the files of the whole run alone."""
    run("replay", OBEDIENT, trace("rep.jsonl", sources.event(*messages("ok", "fail 1"))), "--record", path("rep_recorded.jsonl"))
    done = source(path("rep_recorded.jsonl"), "sqs:report-failures,retries=1", "--record", path("rep_again.jsonl"), handler=ECHO)
    commands = [d["command"] for d in done.report["differences"]]
    check("there is one", (done.code, len(commands) > 0), (1, True))
    check("which writes nothing", [c for c in commands if "--history" in c or "--report" in c or "--record" in c], [])


def check_times():
    """Messages that were received with and without their attributes."""
    def page(number, **more):
        return {"Messages": [{"MessageId": sources.identity(number), "ReceiptHandle": "r", "MD5OfBody": "m", "Body": "ok", **more}]}
    bare, whole = page(1), page(2, Attributes={"SentTimestamp": str(sources.SENT_MS)})
    for name, pages, warned in (("bare", [bare], False), ("whole", [whole], False), ("mixed", [bare, whole], True)):
        paths = [write(f"{name}{i}.json", json.dumps(p)) for i, p in enumerate(pages)]
        done = run("replay", OBEDIENT, *paths, "--source", "sqs:retries=1")
        check(f"{name}: made-up times beside real ones are told",
              (done.code, "1 of 2 records do not say when they came" in done.err), (0, warned))


def check_interrupt():
    given = trace("slow.jsonl", *[sources.event(sources.sqs(i, "slow")) for i in range(1, 40)])
    child = subprocess.Popen([CLAMBDA, "replay", OBEDIENT, given, "--source", "sqs:batch=1", "--timeout", "20"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for_child(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE_S)
    check("interrupted", (child.returncode, b"UNFINISHED" in out), (130, True))


def check_sizes():
    """What no event can hold is refused while the trace is read, with its place."""
    for name, event, spec, bytes_, what in (
            ("kinesis", sources.event(sources.kinesis(1, "ok"), sources.kinesis(2, "ok", data=b"x" * 5500000)), "kinesis", 7333334,
             ("record 2", "Lambda takes at most 6291456", "let its producer send less")),
            ("async", {"do": "ok", "x": "y" * 1048576}, "async", 1048576,
             ("record 1", "an asynchronous invocation takes at most 1048576", "without --source"))):
        done = source(trace(f"{name}.jsonl", event), spec)
        check(f"{name}: too large", (done.code, done.history, "event 1, " in done.err), (2, [], True))
        check("and what of it", [word for word in what if word not in done.err], [])
        check("with its size", int(re.search(r"it has (\d+) bytes", done.err)[1]) >= bytes_, True)
    done = source(trace("fits.jsonl", {"do": "ok", "x": "y" * 1048000}), "async")
    check("what fits is sent", (done.code, ends(done)), (0, {"done": 1}))


def check_given_fault():
    """Of two groups in one batch one message failed, and the other one's answer is lost."""
    pair = [sources.sqs(number, say, queue="o.fifo", group=say) for number, say in ((1, "fail 9"), (2, "ok"))]
    for record in pair:
        record["attributes"]["SentTimestamp"] = str(sources.SENT_MS)
    given = trace("pair.jsonl", sources.event(*pair))
    done = source(given, "sqs:report-failures,retries=3", "--chaos", "duplicate=1,duplicate=2")
    faults = [name for e in done.history if e["what"] == "fault" for name in e["records"]]
    check("the second one's fault happened", (done.code, faults), (0, [sources.identity(2)]))
    check("only the first one's did not", re.findall(r"(\S+) did not happen", done.out), ["duplicate=1.1"])


def apart(name, count=4, say="ok"):
    """Events of ten messages, 400 ms between them."""
    batches = []
    for first in range(0, count * 10, 10):
        batch = [sources.sqs(first + i + 1, say) for i in range(10)]
        for i, record in enumerate(batch):
            record["attributes"]["SentTimestamp"] = str(sources.SENT_MS + (first + i) * 400)
        batches.append(sources.event(*batch))
    return trace(name, *batches)


def check_batches():
    """That batches are not as they were recorded is told, with the window that they need."""
    given = apart("apart.jsonl")
    done = source(given, "sqs")
    check("batches of one", {count for _, count in happened(done, "invoked")}, {1})
    check_match("are told", done.err, r"each of 40 invocations has one record, and the recorded ones have up to 10: "
                r"those of an event came up to 3600 ms after each other, window=4 puts them together again")
    done = source(given, "sqs:window=4")
    check("with that window", ({count for _, count in happened(done, "invoked")}, "has one record" in done.err), ({10}, False))
    done = run("replay", OBEDIENT, given, "--chaos", "1,duplicate")
    check_match("which is read from the trace", done.err,
                "read from the trace: sqs:window=4; our choice: retries=4; that is --source sqs:window=4,retries=4\n")
    done = run("replay", OBEDIENT, apart("one.jsonl", 1), "--source", "sqs:batch=1")
    check("batches of one that are asked for", "has one record" in done.err, False)


def check_guessed():
    """Events without answers do not say whether failures are read."""
    given = trace("silent.jsonl", sources.event(*messages("ok", "fail 1")))
    done = run("replay", OBEDIENT, given, "--chaos", "1,duplicate")
    check("what is not read is no failure", (done.code, "unsure    failures: " in done.out), (0, True))
    hint = "report-failures is not known from these events: say --source (.*) if the mapping has it"
    check_match("and told before", done.err, hint)
    spec = re.search(hint, done.err)[1]
    done = run("replay", OBEDIENT, given, "--source", spec, "--chaos", "1,duplicate")
    check(f"with {spec}", (done.code, "failures: " in done.out, "not known" in done.err), (0, False, False))
    done = run("replay", OBEDIENT, given, "--source", "sqs", "--chaos", "1,duplicate")
    check("who says it is off means it", (done.code, "failed    failures: " in done.out), (1, True))
    run("replay", OBEDIENT, trace("fine.jsonl", sources.event(*messages("ok", "ok"))), "--record", path("said.jsonl"))
    done = run("replay", OBEDIENT, path("said.jsonl"), "--chaos", "1,duplicate")
    check("an answer says it", "not known" in done.err, False)


def check_aws_notes():
    given = trace("noted.jsonl", sources.event(*messages("ok", of=sources.kinesis)))
    done = source(given, 'kinesis:filter={"partitionKey":[{"wildcard":"o*"}]}')
    check("what AWS does not document is done", (done.code, ends(done)), (0, {"done": 1}))
    check("and told once", [done.err.count(text) for text in ('a filter on "partitionKey": of kinesis', "a filter with wildcard: ")],
          [1, 1])
    given = trace("endless.jsonl", sources.event(*messages("all", of=sources.kafka)))
    failed = path("kafka_failed.jsonl")
    for spec, shown in ((f"kafka:on-failure={failed}", f"kafka:on-failure={failed},retries=10"),
                        (f"kafka:retries=-1,on-failure={failed}", f"kafka:retries=-1,on-failure={failed}")):
        done = source(given, spec)
        check(f"kafka stops after 10 retries {spec[:13]}", len(happened(done, "invoked")), 11)
        check("which is told", ("AWS stops after 10 retries" in done.err, f"source    {shown}\n" in done.out), (True, True))


def check_wrong_records():
    """What no source sends is refused with its event, record and member; nothing is made up for it."""
    late, bare, long = (sources.sqs(2, "ok") for _ in range(3))
    late["attributes"]["SentTimestamp"] = "-5"
    del bare["body"]
    long["body"] = "x" * 1048577
    for name, spec, record, what in (
            ("time", "sqs", late, r"record 2: attributes\.SentTimestamp is '-5', and has to be milliseconds since 1970"),
            ("body", "sqs", bare, "record 2: body has to be a text"),
            ("size", "sqs", long, "record 2: body and messageAttributes have 1048577 bytes, and SQS takes at most 1048576")):
        given = trace("wrong.jsonl", sources.event(sources.sqs(9, "ok")), sources.event(sources.sqs(1, "ok"), record))
        done = source(given, spec)
        check(f"{name}: nothing is run", (done.code, done.history), (2, []))
        check_match("with its place", done.err, f"wrong.jsonl', line 2: event 2: {what}")
    message = {"MessageId": sources.identity(1), "ReceiptHandle": "r", "MD5OfBody": "m", "Body": "ok",
               "Attributes": {"SentTimestamp": "soon"}}
    done = source(write("wrong.json", json.dumps({"Messages": [message]})), "sqs")
    check("of a command line's output, too", (done.code, "Attributes.SentTimestamp is 'soon'" in done.err), (2, True))


def check_twins():
    """Two contents under one id are two messages, of which AWS would have told another id."""
    def with_image(record):
        record["dynamodb"]["NewImage"]["n"]["N"] = "77"

    def delivered(record):
        record["attributes"]["ApproximateReceiveCount"] = "2"
        record["receiptHandle"] = "another"

    for of, change, what in (
            (sources.sqs, lambda r: r.update(body="fail 9"), f"messageId '{sources.identity(1)}'.* with another body"),
            (sources.kinesis, lambda r: r["kinesis"].update(data="eyJhIjoxfQ=="), "sequenceNumber .* with another data"),
            (sources.dynamodb, with_image, "SequenceNumber .* with another Keys, NewImage or OldImage"),
            (sources.kafka, lambda r: r.update(value=None), "offset '1' .* with another value")):
        name = of.__name__
        first, second = of(1, "ok"), of(1, "ok")
        done = source(trace("twice.jsonl", sources.event(first), sources.event(of(2, "ok"), second)), f"{name}:retries=1")
        check(f"{name}: the same twice is one",
              (done.code, ends(done), "1 record came more than once" in done.err), (0, {"done": 2}, True))
        change(second)
        done = source(trace("twice.jsonl", sources.event(first), sources.event(of(2, "ok"), second)), f"{name}:retries=1")
        check(f"{name}: another content is refused", (done.code, done.history), (2, []))
        check_match("with both places", done.err, f"event 2, record 2: {what}: ids are unique on AWS, give each record its own")
        check_match("and", done.err, "is that of event 1, record 1")
    again = sources.sqs(1, "ok")
    delivered(again)
    written = json.dumps(sources.event(again)).replace('"ok"', '"\\u006fk"') + "\n"
    done = source(write("again.jsonl", sources.lines(sources.event(sources.sqs(1, "ok"))) + written), "sqs")
    check("another delivery, written otherwise, is the same", (done.code, ends(done)), (0, {"done": 1}))
    for name, event in (("a", {"do": "ok", "id": 1}), ("b", {"do": "ok", "id": 2})):
        run("replay", OBEDIENT, trace("one.jsonl", event), "--source", "async", "--record", path(f"{name}.recorded.jsonl"))
    for names, done in (("ab", 2), ("aa", 1)):
        got = source(path(f"{names[0]}.recorded.jsonl"), "async", path(f"{names[1]}.recorded.jsonl"))
        check(f"request ids that two recordings share: {names}", (got.code, ends(got)), (0, {"done": done}))
    printed = [run("event", "sqs", f"body={body}", *more).out for body, *more in (("ok",), ("all",), ("ok", "records=2"))]
    done = run("replay", OBEDIENT, write("printed.jsonl", "".join(printed[:2])), "--source", "sqs:retries=1")
    check_match("what helps is told", done.err, "'clambda event sqs records=N' does")
    done = source(write("printed.jsonl", printed[2]), "sqs:retries=1")
    check("and does", (done.code, ends(done)), (0, {"done": 2}))


need_sandbox()
for part in (check_queue, check_dead_letters, check_fifo, check_streams, check_events, check_filter, check_same,
             check_ids, check_recorded, check_examples, check_usage, check_empty, check_places, check_unwritable, check_one_file,
             check_repeat, check_times, check_interrupt, check_sizes, check_given_fault, check_batches,
             check_guessed, check_aws_notes, check_wrong_records, check_twins):
    part()
finish()
