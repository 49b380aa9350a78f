# SPDX-License-Identifier: Apache-2.0
"""Checks, and copies of templates that are broken in one place."""
import base64
import hashlib
import os
import re
import sys
import zipfile

from page import ROOT
from tools import dependencies

MUST = os.environ.get("SANDBOX_MUST_WORK") == "1"
failures = []


def check(what, good, seen=""):
    print(f"{'ok' if good else 'not ok'} - {what}", flush=True)
    if not good:
        failures.append(what)
        print("".join(f"# {line}\n" for line in str(seen).splitlines()[-15:]), end="", flush=True)
    return good


def check_equal(what, got, want):
    return check(what, got == want, f"got      {got!r}\nexpected {want!r}")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if MUST or failures else 77)


def finish():
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


def released(build, commands):
    """What layers/release makes, that the commands need and that is not there."""
    if "arm64" not in commands:
        return []
    wanted = [f"{build}/lib/clambda/arm64/bootstrap", f"{dependencies()}/arm64/bin/cc"]
    return [path for path in wanted if not os.path.exists(path)]


def broken(template, pattern, replacement):
    """A template's text, changed in one place."""
    with open(f"{ROOT}/examples/deploy/{template}") as file:
        text = file.read()
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
    if count != 1:
        raise ValueError(f"'{pattern}' is not in {template}")
    return changed


def sha256(path):
    """As AWS writes it."""
    with open(path, "rb") as file:
        return base64.b64encode(hashlib.sha256(file.read()).digest()).decode()


def check_package(what, package, handler, layered):
    """The zip has the handler that the template names, and the runtime where no layer has it."""
    with zipfile.ZipFile(package) as opened:
        names = opened.namelist()
    check_equal(f"{what}: what is in the zip", sorted(names), sorted([] if layered else ["bootstrap"]) + [f"{handler}.so"])
