#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The doctor's verdict is what invoke does, on every host and for every user; it leaves nothing."""
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess

from harness import CLAMBDA, check, check_match, finish, function, path, run, write

RELAXABLE = ["memory", "cpu", "pids", "tmp", "seccomp", "freeze"]
REQUIRED = RELAXABLE + ["user", "root", "processes", "files", "rights"]
EXTRAS = ["network", "metadata", "sockets", "owners", "zips", "cache"]
MEMBERS = {"name": str, "limit": str, "holds": bool, "mechanism": (str, type(None)),
           "advice": (str, type(None)), "required": bool}
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-u", "XDG_CACHE_HOME",
          "-u", "XDG_RUNTIME_DIR", "HOME=/nonexistent"]
NO_NAMESPACES = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
KINDS = {
    "self": [],
    "nobody": NOBODY,
    "no user namespaces": ["unshare", "-U", "-r", "sh", "-c", NO_NAMESPACES, "sh"],
    "few files": ["sh", "-c", 'ulimit -n 256 && exec "$@"', "sh"],
}


def call(prefix, *arguments, **more):
    return subprocess.run([*prefix, CLAMBDA, *arguments], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **more)


def works(prefix):
    """Whether this kind of caller can be had here, and may read the program."""
    return subprocess.run([*prefix, CLAMBDA, "--version"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def check_form(kind, report):
    names = [row["name"] for row in report["limits"]]
    check(f"{kind}: the rows", names, REQUIRED + EXTRAS)
    for row in report["limits"]:
        name = row["name"]
        check(f"{kind}: {name}: members", {k: isinstance(row.get(k), t) for k, t in MEMBERS.items()},
              {k: True for k in MEMBERS})
        check(f"{kind}: {name}: required", row["required"], name in REQUIRED)
        check(f"{kind}: {name}: a way out, or a mechanism",
              bool(row["mechanism"] if row["holds"] else row["advice"]), True)
    check(f"{kind}: holds", report["holds"], all(r["holds"] for r in report["limits"] if r["required"]))


def missing_of(report):
    return [r["name"] for r in report["limits"] if r["required"] and not r["holds"]]


def check_verdict(kind, prefix, report, folder):
    """What the doctor says, and what invoke does without and with --relax."""
    command = ["invoke", folder, "-e", write("event.json", '{"do":"echo"}')]
    plain = call(prefix, *command)
    check(f"{kind}: invoke does as the doctor says", plain.returncode, 0 if report["holds"] else 3)
    missing = missing_of(report)
    if report["holds"]:
        return
    for name in missing:
        if name in RELAXABLE and set(missing) <= set(RELAXABLE):
            check(f"{kind}: invoke names {name}", name in plain.stderr, True)
    relaxed = call(prefix, *command, "--relax", ",".join(n for n in missing if n in RELAXABLE) or "cpu")
    possible = set(missing) <= set(RELAXABLE)
    check(f"{kind}: invoke --relax", relaxed.returncode, 0 if possible else 3)


def check_table(kind, prefix, report):
    done = call(prefix, "doctor")
    check(f"{kind}: the table's exit code", done.returncode, 0 if report["holds"] else 3)
    check(f"{kind}: nothing on stderr", done.stderr, "")
    check(f"{kind}: no colour in a pipe", "\033" in done.stdout, False)
    check(f"{kind}: 100 columns", max(map(len, done.stdout.splitlines())) <= 100, True)
    for row in report["limits"]:
        word = "yes" if row["holds"] else "no"
        check_match(f"{kind}: {row['name']} in the table", done.stdout, rf"(?m)^{row['name']} .* {word} ")


def check_kind(kind, prefix, folder):
    if not works(prefix):
        print(f"# {kind}: cannot be tried here")
        return None
    done = call(prefix, "doctor", "--json")
    report = json.loads(done.stdout)
    check(f"{kind}: exit code", done.returncode, 0 if report["holds"] else 3)
    check_form(kind, report)
    check_table(kind, prefix, report)
    check_verdict(kind, prefix, report, folder)
    return report


def on_terminal(**env):
    """What a terminal gets."""
    ours, theirs = os.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    child = subprocess.Popen([CLAMBDA, "doctor"], stdin=subprocess.DEVNULL, stdout=theirs,
                             env=dict(environment, TERM="xterm", **env))
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 4096):
            text += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    child.wait(timeout=60)
    return text.decode()


def check_colour():
    check("colour on a terminal", "\033[3" in on_terminal(), True)
    plain = on_terminal(NO_COLOR="1")
    check("NO_COLOR", ("\033" in plain, "memory" in plain), (False, True))
    hostile = on_terminal(XDG_CACHE_HOME="/\033]0;title\007", HOME="/\033[2J")
    check("names cannot drive it", "\033]" in hostile or "\033[2J" in hostile, False)


def left(pid):
    """Control groups and slots of a process that has ended."""
    groups = [g for depth in ("*", "*/*", "*/*/*", "*/*/*/*")
              for g in glob.glob(f"/sys/fs/cgroup/{depth}/clambda.*.{pid}")]
    return groups


def check_interrupt():
    """At any moment: 130, or it was done already; nothing stays."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for _ in range(4):
            child = subprocess.Popen([CLAMBDA, "doctor"], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
            try:
                child.wait(random.uniform(0.02, 0.15))
            except subprocess.TimeoutExpired:
                child.send_signal(number)
            _, err = child.communicate(timeout=60)
            # before the command takes signals, they end it as any other
            check(f"{number.name}: exit code {child.returncode}",
                  child.returncode in (0, 3, 130, -number), True)
            check(f"{number.name}: silent", err, b"")
            check(f"{number.name}: nothing is left", left(child.pid), [])


def installation():
    """A copy of the program and its parts, to be damaged."""
    top = os.path.dirname(os.path.dirname(os.path.realpath(CLAMBDA)))
    folder = path("installed")
    os.makedirs(f"{folder}/bin")
    shutil.copy(CLAMBDA, f"{folder}/bin/clambda")
    for part in ("lib/clambda", "share/clambda"):
        shutil.copytree(f"{top}/{part}", f"{folder}/{part}")
    return folder


def doctor_of(folder):
    done = subprocess.run([f"{folder}/bin/clambda", "doctor", "--json"], text=True, capture_output=True)
    return done, {r["name"]: r for r in json.loads(done.stdout)["limits"]} if done.stdout else {}


def check_damaged(holds):
    """What does not hold is seen, whatever the mechanism is called."""
    folder = installation()
    os.unlink(f"{folder}/lib/clambda/pack_unzip.so")
    done, found = doctor_of(folder)
    check("without the unpacker: exit code", done.returncode, 0 if holds else 3)
    check("without the unpacker: zips", found["zips"]["holds"], False)
    policy = f"{folder}/share/clambda/lambda.policy"
    with open(policy) as file:
        text = file.read()
    with open(policy, "w") as file:
        file.write(re.sub(r"(?m)^(personality \|[^|]*\|) errno EPERM", r"\1 allow", text))
    done, found = doctor_of(folder)
    if holds:
        check("a policy that lets through: exit code", done.returncode, 3)
        check("a policy that lets through: seccomp", found["seccomp"]["holds"], False)
        check_match("a policy that lets through: why", found["seccomp"]["advice"], "did not hold: .*allowed")
        check("a policy that lets through: memory", found["memory"]["holds"], True)
    os.unlink(f"{folder}/lib/clambda/examine")
    done, _ = doctor_of(folder)
    check("without its program", (done.returncode, done.stdout), (3, ""))
    check_match("without its program: the message", done.stderr, "examine' is missing: install it again")


def check_usage():
    for arguments, message in ((["x"], "'x' is too much: doctor takes no arguments"),
                               (["--josn"], "unknown option --josn"),
                               (["--json=1"], "--json takes no value")):
        done = run("doctor", *arguments)
        check(f"doctor {arguments[0]}", (done.code, done.out), (2, ""))
        check(f"doctor {arguments[0]}: the message", message in done.err, True)
    done = run("doctor", "--help")
    check("doctor --help", (done.code, done.err, "--json" in done.out), (0, "", True))
    with open("/dev/full", "w") as full:
        done = subprocess.run([CLAMBDA, "doctor", "--json"], stdout=full, stderr=subprocess.PIPE)
    check("a full disk", (done.returncode, b"write to stdout" in done.stderr), (3, True))


os.chmod(os.path.dirname(path("x")), 0o755)
fn = function("fn")
reports = {kind: check_kind(kind, prefix, fn) for kind, prefix in KINDS.items()}
if reports["no user namespaces"]:
    rows = {r["name"]: r for r in reports["no user namespaces"]["limits"]}
    check("the setting is named", "user.max_user_namespaces" in rows["user"]["advice"], True)
if reports["few files"] and reports["self"]["holds"]:
    rows = {r["name"]: r for r in reports["few files"]["limits"]}
    check("a lower limit holds", rows["files"]["holds"], True)
    check("and is told", "256" in rows["files"]["advice"], True)
check_colour()
check_interrupt()
check_damaged(reports["self"]["holds"])
check_usage()
if os.environ.get("SANDBOX_MUST_WORK") == "1" and os.geteuid() == 0 and not reports["self"]["holds"]:
    check("what does not hold here", missing_of(reports["self"]), [])
finish()
