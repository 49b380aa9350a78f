#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unit tests of a release build.

test_units.py BUILD ARCH"""
import os
import subprocess
import sys

import release

BUILD, ARCH = sys.argv[1:]


def main():
    release.need(BUILD, ARCH)
    folder = os.path.join(BUILD, "release", ARCH, "bin")
    words, failed = release.emulator(ARCH), 0
    tests = sorted(name for name in os.listdir(folder) if name.startswith("test_"))
    for name in tests:
        done = subprocess.run([*words, os.path.join(folder, name)], capture_output=True, text=True,
                              timeout=280)
        good = done.returncode == 0
        failed += not good
        print(f"{'ok' if good else 'not ok'} - {name}")
        if not good:
            print(f"# exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    print(f"1..{len(tests)}")
    return 1 if failed or len(tests) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
