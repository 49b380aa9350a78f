# SPDX-License-Identifier: Apache-2.0
"""The layout of C and C++ files is what clang-format makes of them."""
import re
import shutil
import subprocess
import sys

import tree

SUFFIXES = (".c", ".h", ".cc", ".cpp", ".inc")
STYLE = """BasedOnStyle: LLVM
IndentWidth: 4
"""


def check(source):
    if not shutil.which("clang-format"):
        raise tree.Skip("clang-format is not installed (tests/deps installs it)")
    paths = source.files(*SUFFIXES)
    if not paths:
        return
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, paths)],
                          cwd=source.root, capture_output=True, text=True)
    seen = set()
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: (?:error|warning)", done.stderr, re.M):
        if path not in seen:
            seen.add(path)
            yield path, line, f"run clang-format -i {path}"
    if done.returncode and not seen:
        yield ".clang-format", 1, done.stderr.strip()[:300]


CLEAN = {".clang-format": STYLE, "a.c": "int a(void) { return 1; }\n"}
SEEDS = [
    ({"b.c": "int  b( void ) { return 1; }\n"}, "run clang-format -i b.c"),
    ({"b.h": "int b (void);\n"}, "run clang-format -i b.h"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
