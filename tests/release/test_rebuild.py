#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A copy of the source in another folder, built from nothing, gives the same bytes.

test_rebuild.py BUILD DEPS ARCH"""
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile

import release

BUILD, DEPS, ARCH = sys.argv[1:]
NEEDED = ("CMakeLists.txt", "runtime", "sandbox", "examples", "layers")


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=280)
    if done.returncode:
        print(f"FAILED: {' '.join(words[:4])}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        sys.exit(1)


def main():
    release.need(BUILD, ARCH)
    with tempfile.TemporaryDirectory(prefix="clambda-rebuild.") as folder:
        source, build = os.path.join(folder, "some where"), os.path.join(folder, "b")
        os.mkdir(source)
        for name in NEEDED:
            path = os.path.join(release.ROOT, name)
            (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, os.path.join(source, name))
        run("cmake", "-G", "Ninja", "-S", source, "-B", build, "-DSANDBOX=OFF", "-DTESTS=OFF",
            f"-DCMAKE_TOOLCHAIN_FILE={source}/layers/zig.cmake", f"-DCLAMBDA_TARGET={ARCH}",
            f"-DCLAMBDA_DEPS={DEPS}")
        run("cmake", "--build", build, "--target", "bootstrap", "gateway")
        for name, made in (("bootstrap", "bin"), ("gateway", "lib/clambda")):
            one, two = os.path.join(BUILD, "lib/clambda", ARCH, name), os.path.join(build, made, name)
            if not filecmp.cmp(one, two, shallow=False):
                print(f"FAILED: '{one}' is not what a second build makes; is it older than the source?")
                sys.exit(1)
            print(f"ok - {name} of {os.path.getsize(one)} bytes, twice the same")


if __name__ == "__main__":
    main()
