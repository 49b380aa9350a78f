#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image of the Dockerfile, and `clambda` in it on hosts that grant less and less: what is missing is named
(exit 3), --relax of exactly that runs the function, what holds really holds, nothing is left behind.

    test_container.py HOSTILE [--root FOLDER] [--only WORDS]

With --root, that folder is taken for the image's root and nothing is built."""
import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

import engine
import image
from verdicts import check, failures, skip
from variants import FIRST_ID, VARIANTS

TOOLS = ("buildah", "mmdebstrap", "runc", "capsh")
LIMITS = ("memory", "cpu", "pids", "tmp", "seccomp", "freeze")
EVENT = f"{image.ROOT}/examples/s3_put/event.json"
EXPECTED = f"{image.ROOT}/examples/s3_put/expected.json"
KEPT = re.compile(r"var/cache/clambda(/.*)?|run/clambda(/slot\.[0-9]+)?|tmp/clambda-[0-9]+|"
                  r"root/\.cache(/clambda(/.*)?)?|r(/.*)?|work(/.*)?")
# deed, options, what the answer is when the limit holds
DEEDS = {
    "memory": ("allocate 256", ("--timeout", "60"), r"Runtime\.OutOfMemory"),
    "pids": ("fork 5000", ("--timeout", "60", "--memory", "1769"), r'"forked":(9[0-9][0-9]|10[0-2][0-9]),"again":true'),
    "tmp": ("tmp 600", ("--timeout", "60", "--memory", "1769"), r'"written":5[01][0-9],"failed":"ENOSPC"'),
}


def shift(folder, count):
    """Gives every file to the ids of a user namespace, setuid bits kept."""
    for base, folders, files in os.walk(folder):
        for name in [".", *files, *(f for f in folders if os.path.islink(f"{base}/{f}"))]:
            path = os.path.join(base, name)
            seen = os.lstat(path)
            if seen.st_uid < FIRST_ID:
                os.lchown(path, FIRST_ID + min(seen.st_uid, count - 1), FIRST_ID + min(seen.st_gid, count - 1))
                if stat.S_ISREG(seen.st_mode):
                    os.chmod(path, stat.S_IMODE(seen.st_mode))


class Host:
    """One variant's container, made anew for each command over the same layers."""

    def __init__(self, variant, lower, work):
        self.variant, self.folder = variant, tempfile.mkdtemp(dir=work)
        self.upper, self.merged = f"{self.folder}/upper", f"{self.folder}/merged"
        for name in (self.upper, self.merged, f"{self.folder}/work"):
            os.mkdir(name)
        os.chmod(self.folder, 0o755)
        if variant.shifted:
            os.chown(self.upper, FIRST_ID, FIRST_ID)
        layers = f"lowerdir={lower},upperdir={self.upper},workdir={self.folder}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.merged], check=True)
        os.makedirs(f"{self.merged}/work/hostile", exist_ok=True)
        shutil.copy(options.hostile, f"{self.merged}/work/hostile/bootstrap")

    def close(self):
        subprocess.run(["umount", self.merged], check=True)

    def run(self, *words, stdin=b""):
        made = engine.config(self.merged)
        for change in self.variant.changes:
            change(made)
        if self.variant.before:
            words = ("/bin/sh", "-c", self.variant.before + 'exec "$@"', "sh", *words)
        return engine.run(made, words, stdin)

    def invoke(self, *more, event=None, function="s3_put.so"):
        with open(EVENT, "rb") as file:
            return self.run("clambda", "invoke", function, *more, stdin=event or file.read())

    def left(self):
        """What clambda has written, beside its cache."""
        found = set()
        for base, folders, files in os.walk(self.upper):
            for name in files + folders:
                path = os.path.relpath(os.path.join(base, name), self.upper)
                if re.search("clambda", path) and not KEPT.fullmatch(path):
                    found.add(path)
        return found


def words(text):
    return [word for word in re.split("[ ,]", text) if word]


def answer():
    with open(EXPECTED) as file:
        return file.read()


def check_plain(name, variant, host):
    done = host.invoke()
    code = 3 if variant.missing or variant.never else 0
    check(f"{name}: plain exit code {code}", done.code == code, f"{done.code}\n{done.err}")
    if code == 0:
        check(f"{name}: answer", done.out == answer(), done.out + done.err)
        check(f"{name}: no warning", "not enforced" not in done.err and "warning" not in done.err, done.err)
        return
    check(f"{name}: nothing on stdout", done.out == "", done.out)
    check(f"{name}: one line", done.err.count("\n") == 1, done.err)
    for limit in words(variant.missing):
        check(f"{name}: names {limit}", re.search(rf"\b{limit}\b", done.err), done.err)
    if variant.missing:
        check(f"{name}: tells the way out", "--relax" in done.err, done.err)


def check_relaxed(name, variant, host):
    done = host.invoke("--relax", variant.missing or ",".join(LIMITS))
    if variant.never:
        check(f"{name}: not even relaxed", done.code == 3 and done.out == "", f"{done.code}\n{done.out}{done.err}")
        check(f"{name}: says '{variant.never}'", re.search(variant.never, done.err), done.err)
        return
    check(f"{name}: relaxed", (done.code, done.out) == (0, answer()), f"{done.code}\n{done.out}{done.err}")
    lines = [line for line in done.err.splitlines() if line.startswith("clambda: ")]
    missing = words(variant.missing)
    check(f"{name}: {len(missing)} warnings", len(lines) == len(missing), done.err)
    done = host.invoke("--relax", ",".join(LIMITS))
    lines = [line for line in done.err.splitlines() if line.startswith("clambda: ")]
    check(f"{name}: what holds is not warned of", (done.code, len(lines)) == (0, len(missing)), done.err)
    for first in missing[:1] if len(missing) > 1 else []:
        check(f"{name}: {first} alone is not enough", host.invoke("--relax", first).code == 3)


def check_holds(name, variant, host):
    for limit in words(variant.holds):
        deed, more, pattern = DEEDS[limit]
        relax = ("--relax", variant.missing) if variant.missing else ()
        done = host.invoke(*relax, *more, function="hostile", event=f'{{"do":"{deed}"}}'.encode())
        check(f"{name}: {limit} holds", re.search(pattern, done.out), f"{done.code}\n{done.out}{done.err}")


def check_doctor(name, variant, host):
    code = 3 if variant.missing or variant.never else 0
    done = host.run("clambda", "doctor")
    check(f"{name}: doctor's exit code {code}", done.code == code, f"{done.code}\n{done.out}{done.err}")
    done = host.run("clambda", "doctor", "--json")
    try:
        seen = json.loads(done.out)
    except ValueError:
        check(f"{name}: doctor's JSON", False, done.out + done.err)
        return
    missing = [row["name"] for row in seen["limits"] if row["name"] in LIMITS and not row["holds"]]
    if variant.never:
        pattern = variant.doctor or variant.never
        check(f"{name}: doctor says '{pattern}'", re.search(pattern, done.out), done.out)
    else:
        check(f"{name}: doctor misses {variant.missing or 'nothing'}", set(missing) == set(words(variant.missing)), done.out)
    advised = all(row["advice"] for row in seen["limits"] if not row["holds"])
    check(f"{name}: every miss has its advice", advised, done.out)


def check_variant(variant, lower, work):
    name, start = variant.name, time.monotonic()
    host = Host(variant, lower, work)
    try:
        check_plain(name, variant, host)
        check_relaxed(name, variant, host)
        check_holds(name, variant, host)
        check_doctor(name, variant, host)
        check(f"{name}: nothing is left behind", not host.left(), "\n".join(sorted(host.left())))
    finally:
        host.close()
        print(f"# {name}: {time.monotonic() - start:.1f} s", flush=True)


def shifted_copy(lower, work):
    copy = f"{work}/shifted"
    subprocess.run(["cp", "-a", "--reflink=auto", lower, copy], check=True)
    shift(copy, 65536)
    return copy


def image_root(work):
    if options.root:
        return options.root
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or not os.path.exists(engine.PROFILE):
        skip(f"not installed (tests/deps installs it): {' '.join(missing) or engine.PROFILE}")
    if os.geteuid() != 0:
        skip("containers are made as root here")
    store = image.Store()
    try:
        name = image.build(store)
        said = image.settings(store, name)
        check("image: entry point and folder",
              (said["Entrypoint"], said["WorkingDir"]) == (["/usr/local/bin/clambda"], "/work"), said)
        image.unpack(store, name, f"{work}/image")
    except image.Missing as missing:
        skip(str(missing))
    finally:
        store.close()
    return f"{work}/image"


def main():
    chosen = [v for v in VARIANTS if re.search(options.only, v.name)]
    with tempfile.TemporaryDirectory(prefix="clambda-container.") as work:
        lower = image_root(work)
        os.chmod(work, 0o755)
        shifted = shifted_copy(lower, work) if any(v.shifted for v in chosen) else None
        for variant in chosen:
            check_variant(variant, shifted if variant.shifted else lower, work)
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


parser = argparse.ArgumentParser()
parser.add_argument("hostile")
parser.add_argument("--root")
parser.add_argument("--only", default="")
options = parser.parse_args()
main()
