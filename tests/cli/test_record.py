#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--record: one line for each invocation, which says what was given and what came of it; nothing that the
function or the answers notice; pseudonyms; kill -9, full disks, several recorders at once."""
import base64
import gzip
import json
import os
import re
import signal
import stat
import subprocess

from harness import CLAMBDA, UUID, check, check_match, finish, function, invoke, need_sandbox, path, run, wait_until, write

MEMBERS = ["clambda_recording", "function", "digest", "redaction", "environment", "position", "cold", "request_id",
           "time", "client_context", "cognito_identity", "trace_id", "event", "event_base64", "status", "error_type",
           "answer", "answer_base64", "log", "log_cut", "duration_us", "init_us", "memory_mb", "max_memory_mb"]
FOLDER = function("fn")


def lines_of(name):
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path(name), "rb") as file:
        return [json.loads(line) for line in file]


def without_chance(answers):
    """Neither request ids nor what a background process has counted so far."""
    return re.sub(UUID + r'|"ticks":\d+', "", answers)


def record(name, *deeds, options=(), **more):
    return invoke(FOLDER, *deeds, options=("--record", path(name), *options), **more)


def check_line():
    deeds = ("echo", "print 2", "error 3", "exit 4", "count")
    plain = invoke(FOLDER, *deeds)
    done = record("all.jsonl", *deeds)
    check("recording changes no answer", (done.code, without_chance(done.out)), (1, without_chance(plain.out)))
    check("and nothing of the log", [line.split()[0] for line in done.err.splitlines()],
          [line.split()[0] for line in plain.err.splitlines()])
    lines = lines_of("all.jsonl")
    check("a line for each invocation", len(lines), 5)
    for line in lines:
        check("members in their order", list(line), [m for m in MEMBERS if m in line])
    check("events as they are", [line["event"] for line in lines],
          [json.dumps({"do": deed}, separators=(",", ":")) for deed in deeds])
    check("answers as they are", [json.loads(line["answer"]) for line in lines], [json.loads(a) for a in done.lines])
    check("status", [line["status"] for line in lines], ["success", "success", "error", "error", "success"])
    check("error types", [line.get("error_type") for line in lines][3:], ["Runtime.ExitError", None])
    check("position", [line["position"] for line in lines], [0, 1, 2, 3, 4])
    check("one environment", len({line["environment"] for line in lines}), 1)
    check("cold: the first, and behind a lost runtime", [line["cold"] for line in lines],
          [True, False, False, False, True])
    check("init", ["init_us" in line for line in lines][:2], [True, False])
    check("request ids", [line["request_id"] for line in lines], [line.split()[2] for line in done.log("START")])
    check_match("time", lines[0]["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
    durations = [float(re.search(r"Duration: ([0-9.]+)", line)[1]) for line in done.log("REPORT")]
    check("durations", [abs(line["duration_us"] / 1000 - d) < 0.02 for line, d in zip(lines, durations)], [True] * 5)
    check("memory", [(line["memory_mb"], line["max_memory_mb"] > 0) for line in lines], [(128, True)] * 5)
    printed = [line for line in done.err.splitlines() if line.split()[0] not in ("START", "END", "REPORT", "INIT_START")]
    check("log lines", [text for line in lines for text in line.get("log", [])], printed)
    check("mode of the file", stat.S_IMODE(os.stat(path("all.jsonl")).st_mode), 0o600)


def check_append():
    record("append.jsonl", "echo")
    record("append.jsonl", "echo", options=("--memory", "256"))
    lines = lines_of("append.jsonl")
    check("a second run appends", [line["memory_mb"] for line in lines], [128, 256])
    check("settings are in the digest", lines[0]["digest"] == lines[1]["digest"], False)
    record("append.jsonl", "echo")
    copy = function("copy/fn")
    run("invoke", copy, "--timeout", "60", "--record", path("append.jsonl"), stdin=b"{}")
    write("copy/fn/more", "1")
    run("invoke", copy, "--timeout", "60", "--record", path("append.jsonl"), stdin=b"{}")
    digests = [line["digest"] for line in lines_of("append.jsonl")]
    check("the same function has the same digest", digests[0] == digests[2] == digests[3], True)
    check("one more file is another", digests[3] == digests[4], False)
    check_match("its form", digests[0], "^sha256:[0-9a-f]{64}$")


def check_packed():
    for _ in range(2):
        check("packed: exit code", record("t.jsonl.gz", "echo", "echo").code, 0)
    check("packed: lines", len(lines_of("t.jsonl.gz")), 4)
    test = subprocess.run(["gzip", "-t", path("t.jsonl.gz")], stderr=subprocess.PIPE)
    check("gzip takes it", (test.returncode, test.stderr), (0, b""))


def check_bytes():
    for name, bytes_, member in (("text", b"caf\xc3\xa9", "answer"), ("no text", b"\xff\x00\x01", "answer_base64")):
        event = json.dumps({"do": "raw", "hex": bytes_.hex()}, separators=(",", ":")).encode()
        done = subprocess.run([CLAMBDA, "invoke", FOLDER, "--record", path("bytes.jsonl")], input=event,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        check(f"{name}: exit code", done.returncode, 0)
        line = lines_of("bytes.jsonl")[-1]
        got = base64.b64decode(line[member]) if member.endswith("base64") else line[member].encode()
        check(f"{name}: as it was", got, done.stdout.rstrip(b"\n"))
        check(f"{name}: as the function gave it", got, bytes_)


def check_redact():
    secrets = ("4111-2222-3333", "ann@example.org", "hidden words")
    event = {"do": "echo", "card": secrets[0], "users": [{"mail": secrets[1], "n": 7}, {"mail": secrets[1], "n": 8}],
             "note": f"for {secrets[1]}", "deep": {"a": [secrets[2]]}}
    options = ["--redact", "/card", "--redact", "/users/*/mail", "--redact", "/deep"]
    seen = []
    for extra in ([], [], ["--redact-key", "two words"], ["--redact-key", "two words"]):
        name = f"redact-{len(seen)}.jsonl"
        done = run("invoke", FOLDER, "--record", path(name), *options, *extra, stdin=json.dumps(event).encode())
        check("the function sees the event itself", json.loads(done.out), event)
        with open(path(name)) as file:
            text = file.read()
        check("no secret is in the file", [s for s in secrets if s in text], [])
        line = json.loads(text)
        got = json.loads(line["event"])
        check("shape stays", (list(got), [u["n"] for u in got["users"]]), (list(event), [7, 8]))
        check("equal values are equal", len({u["mail"] for u in got["users"]}), 1)
        check("in texts, too", got["note"], f"for {got['users'][0]['mail']}")
        check("in the answer as well", json.loads(line["answer"]), got)
        seen.append((line["redaction"], line["event"]))
    check("every run has its own pseudonyms", seen[0] != seen[1] and seen[0][0] != seen[1][0], True)
    check("the same words give the same", seen[2], seen[3])
    secret = "a private text"
    event = json.dumps({"do": "raw", "hex": secret.encode().hex(), "card": secret}, separators=(",", ":"))
    done = run("invoke", FOLDER, "--record", path("log.jsonl"), "--redact", "/card", "--redact", "/hex", stdin=event.encode())
    check("the log has the value", (done.code, secret in done.err), (0, True))
    with open(path("log.jsonl")) as file:
        text = file.read()
    line = json.loads(text)
    check("the recorded log has not", (secret in text, len(line["log"])), (False, 2))
    check("but its pseudonym", set(line["log"]), {json.loads(line["event"])["card"]})


def check_failures():
    write("event.json", '{"do":"echo"}')
    rows = [(["--record", "-"], 2, "'-' is no file"), (["--record", path("none/t.jsonl")], 2, "No such file or directory"),
            (["--record", path("event.json")], 2, "is there already and is no recording: name another file"),
            (["--redact", "/a"], 2, "--redact needs --record"),
            (["--record", path("x"), "--redact-key", "w"], 2, "--redact-key needs --redact"),
            (["--record", path("x"), "--redact", "a"], 2, "'a' is not a JSON pointer"),
            (["--record", path("x"), "--redact", "/a", "--redact-key", ""], 2, "the words are empty")]
    for options, code, message in rows:
        done = run("invoke", FOLDER, *options, stdin=b'{"do":"echo"}')
        check(f"{options}: exit code", (done.code, done.out), (code, ""))
        check(f"{options}: {message}", message in done.err, True)
        check("nothing was run", done.log("START"), [])
    check("the event is as it was", open(path("event.json")).read(), '{"do":"echo"}')
    check("no file was made", os.path.exists(path("x")), False)
    done = invoke(FOLDER, "echo", "count", "exit 1", options=("--record", "/dev/full"))
    check("a full disk: exit code", done.code, 3)
    check("a full disk: all answers", len(done.lines), 3)
    check("a full disk is told once", done.err.count("No space left on device"), 1)


def is_written(name):
    """Whether a recording has a line as a whole."""
    return os.path.exists(path(name)) and open(path(name), "rb").read().endswith(b"\n")


def check_killed():
    """What was over is there; the next run reads on behind it."""
    command = [CLAMBDA, "invoke", FOLDER, "--record", path("kill.jsonl"), "--timeout", "300",
               "-e", write("k0.json", '{"do":"echo"}'), "-e", write("k1.json", '{"do":"sleep 280000"}')]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: is_written("kill.jsonl"))
    child.kill()
    child.communicate()
    check("killed: what was over is recorded", [line["event"] for line in lines_of("kill.jsonl")], ['{"do":"echo"}'])
    with open(path("kill.jsonl"), "ab") as file:
        file.write(b'{"clambda_recording":1,"event":"torn')
    record("kill.jsonl", "count")
    with open(path("kill.jsonl")) as file:
        text = file.read().splitlines()
    check("a torn line is ended", (len(text), json.loads(text[2])["event"]), (3, '{"do":"count"}'))


def check_interrupted():
    command = [CLAMBDA, "invoke", FOLDER, "--record", path("int.jsonl"), "--timeout", "300",
               "-e", path("k0.json"), "-e", path("k1.json")]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: is_written("int.jsonl"))
    child.send_signal(signal.SIGINT)
    child.communicate()
    check("interrupted: exit code", child.returncode, 130)
    check("interrupted: what was over is recorded", len(lines_of("int.jsonl")), 1)


def check_together():
    """Several recorders on one file: every line whole."""
    files = [option for i in range(20) for option in ("-e", write("t.json", json.dumps({"do": "echo", "x": "y" * 3000})))]
    children = [subprocess.Popen([CLAMBDA, "invoke", FOLDER, "--record", path("together.jsonl"), *files],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(4)]
    check("together: exit codes", [child.wait() for child in children], [0] * 4)
    lines = lines_of("together.jsonl")
    check("together: lines", (len(lines), len({line["environment"] for line in lines})), (80, 4))


need_sandbox()
check_line()
check_append()
check_packed()
check_bytes()
check_redact()
check_failures()
check_killed()
check_interrupted()
check_together()
finish()
