# SPDX-License-Identifier: Apache-2.0
"""clang-tidy finds nothing in runtime/ and sandbox/ (.clang-tidy says what it looks for)."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

import headers
import tree

CONFIG = pathlib.Path(__file__).resolve().parent.parent.parent / ".clang-tidy"
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*)$", re.M)


def look_at(source, path):
    done = subprocess.run(
        ["clang-tidy", "--quiet", f"--config-file={CONFIG}", str(source.root / path), "--",
         "-std=gnu11", "-D_GNU_SOURCE", '-DCLAMBDA_VERSION="0"', "-DCJSON_HIDE_SYMBOLS",
         *headers.include_options(source)], capture_output=True, text=True)
    found = FINDING.findall(done.stdout)
    if done.returncode and not found:
        found = [(str(path), 1, f"clang-tidy: {done.stderr.strip()[:200]}")]
    return [(os.path.relpath(name, source.root), line, text) for name, line, text in found]


def check(source):
    if not shutil.which("clang-tidy"):
        raise tree.Skip("clang-tidy is not installed (tests/deps installs it)")
    paths = [p for p in source.files(".c") if p.parts[0] in ("runtime", "sandbox")]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        seen = set()
        for found in pool.map(lambda path: look_at(source, path), paths):
            yield from (f for f in found if f not in seen)
            seen.update(found)


COMPLEX = "int f(int a, int b);\nint f(int a, int b)\n{\n" + "".join(
    f"    if (a == {i})\n        for (int i = 0; i < b; i++)\n            if (i == a)\n"
    f"                return {i};\n" for i in range(12)) + "    return 0;\n}\n"
CLEAN = {"runtime/base/a.c": "int a(void);\nint a(void)\n{\n    return 1;\n}\n"}
SEEDS = [
    ({"runtime/base/b.c": COMPLEX}, "cognitive complexity"),
    ({"runtime/base/b.c": "int b(int a);\nint b(int a)\n{\n    return a == a;\n}\n"},
     "both sides of operator"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
