#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every error of usage and input: exit code 2, the message names option, value and way out."""
import os
import re

from harness import check, check_match, finish, function, path, run, write

FOLDER = function("fn", "#!/bin/true\n")
BROKEN = write("broken.json", '{"a": 1,\n "b": }')
EVENT = write("one.json", "{}")
DOTTED = write("my.orders.so", "")
HUGE = write("huge.json", b'"' + b"x" * 6291455 + b'"')
LONG = "BIG=" + "x" * 4096

# arguments after "invoke", what the message must have
ROWS = [
    ([], "FUNCTION is missing"),
    (["--memory"], "--memory needs a value: MB"),
    ([FOLDER, "--memory", "127"], "--memory: '127' is not a whole number of MB from 128 to 10240"),
    ([FOLDER, "--memory=1e3"], "--memory: '1e3'"),
    ([FOLDER, "--memory", "10241"], "from 128 to 10240"),
    ([FOLDER, "--timeout", "901"], "--timeout: '901' is not a number of seconds from 0.05 to 900"),
    ([FOLDER, "--timeout", "0"], "--timeout: '0'"),
    ([FOLDER, "--tmp", "100"], "--tmp: '100' is not a whole number of MB from 512 to 10240"),
    ([FOLDER, "--env", "NOVALUE"], "--env: 'NOVALUE' is not NAME=VALUE"),
    ([FOLDER, "--env", "1X=1"], "--env: '1X' is not the name of a variable"),
    ([FOLDER, "--env", "AWS_REGION=x"], "Reserved keys used in this request: AWS_REGION"),
    ([FOLDER, "--env", LONG], "exceeded the 4KB limit. String measured: "),
    ([FOLDER, "--env-file", "/nonexistent/env"], "--env-file: open '/nonexistent/env': No such file"),
    ([FOLDER, "--env-file", write("env", "AA=1\n\nbad\n")], "line 3: 'bad' is not NAME=VALUE"),
    ([FOLDER, "--layer", "/nonexistent/layer"], "--layer: layer '/nonexistent/layer': No such file"),
    ([FOLDER, "--layer", BROKEN], "is not a folder"),
    ([FOLDER] + [f"--layer={function(f'layer-{i}', '')}" for i in range(6)], "a function has at most 5 layers"),
    ([FOLDER, "--layer", FOLDER, "--layer", FOLDER], "are the same or overlap"),
    ([FOLDER, "--handler", ""], "--handler: '' is not a handler"),
    ([FOLDER, "--name", "a b"], "--name: 'a b' is not a function name"),
    ([FOLDER, "--profile", "nodejs"], "--profile: 'nodejs' is not a profile: al2023 or al2"),
    ([FOLDER, "--network", "bridge"], "--network: 'bridge' is not a network: host or none"),
    ([FOLDER, "--region", "Mars 1"], "--region: 'Mars 1' is not a region"),
    ([FOLDER, "--credentials", "/nonexistent/c"], "--credentials: neither none nor env, so a file: open '/nonexistent/c': No such file"),
    ([FOLDER, "--credentials", "env"], "--credentials: the environment has no AWS_ACCESS_KEY_ID"),
    ([FOLDER, "--log-format", "xml"], "--log-format: 'xml' is not a log format: text or json"),
    ([FOLDER, "--log-level", "loud"], "--log-level: 'loud' is not a log level: trace, debug, info, warn, error or fatal"),
    ([FOLDER, "--log-level", "warn"], "--log-level WARN needs --log-format json"),
    ([FOLDER, "--frobnicate"], "unknown option --frobnicate: 'clambda invoke --help' lists them"),
    ([FOLDER, "-x"], "unknown option -x"),
    ([FOLDER, "--verbose=1"], "--verbose takes no value"),
    ([FOLDER, FOLDER], "one FUNCTION is enough"),
    (["/nonexistent/fn"], "function '/nonexistent/fn': No such file or directory"),
    ([DOTTED], "'my.orders.so' has a dot in its name, and what follows a handler's dot is a symbol: rename the file"),
    ([BROKEN], "is neither a folder with a bootstrap nor a handler file (.so)"),
    ([FOLDER, "-e", "/nonexistent/e.json"], "open '/nonexistent/e.json': No such file"),
    ([FOLDER, "-e", FOLDER], "Is a directory"),
    ([FOLDER, "-e", BROKEN], "broken.json: line 2, column 7: "),
    ([FOLDER, "-e", EVENT, "--record", EVENT], "is an event: name another file in --record"),
    ([FOLDER, "-e", HUGE], "6291456 bytes"),
    ([FOLDER, "-e", "-", "-e", "-"], "only once"),
]


def check_rows():
    env = {name: "" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    for arguments, message in ROWS:
        done = run("invoke", *arguments, env=env)
        name = " ".join(arguments)[:60]
        check(f"exit code of: {name}", done.code, 2)
        check(f"stdout of: {name}", done.out, "")
        check(f"message of: {name}: {message}", message in done.err, True)
        check(f"one line: {name}", len(done.err.splitlines()), 1)


def check_top():
    check("no command", run().code, 2)
    done = run("frobnicate")
    check("unknown command", (done.code, done.out), (2, ""))
    check_match("unknown command is named", done.err, "'frobnicate' is not a command: 'clambda --help'")
    for arguments in (["--help"], ["-h"], ["--version"], ["invoke", "--help"], ["invoke", "-h"]):
        done = run(*arguments)
        check(f"{arguments} succeeds silently", (done.code, done.err), (0, ""))
        check(f"{arguments} prints", done.out != "", True)
    check_match("version", run("--version").out, r"^clambda [0-9]+\.[0-9]+\.[0-9]+\n$")


def check_width():
    """Helps fit on a terminal of 80 columns."""
    commands = re.findall(r"^  ([a-z]+) ", run("--help").out, re.M)
    check("there are commands", len(commands) > 4, True)
    sources = re.findall(r"^([a-z0-9-]+): ", run("event", "--help").out, re.M)
    check("and events", len(sources) > 2, True)
    for words in [[]] + [[c] for c in commands] + [["event", s] for s in sources]:
        done = run(*words, "--help")
        check(f"no line of {' '.join(words)} --help is too long",
              (done.code, [line for line in done.out.splitlines() if len(line) > 80]), (0, []))
        check(f"nor ends in a blank: {' '.join(words)}", [line for line in done.out.splitlines() if line.endswith(" ")], [])


def check_stdin():
    done = run("invoke", FOLDER, stdin=b'{"a":1}}')
    check("wrong standard input", done.code, 2)
    check_match("its place", done.err, "standard input: line 1, column 8: ")


def check_unwritable():
    with open("/dev/full", "w") as full:
        import subprocess
        from harness import CLAMBDA
        done = subprocess.run([CLAMBDA, "--help"], stdout=full, stderr=subprocess.PIPE)
    check("a full disk", done.returncode, 3)
    check("is told", b"write to stdout: No space left on device" in done.stderr, True)
    limited = ["sh", "-c", 'ulimit -f 1; exec "$@" > "$0"', path("large"), CLAMBDA, "event", "sqs", "records=100"]
    done = subprocess.run(limited, stderr=subprocess.PIPE)
    check("a limit of file sizes", done.returncode, 3)
    check("is told as well", b"write to stdout: File too large" in done.stderr, True)


def check_bootstrap():
    handler = write("orders.so", "")
    done = run("invoke", handler, env={"CLAMBDA_BOOTSTRAP": path("none")})
    check("a missing CLAMBDA_BOOTSTRAP", done.code, 2)
    check_match("is named", done.err, "CLAMBDA_BOOTSTRAP names '.*none', which is not a file")


os.chmod(f"{FOLDER}/bootstrap", 0o755)
check_rows()
check_top()
check_width()
check_stdin()
check_unwritable()
check_bootstrap()
finish()
