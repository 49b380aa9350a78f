# SPDX-License-Identifier: Apache-2.0
"""Shell and Python scripts: they parse, are executable, and stop at the first error."""
import ast
import os
import re
import shutil
import subprocess
import sys

import tree

SHELL = re.compile(r"^#! ?(/bin/sh|/bin/bash|/usr/bin/env (sh|bash))\b")
STRICT = re.compile(r"^set -(eu|e?uo pipefail|euo pipefail)", re.M)


def check_shell(source, path, text):
    interpreter = "bash" if "bash" in text.split("\n")[0] else "sh"
    done = subprocess.run([interpreter, "-n", str(source.root / path)], capture_output=True,
                          text=True)
    if done.returncode:
        yield path, 1, f"does not parse: {done.stderr.strip()[:200]}"
    if interpreter == "bash" and not STRICT.search(text) and path.name != "bootstrap":
        yield path, 1, "no 'set -euo pipefail'"
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", "-S", "warning", "-f", "gcc", path.name],
                              cwd=(source.root / path).parent, capture_output=True, text=True)
        for line, note in re.findall(r"^[^:\n]+:(\d+):\d+: (.*)", done.stdout, re.M):
            yield path, line, note


def check(source):
    for path in source.files():
        if path.suffix not in ("", ".sh", ".py"):
            continue
        text = source.text(path)
        shebang = text.startswith("#!")
        if shebang and path.suffix != ".py" and not os.access(source.root / path, os.X_OK):
            yield path, 1, "has an interpreter line but is not executable"
        if SHELL.match(text):
            yield from check_shell(source, path, text)
        elif path.suffix == ".py" or (shebang and "python" in text.split("\n")[0]):
            try:
                ast.parse(text)
            except SyntaxError as error:
                yield path, error.lineno, f"does not parse: {error.msg}"


CLEAN = {"a.py": "print(1)\n"}
SEEDS = [
    ({"b.py": "print(\n"}, "does not parse"),
    ({"b": "#!/bin/bash\nset -euo pipefail\nif true\n"}, "does not parse"),
    ({"b": "#!/bin/bash\ntrue\n"}, "no 'set -euo pipefail'"),
    ({"b": "#!/bin/sh\ntrue\n"}, "not executable"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
