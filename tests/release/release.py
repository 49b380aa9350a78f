# SPDX-License-Identifier: Apache-2.0
"""What the tests of release builds share: where layers/release has put them, and how they run."""
import os
import platform
import shutil
import sys

ARCHES = {"x86_64": ("x86_64", "X86-64"), "arm64": ("aarch64", "AArch64")}  # of uname, of readelf
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77


def skip(reason):
    if os.environ.get("SANDBOX_MUST_WORK") == "1":
        print("FAILED: " + reason)
        sys.exit(1)
    print("SKIP " + reason)
    sys.exit(SKIPPED)


def need(build, *arches):
    """Ends the test when there is no release build of the source that could be looked at."""
    for arch in arches:
        for name in (f"lib/clambda/{arch}/bootstrap", f"lib/clambda/{arch}/gateway",
                     f"release/{arch}/bin/test_text", f"release/{arch}/integration/echo.so"):
            if not os.path.exists(os.path.join(build, name)):
                skip(f"'{build}/{name}' is not there: run layers/release --tests -B {build}")


def emulator(arch):
    """What runs a program of the architecture here: nothing, or the words in front of it."""
    machine = ARCHES[arch][0]
    if platform.machine() == machine:
        return []
    program, libraries = f"qemu-{machine}-static", f"/usr/{machine}-linux-gnu"
    if not shutil.which(program) or not os.path.isdir(libraries):
        skip(f"'{program}' or '{libraries}' is missing: run tests/deps")
    return [program, "-L", libraries]


def runnable(build, arch, folder):
    """The bootstrap as one program; no gateway lies beside it."""
    path = os.path.join(build, "release", arch, "bin", "bootstrap")
    words = emulator(arch)
    if not words:
        return path
    script = os.path.join(folder, "bootstrap")
    with open(script, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexec %s '%s' \"$@\"\n" % (" ".join(words), path))
    os.chmod(script, 0o755)
    return script
