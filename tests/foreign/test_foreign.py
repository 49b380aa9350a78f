#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a function of another language in the sandbox: test_foreign.py LANGUAGE CLAMBDA BUILD-FOLDER.

One environment serves all events of one command; failures, panics and exits look as on Lambda."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MUST = os.environ.get("SANDBOX_MUST_WORK") == "1"
failures = []


def skip(reason, must=MUST):
    print(reason)
    sys.exit(1 if must else 77)


def check(what, got, want):
    if got != want:
        failures.append(what)
        print(f"not ok - {what}\n# got      {got!r}\n# expected {want!r}")
    else:
        print(f"ok - {what}")


def run_tool(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        print(done.stdout[-2000:])
        sys.exit(f"{command[0]} failed: the function was not built")


def output_of(command):
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


def build_shell(target):
    if not shutil.which("curl"):
        skip("curl is not installed")
    shutil.copy(f"{HERE}/shell/bootstrap", target)


def build_go(target):
    if not shutil.which("go"):
        skip("go is not installed")
    env = dict(os.environ, CGO_ENABLED="0", GOTOOLCHAIN="local", GOFLAGS="-mod=readonly")
    run_tool(["go", "build", "-trimpath", "-ldflags=-s", "-tags", "lambda.norpc", "-o", target, "."],
             cwd=f"{HERE}/go", env=env)


def build_python(target):
    if not os.path.exists("/usr/bin/python3.11"):
        skip("/usr/bin/python3 is not 3.11: the client's wheel is for that one")
    folder = os.path.dirname(target)
    run_tool([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--root-user-action=ignore", "--upgrade", "--target", folder, "--only-binary=:all:",
              "--python-version=3.11", "awslambdaric==4.2.2"])
    shutil.copy(f"{HERE}/python/function.py", folder)
    shutil.copy(f"{HERE}/python/bootstrap", target)


def build_rust(target):
    version = re.search(r"cargo 1\.(\d+)", output_of(["cargo", "--version"]))
    if not version or int(version.group(1)) < 84:  # Debian's is older than the runtime accepts
        skip("cargo 1.84 or newer is not installed", must=False)
    work = os.path.join(os.path.dirname(os.path.dirname(target)), "rust-build")
    shutil.copytree(f"{HERE}/rust", f"{work}/src-tree", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("Cargo.lock", "target"))
    run_tool(["cargo", "build", "--release", "--quiet", "--target-dir", f"{work}/target"],
             cwd=f"{work}/src-tree")
    shutil.copy(f"{work}/target/release/bootstrap", target)


def invoke(clambda, function, *events, options=()):
    with tempfile.TemporaryDirectory() as folder:
        command = [clambda, "invoke", function, "--memory", "512", "--timeout", "60", "--name", "foreign",
                   "--handler", "function.handler", *options]
        for i, event in enumerate(events):
            path = f"{folder}/{i}.json"
            with open(path, "w") as file:
                json.dump(event, file, separators=(",", ":"))
            command += ["-e", path]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr


def expect_answer(event, seen):
    return {"event": event, "seen": seen, "function": "foreign", "hasId": True, "remaining": True}


def check_reuse(clambda, function, network):
    events = [{"n": 1}, {"text": "zwölf"}, {"n": 3}]
    code, lines, log = invoke(clambda, function, *events,
                              options=("--network", network))
    check(f"{network}: exit code", code, 0)
    want = [expect_answer(e, i + 1) for i, e in enumerate(events)]
    check(f"{network}: answers", [json.loads(line) for line in lines], want)
    check(f"{network}: one INIT_START", len(re.findall("^INIT_START ", log, re.M)), 1)
    check(f"{network}: three REPORT", len(re.findall("^REPORT RequestId: ", log, re.M)), 3)
    check(f"{network}: one Init Duration", len(re.findall("\tInit Duration: ", log)), 1)
    check(f"{network}: log lines", re.findall("^seen [0-9]$", log, re.M), ["seen 1", "seen 2", "seen 3"])
    if failures:
        print(log)


def check_failures(clambda, function, language):
    code, lines, log = invoke(clambda, function, {"do": "fail"}, {"n": 2})
    check("fail: exit code", code, 1)
    check("fail: message", "asked to fail" in json.loads(lines[0]).get("errorMessage", ""), True)
    check("fail: the process lives on", json.loads(lines[1])["seen"], 2)
    code, lines, log = invoke(clambda, function, {"do": "exit"}, {"n": 2})
    check("exit: exit code", code, 1)
    payload = json.loads(lines[0])
    check("exit: type", payload["errorType"], "Runtime.ExitError")
    check("exit: message", payload["errorMessage"].split("Error: ")[1], "Runtime exited with error: exit status 3")
    check("exit: a fresh process", json.loads(lines[1])["seen"], 1)
    if language != "shell":
        code, lines, log = invoke(clambda, function, {"do": "panic"}, {"n": 2})
        check("panic: exit code", code, 1)
        check("panic: named", "asked to panic" in lines[0] + log, True)


# What the package would fail by on Lambda: nothing, or these rules. Rust's is linked to this host's
# C library; Python's has modules for an interpreter that the host lends to the sandbox.
VERDICTS = {
    ("rust", "al2"): {"glibc-version"},
}


def check_package(clambda, function, language):
    """Says the same of the package as the runtime's authors do."""
    for profile in ("al2", "al2023"):
        done = subprocess.run([clambda, "check", function, "--profile", profile, "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        report = json.loads(done.stdout)
        want = VERDICTS.get((language, profile), set())
        errors = {f["rule"] for f in report["findings"] if f["severity"] == "error"}
        check(f"{profile}: what clambda check finds", (errors, done.returncode), (want, 1 if want else 0))


def check_packed(clambda, function):
    """The zip that clambda makes of it runs as the folder does."""
    target = f"{function}.zip"
    command = [clambda, "package", "--bootstrap", f"{function}/bootstrap", "-o", target]
    for name in sorted(os.listdir(function)):
        if name != "bootstrap":
            command += ["--file", f"{function}/{name}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    check(f"packed: exit code ({done.stderr.strip()})", done.returncode, 0)
    code, lines, log = invoke(clambda, target, {"n": 1})
    check("packed: answer", (code, [json.loads(line) for line in lines]), (0, [expect_answer({"n": 1}, 1)]))
    if failures:
        print(log)


def main():
    language, clambda, folder = sys.argv[1:]
    if os.geteuid() != 0:
        skip("the sandbox needs root")
    function = f"{folder}/{language}"
    os.makedirs(function, exist_ok=True)
    globals()[f"build_{language}"](f"{function}/bootstrap")
    os.chmod(f"{function}/bootstrap", 0o755)
    for network in ("host", "none"):
        check_reuse(clambda, function, network)
    check_failures(clambda, function, language)
    check_packed(clambda, function)
    check_package(clambda, function, language)
    sys.exit(1 if failures else 0)


main()
