#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command as ordinary users run it: nobody, a user with subordinate ids, one without. What is missing is named,
--relax of that runs the function, what holds really holds, nothing is left behind, kill -9 included.

The test runs itself again in a mount namespace with an /etc of its own, where the users are made: the machine
is not changed. test_user.py CLAMBDA HOSTILE SOURCE-FOLDER BUILD-FOLDER"""
import dataclasses
import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
import zipfile

from harness import HOSTILE, MUST, Result, check, check_match, finish, is_full, path, wait_until, work, write
from processes import stands_still

SOURCE, BUILD = sys.argv[3:5]
EXAMPLES = ("s3_put", "sqs_batch", "kinesis_records")
LIMITS = "memory,cpu,pids,tmp,seccomp,freeze"
WHO = """#!/bin/sh
cat /proc/self/status
echo "tmp $(stat -c %u:%a /tmp) task $(stat -c %u /var/task)"
grep -c : /proc/net/dev
exit 0
"""


@dataclasses.dataclass
class User:
    name: str
    home: bool  # one of its own, which nobody else may enter
    uid: int = 0

    def run(self, *arguments, stdin=b"", cwd="/", **more):
        done = subprocess.run(self.command(*arguments), input=stdin, capture_output=True, cwd=cwd,
                              env=self.environment(), timeout=180, **more)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))

    def command(self, *arguments):
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", CLAMBDA, *arguments]

    def environment(self):
        kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        return dict(kept, HOME=f"/home/{self.name}") if self.home else kept

    def invoke(self, folder, *deeds, more=()):
        command = ["invoke", "--relax", LIMITS, folder]
        for i, deed in enumerate(deeds):
            command += ["-e", write(f"event-{i}.json", json.dumps({"do": deed}, separators=(",", ":")))]
        return self.run(*command, *more)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if MUST else 77)


def enter():
    """Into a mount namespace where /etc and /home are folders of our own."""
    if os.geteuid() != 0:
        skip("becoming another user needs root")
    if os.environ.get("CLAMBDA_TEST_USERS") != "inside":
        again = ["unshare", "--mount", sys.executable, "-B", *sys.argv]
        sys.exit(subprocess.run(again, env=dict(os.environ, CLAMBDA_TEST_USERS="inside")).returncode)
    os.chmod(work.name, 0o755)
    subprocess.run(["cp", "-a", "/etc", path("etc")], check=True)
    os.mkdir(path("home"))
    for name in ("etc", "home"):
        subprocess.run(["mount", "--bind", path(name), f"/{name}"], check=True)


def make_user(name, ranges):
    subprocess.run(["useradd", "--create-home", "--user-group", "--key", "HOME_MODE=0700",
                    "--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0", "--shell", "/bin/sh", name], check=True)
    for file in ("/etc/subuid", "/etc/subgid"):
        with open(file, "w") as out:
            out.write(f"{name}:{ranges}:65536\n" if ranges else "")
    return User(name, True, pwd.getpwnam(name).pw_uid)


def users():
    yield User("nobody", False, pwd.getpwnam("nobody").pw_uid)
    yield make_user("clambda-own", 0)
    yield make_user("clambda-sub", 700000)


def install():
    """Where every user may read it; a checkout may lie in somebody's home."""
    subprocess.run(["cmake", "--install", BUILD, "--prefix", path("usr")], check=True, stdout=subprocess.DEVNULL)
    for name in EXAMPLES:
        shutil.copy(f"{BUILD}/examples/{name}.so", path(f"{name}.so"))
    return path("usr/bin/clambda")


def function_of(user, name, text=None, folder=None):
    folder = folder or path(name)
    os.makedirs(folder, exist_ok=True)
    if text:
        with open(f"{folder}/bootstrap", "w") as file:
            file.write(text)
    else:
        shutil.copy(HOSTILE, f"{folder}/bootstrap")
    os.chmod(f"{folder}/bootstrap", 0o755)
    os.chmod(folder, 0o755)
    for base in (folder, f"{folder}/bootstrap"):
        os.chown(base, user.uid, user.uid)
    return folder


def warnings(done):
    return [line for line in done.err.splitlines() if line.startswith("clambda: ")]


def event_of(name):
    with open(f"{SOURCE}/examples/{name}/event.json", "rb") as file:
        return file.read()


def expected_of(name):
    with open(f"{SOURCE}/examples/{name}/expected.json") as file:
        return file.read()


def check_plain(user):
    """Memory and CPU need a control group, which no user has by himself under v1; with v2 it may be delegated."""
    done = user.run("invoke", path("s3_put.so"), stdin=event_of("s3_put"))
    missing = [name for name in ("memory", "cpu") if re.search(rf"\b{name}\b", done.err)]
    if done.code == 0:
        print(f"# {user.name} has a delegated control group: everything holds")
        return []
    check(f"{user.name}: plain exit code", (done.code, done.out), (3, ""))
    check(f"{user.name}: names what is missing", missing, ["memory", "cpu"])
    check_match(f"{user.name}: names no more than that", done.err, r"^(?!.*\b(pids|tmp|seccomp)\b)")
    check_match(f"{user.name}: tells the way out", done.err, "--relax memory,cpu")
    check_match(f"{user.name}: tells how to have them", done.err, r"root|systemd-run")
    check(f"{user.name}: one line", done.err.count("\n"), 1)
    return missing


def check_relaxed(user, missing):
    for relaxed in (",".join(missing), "memory,cpu,pids,freeze", LIMITS):
        done = user.run("invoke", "--relax", relaxed, path("s3_put.so"), stdin=event_of("s3_put"))
        check(f"{user.name}: --relax {relaxed}", (done.code, done.out), (0, expected_of("s3_put")))
        check(f"{user.name}: a warning for each that is not enforced", len(warnings(done)), len(missing))
        for name in missing:
            check_match(f"{user.name}: warned of {name}", "\n".join(warnings(done)).lower(), name)
    for name in missing:
        other = ",".join(m for m in missing if m != name)
        done = user.run("invoke", "--relax", other, path("s3_put.so"), stdin=event_of("s3_put"))
        check(f"{user.name}: without {name} in --relax", done.code, 3)


def check_examples(user):
    for name in EXAMPLES:
        done = user.run("invoke", "--relax", LIMITS, path(f"{name}.so"), stdin=event_of(name))
        check(f"{user.name}: example {name}", (done.code, done.out), (0, expected_of(name)))
    done = user.run("replay", "--relax", LIMITS, path("sqs_batch.so"), "-", "--source", "sqs:report-failures,retries=2",
                    "--chaos", "1,duplicate,crash", "--rounds", "2", stdin=event_of("sqs_batch"))
    check(f"{user.name}: rules and faults", (done.code, "PASSED" in done.out), (0, True))


def check_places(user):
    """A zip, a folder in /tmp, one in a home that is closed to others, relative paths."""
    archive = path(f"{user.name}.zip")
    with zipfile.ZipFile(archive, "w") as out:
        out.write(HOSTILE, "bootstrap")
    os.chmod(archive, 0o644)
    for again in ("", " again"):
        done = user.invoke(archive, "echo")
        check(f"{user.name}: a zip{again}", (done.code, done.out), (0, '{"do":"echo"}\n'))
    check(f"{user.name}: a folder in /tmp", user.invoke(function_of(user, f"fn-{user.name}"), "echo").code, 0)
    if user.home:
        home = f"/home/{user.name}"
        function_of(user, "fn", folder=f"{home}/fn")
        shutil.copy(write("event-here.json", '{"do":"echo"}'), f"{home}/event.json")
        os.chown(f"{home}/event.json", user.uid, user.uid)
        check(f"{user.name}: its home", os.stat(home).st_mode & 0o777, 0o700)
        done = user.run("invoke", "--relax", LIMITS, "fn", "-e", "event.json", cwd=home)
        check(f"{user.name}: relative paths in a closed home", (done.code, done.out), (0, '{"do":"echo"}\n'))
        os.chmod(f"{home}/fn", 0o700)
        check(f"{user.name}: a closed folder", user.invoke(f"{home}/fn", "echo").code, 0)


def check_limits(user):
    folder = function_of(user, f"fn-{user.name}")
    large = ("--timeout", "120", "--memory", "1769")
    done = user.invoke(folder, "tmp 600", "tmp 500", more=large)
    check_match(f"{user.name}: /tmp ends at its quota", done.out, r'^{"written":5[01][0-9],"failed":"ENOSPC"}\n')
    check_match(f"{user.name}: 500 MB fit", done.out, r'\n{"written":500,"failed":""}\n$')
    done = user.invoke(folder, "fork 5000", "echo", more=large)
    check_match(f"{user.name}: processes end at 1024", done.out, r'^{"forked":(9[0-9][0-9]|10[0-2][0-9]),"again":true}')
    done = user.invoke(folder, "fork-bomb", "echo", more=("--timeout", "3"))
    check_match(f"{user.name}: a fork bomb ends", done.out, r"Sandbox.Timedout.*\n{\"do\":\"echo\"}\n$")
    done = user.invoke(folder, "count", "exit 3", "count")
    kept = [json.loads(line) for line in done.lines if "calls" in line]
    check(f"{user.name}: /tmp survives a reset", [k["tmp"] for k in kept], [1, 2])


def run_frozen(user, *deeds, meanwhile):
    """As cli_life does it: clambda stands still between two events, since nobody reads its lines. Gives its exit
    code, its answers, and what meanwhile(its process) has given."""
    command = user.command("invoke", "--relax", LIMITS, function_of(user, f"fn-{user.name}"), "--timeout", "20")
    for i, deed in enumerate(deeds):
        command += ["-e", write(f"frozen-{i}.json", json.dumps({"do": deed}, separators=(",", ":")))]
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer,
                             env=user.environment())
    os.close(writer)
    log = b""
    while not re.search(b"START RequestId: .*\n", log) and (chunk := os.read(reader, 4096)):
        log += chunk
    wait_until(lambda: is_full(reader))
    found = meanwhile(child)
    while os.read(reader, 4096):
        pass
    os.close(reader)
    seen = [json.loads(line) for line in child.stdout.read().splitlines()]
    return child.wait(), seen, found


def check_frozen(user):
    code, seen, still = run_frozen(user, "count 4000", "count 4000", meanwhile=lambda child: stands_still(child.pid, 2))
    check(f"{user.name}: frozen: nothing makes a step for two seconds", still, True)
    check(f"{user.name}: frozen: exit code, and the second event", (code, [s["calls"] for s in seen]), (0, [1, 2]))
    done = user.invoke(function_of(user, f"fn-{user.name}"), "count", "sleep 300", "count", more=("--timeout", "10"))
    seen = [json.loads(line) for line in (done.lines[0], done.lines[2])]
    check(f"{user.name}: background processes run during events", seen[1]["ticks"] > seen[0]["ticks"], True)


def check_inside(user):
    folder = function_of(user, f"who-{user.name}", WHO)
    for network, interfaces in (("none", "^1$"), ("host", "^[0-9]+$")):
        lines = user.invoke(folder, "", more=("--network", network)).err
        for pattern in (r"^Seccomp:\t2$", r"^NoNewPrivs:\t1$", r"^CapEff:\t0+$", r"^CapBnd:\t0+$",
                        r"^Uid:\t(?!0\b)[0-9]+\b", r"^tmp [0-9]+:1?7[0-7]*", interfaces):
            check_match(f"{user.name}: network {network}: {pattern}", lines, f"(?m){pattern}")


def check_awake(user):
    """Who wakes up by himself between two events does not live to see the next one."""
    code, seen, _ = run_frozen(user, "wake 4000", "echo", "count", meanwhile=lambda child: time.sleep(6))
    check(f"{user.name}: awake while frozen: exit code", code, 1)
    check(f"{user.name}: awake while frozen: the event after", seen[1].get("errorType"), "Runtime.ExitError")
    check(f"{user.name}: awake while frozen: the next environment", (seen[2]["calls"], seen[2]["tmp"]), (1, 2))


def processes_of(mark):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark.encode() in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def check_killed(user):
    folder = function_of(user, f"fn-{user.name}")
    mark = f"MARK={uuid.uuid4()}"
    event = write("sleep.json", '{"do":"sleep 60000"}')
    command = user.command("invoke", "--relax", LIMITS, "--timeout", "60", "--env", mark, folder, "-e", event)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env=user.environment())
    check(f"{user.name}: kill -9: it runs", wait_until(lambda: bool(processes_of(mark))), True)
    child.send_signal(signal.SIGKILL)
    child.wait()
    check(f"{user.name}: kill -9: the function is gone", wait_until(lambda: not processes_of(mark)), True)
    check(f"{user.name}: kill -9: the next run", user.invoke(folder, "echo").code, 0)


def files_of(user):
    """Files of the user's beside the cache in its home; folders may be kept for the next run."""
    found = set()
    for base in ("/tmp", "/var/tmp", "/run", "/dev/shm", "/var/lib", "/var/cache"):
        for entry in os.scandir(base):
            try:
                owner = entry.stat(follow_symlinks=False).st_uid
            except FileNotFoundError:
                continue  # another test's
            if owner != user.uid:
                continue
            if not entry.is_dir(follow_symlinks=False):
                found.add(entry.path)
                continue
            for folder, _, files in os.walk(entry.path):
                found.update(f"{folder}/{name}" for name in files)
    return found


def processes_of_user(user):
    """As long as they are no zombies of a parent that is somebody else's."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/status") as file:
                text = file.read()
        except OSError:
            continue
        if f"\nUid:\t{user.uid}\t" in text and "\nState:\tZ" not in text:
            found.append(pid)
    return found


def check_left(user, mounts, files):
    with open("/proc/self/mountinfo") as file:
        check(f"{user.name}: no mount is left", [line for line in file if line not in mounts], [])
    if user.home:
        check(f"{user.name}: no process is left", wait_until(lambda: not processes_of_user(user)), True)
    check(f"{user.name}: no file is left", sorted(files_of(user) - files), [])


def main():
    for user in users():
        with open("/proc/self/mountinfo") as file:
            mounts = file.readlines()
        files = files_of(user)
        missing = check_plain(user)
        check_relaxed(user, missing)
        for part in (check_examples, check_places, check_limits, check_frozen, check_awake, check_inside, check_killed):
            part(user)
        check_left(user, mounts, files)
    finish()


enter()
CLAMBDA = install()
main()
