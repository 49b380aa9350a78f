#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile functions: each gets Lambda's payload, byte for byte, exit code 1, and the next event a working
environment."""
import os
import re
import sys

from harness import HOSTILE, UUID, check, check_match, finish, function, invoke, need_sandbox, path, run, write

NEXT = '{"after":"all"}'


def platform(kind, message):
    return f'{{"errorType":"{kind}","errorMessage":"RequestId: ID Error: {message}"}}'


def exited(how):
    return platform("Runtime.ExitError", f"Runtime exited with error: {how}")


def timed_out(seconds):
    return platform("Sandbox.Timedout", f"Task timed out after {seconds} seconds")


TIMEOUT = timed_out("0.50")  # short where nothing has to be in time
OOM = platform("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")
TOO_LARGE = ('{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
             '"errorType":"Function.ResponseSizeTooLarge"}')
ERROR = "\tStatus: error\tError Type: "

# deed, options, answer, end of REPORT, whether the environment survives
ROWS = [
    ("exit 0", (), platform("Runtime.ExitError", "Runtime exited without providing a reason"),
     ERROR + "Runtime.ExitError", False),
    ("exit 3", (), exited("exit status 3"), ERROR + "Runtime.ExitError", False),
    ("exit 255", (), exited("exit status 255"), ERROR + "Runtime.ExitError", False),
    ("signal 11", (), exited("signal: segmentation fault"), ERROR + "Runtime.ExitError", False),
    ("signal 6", (), exited("signal: aborted"), ERROR + "Runtime.ExitError", False),
    ("signal 9", (), exited("signal: killed"), ERROR + "Runtime.ExitError", False),
    ("signal 15", (), exited("signal: terminated"), ERROR + "Runtime.ExitError", False),
    ("sleep 60000", ("--timeout", "5"), timed_out("5.00"), "\tStatus: timeout", False),
    ("fork-bomb", ("--timeout", "5"), timed_out("5.00"), "\tStatus: timeout", False),
    ("allocate 256", (), OOM, ERROR + "Runtime.OutOfMemory", False),
    ("child-allocate 256", (), OOM, ERROR + "Runtime.OutOfMemory", False),
    ("large 7000000", (), TOO_LARGE, ERROR + "Function.ResponseSizeTooLarge", True),
    ("large 6291557", (), TOO_LARGE, ERROR + "Function.ResponseSizeTooLarge", True),
    ("error", (), '{"errorType":"Odd", "errorMessage":"as asked","x":[]}', "Max Memory Used: [0-9]+ MB", True),
]


def without_id(text):
    return re.sub(UUID, "ID", text)


def check_rows():
    folder = function("fn")
    for deed, options, answer, ending, survives in ROWS:
        done = invoke(folder, "count", deed, NEXT, "count", options=options)
        check(f"{deed}: exit code", done.code, 1)
        if len(done.lines) != 4:
            check(f"{deed}: four answers", done.out, "")
            print(done.err)
            continue
        check(f"{deed}: payload", without_id(done.lines[1]), answer)
        check_match(f"{deed}: REPORT", done.log("REPORT")[1].rstrip("\t"), f"{ending}$")
        check(f"{deed}: the next event", done.lines[2], NEXT)
        calls = 2 if survives else 1
        check_match(f"{deed}: memory {'kept' if survives else 'lost'}, /tmp kept", done.lines[3],
                    f'^{{"calls":{calls},"tmp":2,')
        check(f"{deed}: one INIT_START", len(done.log("INIT_START")), 1)
        check(f"{deed}: one Init Duration", done.err.count("Init Duration"), 1)


def check_numbers():
    folder = function("fn")
    done = invoke(folder, "sleep 60000", options=("--timeout", "0.5"))
    told = re.search(r"\tDuration: 500.00 ms\tBilled Duration: ([0-9]+) ms\t.*\tInit Duration: ([0-9.]+) ms\tStatus: timeout$",
                     done.log("REPORT")[0])
    check("a timeout is pinned, and billed with the init",
          told and abs(int(told[1]) - (500 + float(told[2]))) < 1.01, True)
    check_match("its id is that of START", done.out, done.log("START")[0].split()[2])
    done = invoke(folder, "allocate 256", options=("--memory", "130"))
    check_match("out of memory has used all", done.log("REPORT")[0], "\tMax Memory Used: 130 MB\t")
    done = invoke(folder, "allocate 60")
    check("allocate 60 of 128 MB", (done.code, done.lines), (0, ['"allocated"']))
    used = re.search(r"Max Memory Used: ([0-9]+) MB", done.err)
    check("it is measured", 60 <= int(used.group(1)) <= 80, True)
    done = invoke(folder, "large 6291556")
    check("the largest answer", (done.code, len(done.out)), (0, 6291557))


def check_tmp():
    folder = function("fn")
    done = invoke(folder, "tmp 600", "tmp 500", options=("--timeout", "300", "--memory", "1769"))
    check("600 MB into /tmp: exit code", done.code, 0)
    check_match("there is a limit", done.lines[0], r'^{"written":5[0-9][0-9],"failed":"ENOSPC"}$')
    check("500 MB fit", done.lines[1], '{"written":500,"failed":""}')


def check_processes():
    done = invoke(function("fn"), "fork 5000", "echo", options=("--timeout", "60", "--memory", "1769"))
    check("5000 forks: exit code", done.code, 0)
    check_match("there is a limit", done.lines[0], r'^{"forked":(9[0-9][0-9]|10[0-2][0-9]),"again":true}$')


def check_broken_answers():
    folder = function("fn")
    for deed, kind in (("truncate 1000", "Runtime.TruncatedResponse"), ("mode", "Runtime.InvalidResponseModeHeader")):
        done = invoke(folder, deed, NEXT)
        check(f"{deed}: exit code", done.code, 1)
        check_match(f"{deed}: payload", done.lines[0], f'^{{"errorType":"{kind}","errorMessage":"RequestId: ')
        check(f"{deed}: the next event", done.lines[1], NEXT)


# bootstrap text, mode, message after "Error: "
ENTRIES = [
    (None, 0o644, "fork/exec /var/task/bootstrap: permission denied"),
    ("\x7fnonsense\n", 0o755, "fork/exec /var/task/bootstrap: exec format error"),
    ("#!/nonexistent/interpreter\n", 0o755, "fork/exec /var/task/bootstrap: no such file or directory"),
]


def check_entries():
    rows = [(function(f"entry-{i}", text, mode), message) for i, (text, mode, message) in enumerate(ENTRIES)]
    os.makedirs(path("empty"), exist_ok=True)
    rows.append((path("empty"), "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"))
    for folder, message in rows:
        done = invoke(folder, "echo", "echo")
        payload = platform("Runtime.InvalidEntrypoint", message)
        check(f"{message}: exit code", done.code, 1)
        check(f"{message}: payloads", [without_id(line) for line in done.lines], [payload, payload])
        phases = [line.split("\t")[1:] for line in done.log("INIT_REPORT")]
        tail = ["Status: error", "Error Type: Runtime.InvalidEntrypoint"]
        check(f"{message}: INIT_REPORT", phases, [["Phase: init"] + tail] + [["Phase: invoke"] + tail] * 2)


def check_machines():
    """The answer is Lambda's, and a line besides tells what the kernel does not."""
    with open(HOSTILE, "rb") as file:
        data = bytearray(file.read())
    here, there, number = ("x86_64", "arm64", 183) if os.uname().machine == "x86_64" else ("arm64", "x86_64", 62)
    data[18:20] = number.to_bytes(2, "little")
    other = function("other-machine", bytes(data))
    os.makedirs(path("nothing"), exist_ok=True)
    note = f"was built for {there}, and this is {here}"
    for what, words in (("a package", [other]), ("a layer", [path("nothing"), "--layer", other])):
        done = run("invoke", *words, stdin=b"{}")
        check(f"another machine, {what}: answer", "exec format error" in done.out and note not in done.out, True)
        check(f"another machine, {what}: why", f"the bootstrap of '{other}' {note}" in done.err, True)
    check("this machine: no such line", "was built for" in run("invoke", function("fn"), stdin=b"{}").err, False)


def check_failing_init():
    folder = function("fn")
    rows = [
        ("exit 0", platform("Runtime.ExitError", "Runtime exited without providing a reason"), "Runtime.ExitError"),
        ("exit 1", exited("exit status 1"), "Runtime.ExitError"),
        ("signal 11", exited("signal: segmentation fault"), "Runtime.ExitError"),
        ("allocate 256", OOM, "Runtime.OutOfMemory"),
        ("init-error 1", '{"errorMessage":"no config","errorType":"Config","requestId":""}', "Runtime.BadConfig"),
    ]
    for deed, answer, kind in rows:
        done = invoke(folder, "echo", options=("--env", f"INIT={deed}"))
        check(f"init {deed}: exit code", done.code, 1)
        check(f"init {deed}: payload", without_id(done.out), answer + "\n")
        kinds = [re.sub(r"[0-9.]+ ms", "N ms", line) for line in done.err.splitlines()
                 if line.startswith(("INIT", "START", "END", "REPORT"))]
        check(f"init {deed}: order of lines", [line.split()[0] for line in kinds],
              ["INIT_START", "INIT_REPORT", "INIT_REPORT", "START", "END", "REPORT"])
        check(f"init {deed}: INIT_REPORT", kinds[1:3],
              [f"INIT_REPORT Init Duration: N ms\tPhase: {phase}\tStatus: error\tError Type: {kind}"
               for phase in ("init", "invoke")])
        check_match(f"init {deed}: REPORT", kinds[-1], f"Status: error\tError Type: {kind}$")
    done = invoke(folder, NEXT, options=("--env", "INIT=once exit 1"))
    check("an init that fails once: exit code", (done.code, done.out), (0, NEXT + "\n"))
    check("an init that fails once: lines", [len(done.log(k)) for k in ("INIT_START", "INIT_REPORT", "START")], [1, 1, 1])
    check("an init that fails once: no Init Duration", "Init Duration" in done.log("REPORT")[0], False)


def check_slow_init():
    done = invoke(function("fn"), "echo", options=("--env", "INIT=sleep 60000", "--timeout", "0.5"))
    check("init that sleeps: exit code", done.code, 1)
    check("init that sleeps: payload", without_id(done.out), TIMEOUT + "\n")
    reports = done.log("INIT_REPORT")
    check_match("init that sleeps: 10 s ahead", reports[0],
                r"^INIT_REPORT Init Duration: 1[0-9]{4}\.[0-9]{2} ms\tPhase: init\tStatus: timeout$")
    check_match("init that sleeps: again inside", reports[1],
                r"Duration: [0-9.]+ ms\tPhase: invoke\tStatus: error\tError Type: Runtime.Unknown$")
    done = invoke(function("fn"), NEXT, options=("--env", "INIT=once sleep 60000"))
    check("init that sleeps once", (done.code, done.out), (0, NEXT + "\n"))


def check_lingering():
    done = invoke(function("fn"), "linger 60000", NEXT, options=("--timeout", "5"))
    check("an answer without next: the answers stand", (done.code, done.lines), (0, ['"early"', NEXT]))
    check_match("it lasts until the timeout", done.log("REPORT")[0], "Duration: 5000.00 ms\t.*Status: timeout$")


def check_output():
    done = invoke(function("fn"), "print -1", options=("--timeout", "0.5"))
    check("prints without end: payload", without_id(done.out), TIMEOUT + "\n")
    check("END is behind all of it", [line.split()[0] for line in done.err.splitlines()[-2:]], ["END", "REPORT"])
    done = invoke(function("fn"), "line 300000")
    lines = done.err.splitlines()
    start = lines.index(done.log("START")[0])
    check("a long line is cut", [len(line) for line in lines if line.startswith("ll")], [262144])
    check("the lines behind it", sorted(lines[start + 2:-2]), ["after", "unfinished"])


need_sandbox()
GROUPS = {name: value for name, value in globals().items() if name.startswith("check_") and name != "check_match"}
for name, group in GROUPS.items():
    if len(sys.argv) < 4 or sys.argv[3] == name:
        group()
finish()
