# SPDX-License-Identifier: Apache-2.0
"""Log lines as text, as JSON and in frames; what X-Ray is told."""
import json
import os
import re
import struct
import tempfile

import harness
from harness import error_of, has, has_not, run, same, test
from runtime_api import Reply, Runner

JSON = {"AWS_LAMBDA_LOG_FORMAT": "Json"}
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
LINE_MAX = 256 << 10
INFINITE = {"NaN", "-Infinity"}


def pairs(members):
    keys = [key for key, _ in members]
    same(sorted(keys), sorted(set(keys)))
    return dict(members)


def entries(text):
    """Lines as objects; no key is there twice, and the time is one."""
    found = []
    for line in text.split("\n")[:-1]:
        entry = json.loads(line, object_pairs_hook=pairs)
        if not TIME.match(entry.pop("timestamp")):
            raise AssertionError("no time in %r" % line)
        found.append(entry)
    return found


def logged(event, env=None, headers=()):
    result = run("logs", [Reply(event, headers=headers)], env=env)
    same(result.code, 0)
    return result


@test("log")
def kinds_in_json():
    entry, = entries(logged(b"kinds", JSON).err)
    same(entry, {"level": "INFO", "requestId": "id-1", "message": "kinds", "text": "plain",
                 "words": "two words", "broken": "a\0b\ufffd\u00e4\"", "absent": None, "empty": "",
                 "int": 42, "least": -2 ** 63, "most": 2 ** 64 - 1, "long": 1.5, "yes": True, "tenth": 0.1, "third": 1 / 3,
                 "large": 1e300, "float": 0.5, "nan": "NaN", "down": "-Infinity"})


@test("log")
def kinds_in_text():
    line = logged(b"kinds").err.rstrip("\n").split("\t", 3)
    same(line[1:3], ["id-1", "INFO"])
    same(line[3], 'kinds text=plain words="two words" broken="a\\u0000b\ufffd\u00e4\\"" absent=null '
         'empty="" int=42 least=-9223372036854775808 most=18446744073709551615 long=1.5 yes=true '
         'tenth=0.1 third=0.3333333333333333 '
         'large=1e+300 float=0.5 nan="NaN" down="-Infinity"')


@test("log")
def keys():
    entry, = entries(logged(b"keys", JSON).err)
    same(entry, {"level": "WARN", "requestId": "id-1", "message": "keys", "_level": 1, "__level": 2,
                 "twice": 3, "_twice": 4, "__twice": 5, "___twice": 6, "_": 7, "a b\n": 8})
    has(logged(b"keys").err, 'keys level=1 _level=2 twice=3 twice=4 _twice=5 twice=6 _=7 "a b\\n"=8\n')


@test("log")
def many_fields():
    entry, = entries(logged(b"many", JSON).err)
    same([entry["k%d" % i] for i in range(128)], list(range(128)))
    same(logged(b"many").err.endswith(" k127=127\n"), True)


@test("log")
def long_lines():
    """Every line is valid, however it had to be cut."""
    found = logged(b"long", JSON).err
    for line in found.split("\n"):
        same((len(line.encode()) < LINE_MAX, "\ufffd" in line), (True, False))
    found = entries(found)
    same(len(found), 18)
    for plain, field in zip(found[::2], found[1::2]):
        text = plain["message"]
        same(text, '"' + "\u20ac" * (len(text) - 1))
        same(field["text"], '"' + "\u20ac" * (len(field["text"]) - 1))
        same("after" in field, len(text) < 87000)
    for line in logged(b"long").err.split("\n"):
        same((len(line.encode()) < LINE_MAX, "\ufffd" in line), (True, False))


@test("log")
def levels():
    names = ["TRACE", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    for level, first in (("trace", 0), ("DEBUG", 2), ("Info", 3), ("WARN", 4), ("error", 5), ("FATAL", 6)):
        found = entries(logged(b"levels", dict(JSON, AWS_LAMBDA_LOG_LEVEL=level)).err)
        same([e["level"] for e in found], names[first:])
    found = entries(logged(b"levels", dict(JSON, AWS_LAMBDA_LOG_LEVEL="LOUD")).err)
    has(found[0]["message"], "'LOUD' is none of")
    same((found[0]["level"], "requestId" in found[0]), ("WARN", False))


@test("log")
def numbers_abroad():
    same(entries(logged(b"abroad", JSON).err)[0]["half"], 0.5)


@test("log")
def formats():
    for value in ("JSON", "json", "jSON"):
        same(entries(logged(b"parts", {"AWS_LAMBDA_LOG_FORMAT": value}).err[10:])[0]["message"],
             "line\nbreak\ttab")
    for value in ("Text", "", "XML"):
        has(logged(b"parts", {"AWS_LAMBDA_LOG_FORMAT": value}).err, "\tINFO\tline\rbreak\ttab\n")


@test("log")
def own_output():
    """What a handler prints passes as it is, in both formats, in its invocation."""
    for env in ({}, JSON):
        result = run("logs", [Reply(b"parts"), Reply(b"parts")], env=env)
        same(result.out, "whole line\npart of a line\nwithout end" * 2)
        same(result.err.startswith("to stderr\n"), True)


@test("log")
def failures():
    """What the runtime says of a failure, with tenant and trace; then what X-Ray is told."""
    headers = [("Lambda-Runtime-Aws-Tenant-Id", "blue"), ("Lambda-Runtime-Trace-Id", "Root=1-2;Sampled=1")]
    result = logged(b"x\ty", JSON, headers)
    entry, = entries(result.err)
    text = 'no \u00e4nd\x7f "x\ty"'
    same(entry, {"level": "ERROR", "requestId": "id-1", "tenantId": "blue", "traceId": "Root=1-2;Sampled=1",
                 "message": "Unknown: " + text, "errorType": "Unknown", "errorMessage": text,
                 "stackTrace": []})
    same(error_of(result)["errorMessage"], text)
    cause = result.posts[0].headers["lambda-runtime-function-xray-error-cause"]
    same(all(" " <= c < "\x7f" for c in cause), True)
    same(json.loads(cause), {"working_directory": os.getcwd(), "paths": [], "exceptions": [
        {"type": "Unknown", "message": text, "stack": []}]})
    has_not(logged(b"levels", JSON).posts[0].headers, "lambda-runtime-function-xray-error-cause")


@test("log")
def failures_of_init():
    result = run("nothing_here", [], env=JSON, signal_at_end=False)
    same((result.code, len(result.posts), result.polls), (1, 1, []))
    entry, = entries(result.err)
    same((entry["level"], entry["errorType"], "requestId" in entry),
         ("FATAL", "Runtime.ImportModuleError", False))
    same(entry["errorMessage"], json.loads(result.posts[0].body)["errorMessage"])
    cause = json.loads(result.posts[0].headers["lambda-runtime-function-xray-error-cause"])
    same(cause["exceptions"][0]["message"], entry["errorMessage"])


def frames(data):
    while data:
        kind, size, time = struct.unpack(">IIQ", data[:16])
        yield kind, time, data[16:16 + size].decode()
        data = data[16 + size:]


def run_framed(handler, replies, env):
    """A run with descriptor 7 for frames, and what was written to it."""
    with tempfile.TemporaryDirectory() as folder:
        script, log = os.path.join(folder, "start"), os.path.join(folder, "log")
        with open(script, "w") as f:
            f.write("#!/bin/sh\nexec 7>'%s'\nexec '%s'\n" % (log, harness.options.bootstrap))
        os.chmod(script, 0o755)
        env = dict(env, _LAMBDA_TELEMETRY_LOG_FD="7")
        result = Runner(script, harness.options.handlers).run(handler, replies, env=env)
        with open(log, "rb") as f:
            return result, list(frames(f.read()))


@test("log")
def framed():
    """Lines go to the descriptor of _LAMBDA_TELEMETRY_LOG_FD, one frame each."""
    for env, kinds in ((JSON, range(0xa55a0006, 0xa55a001b, 4)), ({}, range(0xa55a0007, 0xa55a001c, 4))):
        result, found = run_framed("logs", [Reply(b"levels")], dict(env, AWS_LAMBDA_LOG_LEVEL="TRACE"))
        same((result.code, result.err), (0, ""))
        same([kind for kind, _, _ in found[1:]], list(kinds))
        same([text.endswith("\n") for _, _, text in found], [True] * 7)
        same(all(abs(time - found[0][1]) < 60e6 for _, time, _ in found), True)
    for bad in ("99", "-1", "x", "2"):
        has(logged(b"parts", {"_LAMBDA_TELEMETRY_LOG_FD": bad}).err, "\tINFO\tline\rbreak")


@test("log")
def framed_behind_a_crash():
    """The process that replaces itself goes on with the same descriptor."""
    if harness.options.sanitized:
        return
    result, found = run_framed("crashes", [Reply(b"segv", id="id-9"), Reply(b"typo", id="id-2")], JSON)
    same((result.code, [p.path.split("/")[-2] for p in result.posts]), (0, ["id-9", "id-2"]))
    crash, after = json.loads(found[0][2]), json.loads(found[1][2])
    same((after["requestId"], after["errorType"]), ("id-2", "StillAlive"))
    same((found[0][0], crash["requestId"], crash["errorType"]), (0xa55a001a, "id-9", "Runtime.Crash"))
    same("SIGSEGV" in crash["message"] and bool(crash["stackTrace"]), True)
