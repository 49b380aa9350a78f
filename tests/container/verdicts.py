# SPDX-License-Identifier: Apache-2.0
"""What the tests of images tell, one line for each thing that was looked at."""
import os
import sys

MUST = os.environ.get("SANDBOX_MUST_WORK") == "1"
failures = []


def check(what, good, seen=""):
    print(f"{'ok' if good else 'not ok'} - {what}", flush=True)
    if not good:
        failures.append(what)
        print("".join(f"# {line}\n" for line in str(seen).splitlines()[-12:]), end="", flush=True)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if MUST else 77)
