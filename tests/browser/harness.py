# SPDX-License-Identifier: Apache-2.0
"""Checks, and the reports of a made-up replay (sample.c)."""
import os
import subprocess
import sys
import tempfile

SAMPLE = sys.argv[1]
failures = []
work = tempfile.TemporaryDirectory(prefix="clambda-report.")


def check(what, got, want=True):
    if got == want:
        print(f"ok - {what}")
    else:
        failures.append(what)
        print(f"not ok - {what}\n# got      {str(got)[:2000]}\n# expected {str(want)[:2000]}")


def reports(kind):
    """The folder with the reports of this kind of replay."""
    folder = os.path.join(work.name, kind)
    if not os.path.exists(folder):
        os.makedirs(folder)
        subprocess.run([SAMPLE, kind, folder], check=True, timeout=600)
    return folder


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if os.environ.get("SANDBOX_MUST_WORK") == "1" else 77)


def finish():
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)
