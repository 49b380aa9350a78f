#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One environment for several events: kept memory and /tmp, frozen between them; answers, variables, log
formats, networks."""
import fcntl
import json
import os
import pty
import re
import subprocess

from harness import CLAMBDA, UUID, check, check_match, finish, function, invoke, is_full, need_sandbox, path, run, wait_until, write
from processes import stands_still

ZEROS = "0" * 64


def check_reuse():
    done = invoke(function("fn"), "count", "count", "count")
    seen = [json.loads(line) for line in done.lines]
    check("reuse: exit code", done.code, 0)
    check("memory is kept", [s["calls"] for s in seen], [1, 2, 3])
    check("/tmp is kept", [s["tmp"] for s in seen], [1, 2, 3])
    check("one INIT_START, one Init Duration, three REPORT",
          [len(done.log("INIT_START")), done.err.count("Init Duration"), len(done.log("REPORT"))], [1, 1, 3])
    ids = [line.split()[2] for line in done.log("START")]
    check("three request ids", len(set(ids)), 3)
    check("their form", [bool(re.fullmatch(UUID, i)) for i in ids], [True] * 3)
    check("a new environment starts anew", json.loads(invoke(function("fn"), "count").out)["tmp"], 1)


def check_frozen():
    """Nobody reads stderr behind the first START: the function's own line fills that pipe, and clambda stands
    still at END, between two events. A background process that counts every 10 ms must not go on then."""
    rows = [write(f"frozen-{i}.json", '{"do":"count 4000"}') for i in range(2)]
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    command = [CLAMBDA, "invoke", function("fn"), "--timeout", "20", "-e", rows[0], "-e", rows[1]]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    log = b""
    while not re.search(b"START RequestId: .*\n", log) and (chunk := os.read(reader, 4096)):
        log += chunk
    wait_until(lambda: is_full(reader))
    check("frozen: nothing makes a step for two seconds", stands_still(child.pid, 2), True)
    while chunk := os.read(reader, 4096):
        log += chunk
    seen = [json.loads(line) for line in child.stdout.read().splitlines()]
    check("frozen: exit code, and the second event", (child.wait(), [s["calls"] for s in seen]), (0, [1, 2]))
    result = invoke(function("fn"), "count", "sleep 300", "count", options=("--timeout", "10"))
    seen = [json.loads(line) for line in (result.lines[0], result.lines[2])]
    check("background processes run during events", seen[1]["ticks"] > seen[0]["ticks"], True)


def check_lines():
    done = run("invoke", function("fn"), stdin=b'{"x":1}')
    check("order of the lines", re.sub(UUID, "ID", re.sub(r"[0-9.]+ ms|[0-9]+ MB", "N", done.err)),
          f"INIT_START Runtime Version: provided:al2023.v0\tRuntime Version ARN: "
          f"arn:aws:lambda:us-east-1::runtime:{ZEROS}\n"
          "START RequestId: ID Version: $LATEST\nEND RequestId: ID\n"
          "REPORT RequestId: ID\tDuration: N\tBilled Duration: N\tMemory Size: N\tMax Memory Used: N\t"
          "Init Duration: N\t\n")
    report = done.log("REPORT")[0]
    numbers = {k: float(v) for k, v in re.findall(r"(Duration|Billed Duration|Init Duration): ([0-9.]+) ms", report)}
    check("billed", abs(numbers["Billed Duration"] - numbers["Duration"] - numbers["Init Duration"]) <= 1.01, True)


def check_answers():
    folder = function("fn")
    text = "{\n  \"a\": [1,\n 2]\n}\n"
    check("one answer is printed as it is", invoke(folder, "text").out, text)
    check("several on one line each", invoke(folder, "text", "text").out, '{"a":[1,2]}\n' * 2)
    check("a newline is added", run("invoke", folder, stdin=b'{"b": 2}').out, '{"b": 2}\n')
    check("empty input is {}", run("invoke", folder, stdin=b"").out, "{}\n")
    check("all run, one failed", (invoke(folder, "echo", "error", "echo").code), 1)


def check_variables():
    folder = function("fn")
    env = write("vars", "# shared\nSTAGE=file\nQUOTED='q'\n")
    done = invoke(folder, "env", options=("--env-file", env, "--env", "STAGE=own", "--name", "orders", "--handler",
                                          "o.main", "--region", "eu-west-1", "--network", "none"))
    raw = dict(item.split("=", 1) for item in json.loads(done.out))
    want = {"STAGE": "own", "QUOTED": "'q'", "AWS_LAMBDA_FUNCTION_NAME": "orders", "_HANDLER": "o.main",
            "AWS_REGION": "eu-west-1", "AWS_LAMBDA_RUNTIME_API": "169.254.100.1:9001", "AWS_ACCESS_KEY_ID": "test",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders", "TZ": ":UTC"}
    check("variables", {k: raw.get(k) for k in want}, want)
    check("no others", sorted(k for k in raw if k in ("HOME", "PWD", "SHLVL", "AWS_EXECUTION_ENV", "HOSTNAME")), [])
    done = invoke(folder, "env", options=("--credentials", "none", "--profile", "al2", "--network", "none"))
    check("al2 has its own address", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001" in json.loads(done.out), True)
    check("no credentials", [v for v in json.loads(done.out) if "ACCESS_KEY" in v], [])
    own = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    done = invoke(folder, "env", env=own)
    check("never the developer's own", "AKIDEXAMPLE" in done.out, False)
    done = invoke(folder, "env", options=("--credentials", "env"), env=own)
    check("unless asked for", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE" in json.loads(done.out), True)


def check_json():
    done = invoke(function("fn"), "echo", "exit 3", options=("--log-format", "json", "--name", "fn"))
    lines = [json.loads(line) for line in done.err.splitlines()]
    check("types", [line["type"] for line in lines],
          ["platform.initStart", "platform.start", "platform.report", "platform.start", "platform.runtimeDone",
           "platform.report"])
    check("statuses", [line["record"].get("status") for line in lines if line["type"] == "platform.report"],
          ["success", "error"])
    for options, level in (((), "INFO"), (("--log-level", "debug"), "DEBUG")):
        done = invoke(function("fn"), "env", options=("--log-format", "json", *options))
        seen = json.loads(done.out)
        check("format and level", ["AWS_LAMBDA_LOG_FORMAT=JSON" in seen, f"AWS_LAMBDA_LOG_LEVEL={level}" in seen],
              [True, True])
    check_match("time", lines[0]["time"], r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$")


def check_layers():
    layer = os.path.dirname(write("layer/lib/data.txt", "layer\n"))
    script = "#!/bin/sh\ncat /opt/data.txt\nexit 7\n"
    folder = function("script", script)
    done = invoke(folder, "echo", options=("--layer", layer))
    check("a layer's file is in /opt", done.log("layer"), ["layer"] * 2)
    os.makedirs(path("nothing"), exist_ok=True)
    done = invoke(path("nothing"), "echo", options=("--layer", function("runtime")))
    check("a layer's bootstrap", (done.code, done.out), (0, '{"do":"echo"}\n'))


def check_verbose():
    done = invoke(function("fn"), "echo", options=("--verbose",))
    check("no cold start in a pipe", "cold start" in done.err, False)
    check("no colour in a pipe", "\033" in done.err + done.out, False)
    check("a gap is told at most once", done.err.count("169.254.169.254") <= 1, True)
    done = invoke(function("fn"), "echo", options=("--verbose", "--network", "none"))
    check("no gap in a network of its own", "169.254.169.254" in done.err, False)
    if not os.path.ismount("/sys/fs/cgroup/unified"):
        return
    hidden = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified && exec "$@"', "sh", CLAMBDA, "invoke",
              function("fn")]
    for options, want in ((["--verbose"], 1), ([], 0), (["--verbose", "--network=none"], 0)):
        done = subprocess.run(hidden + options, input=b'{"do":"echo"}', capture_output=True, timeout=60, check=False)
        check("where no filter can be attached", (done.returncode, done.stderr.count(b"can reach 169.254.169.254")),
              (0, want))


def check_terminal():
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        master, slave = pty.openpty()
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        env.update({"TERM": "xterm"}, **extra)
        child = subprocess.Popen([CLAMBDA, "invoke", function("fn"), "--verbose"], stdin=slave, stdout=subprocess.PIPE, stderr=slave,
                                 env=env)
        out = child.communicate(timeout=60)[0]
        os.close(slave)
        err = b""
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            err += chunk
        os.close(master)
        check(f"a terminal {extra}: {{}} is taken", (child.returncode, out), (0, b"{}\n"))
        check(f"a terminal {extra}: it says so", b"taking {}" in err, True)
        check(f"a terminal {extra}: colour", b"\033[" in err, coloured)
        number = r"[0-9]+\.[0-9]{2} ms"
        check_match(f"a terminal {extra}: cold start", err.decode(),
                    f"cold start: jail {number}, exec {number}, init {number}, handler {number}")


need_sandbox()
for group in (check_reuse, check_frozen, check_lines, check_answers, check_variables, check_json, check_layers,
              check_verbose, check_terminal):
    group()
finish()
