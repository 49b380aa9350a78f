# SPDX-License-Identifier: Apache-2.0
"""What bootstrap exports is what exports.txt lists; handler modules export their module objects only."""
import re
import subprocess
import sys

import tree

LIST = "tests/checks/exports.txt"


def exported(path):
    """{name: nm's letter} of the dynamic symbols that a file defines; what it has copied from a
    library (name@VERSION) is the library's."""
    done = subprocess.run(["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True)
    if done.returncode:
        raise tree.Skip(f"nm cannot read {path}: {done.stderr.strip()}")
    return {name: kind for kind, name in re.findall(r"^\S+ (\w) ([^\s@]+)$", done.stdout, re.M)}


def compare(listed, found):
    for name in sorted(found - listed):
        yield LIST, 1, f"bootstrap exports {name}, which is not listed"
    for name in sorted(listed - found):
        yield LIST, 1, f"bootstrap does not export {name}"


def check_bootstrap(source):
    text = source.text(LIST)
    listed = {line.strip() for line in text.split("\n")
              if line.strip() and not line.startswith("#")}
    binary = source.build / "bin" / "bootstrap"
    if not binary.exists():
        yield binary, 0, "is not built"
        return
    yield from compare(listed, set(exported(binary)))


def judge_module(path, symbols):
    """A module object is data; its type's fields and handlers stay inside."""
    objects = [name for name, kind in symbols.items() if kind in "RDB"]
    if not objects:
        yield path, 0, "exports no module object"
    for name, kind in symbols.items():
        if kind in "TW":
            yield path, 0, f"exports the function {name}"
        elif not (name == "lambda_module" or kind == "R" or kind == "D"):
            yield path, 0, f"exports {name} ({kind})"


def check(source):
    if source.build is None:
        wanted = {"lambda_a"}
        yield from compare(wanted, set(source.text("found").split()))
        yield from judge_module("m.so", dict(x.split("=") for x in source.text("module").split()))
        return
    yield from check_bootstrap(source)
    for path in sorted((source.build / "examples").glob("*.so")):
        yield from judge_module(path, exported(path))


CLEAN = {"found": "lambda_a", "module": "lambda_module=R"}
SEEDS = [
    ({"found": "lambda_a lambda_b"}, "exports lambda_b, which is not listed"),
    ({"found": ""}, "does not export lambda_a"),
    ({"module": "helper=T lambda_module=D"}, "exports the function helper"),
    ({"module": ""}, "exports no module object"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
