#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A copy of the source in another folder, built from nothing, gives the same bytes; how layers/release goes about
it.

test_rebuild.py BUILD DEPS ARCH"""
import fcntl
import filecmp
import os
import shutil
import signal
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


def script(build, deps):
    return subprocess.Popen([os.path.join(release.ROOT, "layers/release"), "-B", build, ARCH], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                            env={**os.environ, "CLAMBDA_DEPS": deps})


def test_script():
    """It refuses what its tools do not take, and waits for another one in the same folder."""
    with tempfile.TemporaryDirectory(prefix="clambda-release.") as folder:
        process = script(folder, os.path.join(folder, "some where"))
        said = process.communicate(timeout=280)[0]
        if process.returncode != 1 or "has white space" not in said:
            print(f"FAILED: a cache with white space in its name: {process.returncode}, {said}")
            sys.exit(1)
        with open(os.path.join(folder, "release/lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with script(folder, DEPS) as process:
                lines = iter(process.stdout.readline, "")
                waits = any("waits for another build" in line for line in lines)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if not waits:
            print("FAILED: two builds in one folder at a time")
            sys.exit(1)
        print("ok - layers/release")


def main():
    release.need(BUILD, ARCH)
    test_script()
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
