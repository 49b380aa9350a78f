#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests of the jail once more, as an ordinary user: as_user.py FILE... -- TEST-PROGRAM...

Files and programs are copied to where everybody may read them: a checkout may lie in somebody's home."""
import os
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(1 if os.environ.get("SANDBOX_MUST_WORK") == "1" else SKIPPED)


def run(folder, name):
    environment = {"PATH": os.environ["PATH"], "JAIL_TEST_FILES": folder, "HOME": "/nonexistent"}
    if "SANDBOX_MUST_WORK" in os.environ:
        environment["SANDBOX_MUST_WORK"] = os.environ["SANDBOX_MUST_WORK"]
    done = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                           f"{folder}/{name}"], env=environment, cwd="/", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace")
    print(f"== {name}: exit {done.returncode}\n{done.stdout}", flush=True)
    return done.returncode


def main():
    if os.geteuid() != 0:
        skip("becoming another user needs root; run the tests of the jail themselves")
    split = sys.argv.index("--")
    programs = [os.path.basename(path) for path in sys.argv[split + 1:]]
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="clambda-user-") as folder:
        os.chmod(folder, 0o755)
        for path in sys.argv[1:split] + sys.argv[split + 1:]:
            shutil.copy(path, folder)
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            os.chmod(f"{folder}/{os.path.basename(path)}", mode)
        codes = [run(folder, name) for name in programs]
    sys.exit(1 if any(code not in (0, SKIPPED) for code in codes) else max(codes))


if __name__ == "__main__":
    main()
