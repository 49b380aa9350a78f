#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A group of the integration suite with the release bootstrap.

test_integration.py BUILD ARCH GROUP"""
import os
import subprocess
import sys
import tempfile

import release

BUILD, ARCH, GROUP = sys.argv[1:]
SUITE = os.path.join(release.ROOT, "tests", "integration", "test_runtime.py")
# What an emulator of one process does not have. The process that crashed executes its own image, which
# is the emulator's program there: it ends by the signal, behind the report that the other tests read.
EMULATED = {
    "shutdown": (),
    "snapshot": ("crash_in_a_copy",),
    "events": ("memory_is_given_back",),  # the emulator's own memory counts
    "modules": ("no_room", "cpp"),        # its memory is not the limit's; recovery
    "answers": ("without_memory",),       # the emulator has none left either
    "stream": (),
    "log": ("framed_behind_a_crash",),
}


def main():
    release.need(BUILD, ARCH)
    emulated = bool(release.emulator(ARCH))
    if emulated and GROUP not in EMULATED:
        print(f"'{GROUP}' is not for an emulator")
        return 2
    words = [f"--without={name}" for name in (EMULATED[GROUP] if emulated else ())]
    with tempfile.TemporaryDirectory(prefix="clambda-release.") as folder:
        return subprocess.run([
            sys.executable, "-B", SUITE, "--bootstrap", release.runnable(BUILD, ARCH, folder), "--handlers",
            os.path.join(BUILD, "release", ARCH, "integration"), "--group", GROUP, *words]).returncode


if __name__ == "__main__":
    sys.exit(main())
