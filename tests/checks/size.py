# SPDX-License-Identifier: Apache-2.0
"""Functions of at most 60 lines, files of at most 600, headers of at most 150.

The format check puts the braces of a function into column 0, so that a function is what stands
between them."""
import re
import sys

import tree

FUNCTION_MAX = 60
FILE_MAX = 600
HEADER_MAX = 150
SUFFIXES = (".c", ".h", ".cc", ".cpp", ".inc", ".py", ".sh", ".cmake")

# Longer for a reason; a line that is not needed any more is a finding too.
EXCEPTIONS = {
    "runtime/include/lambda.h": (HEADER_MAX, "what a handler author sees is one header"),
    "runtime/include/lambda/s3.h": (HEADER_MAX, "one event with all its members is one header"),
}
PYTHON_FUNCTION = re.compile(r"^( *)(?:async )?def (\w+)")
C_NAME = re.compile(r"(\w+)\s*\(")


def c_functions(lines):
    """(line of the opening brace, name, lines from brace to brace)"""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            head = " ".join(lines[max(0, start - 6):start - 1]).split(";")[-1].split("}")[-1]
            name = C_NAME.search(head)
            yield start, name[1] if name else "?", number - start + 1
            start = None


def python_functions(lines):
    for number, line in enumerate(lines, 1):
        match = PYTHON_FUNCTION.match(line)
        if not match:
            continue
        last = number
        for later, text in enumerate(lines[number:], number + 1):
            if text.strip() and len(text) - len(text.lstrip()) <= len(match[1]):
                if not text.lstrip().startswith(")"):
                    break
            if text.strip():
                last = later
        yield number, match[2], last - number + 1


def limit_of(path):
    """A test's header holds code, no interface."""
    return HEADER_MAX if path.suffix == ".h" and path.parts[0] != "tests" else FILE_MAX


def check_file(path, lines):
    length = len(lines) - 1
    limit = limit_of(path)
    excepted = str(path) in EXCEPTIONS
    if length > FILE_MAX or (length > limit and not excepted):
        yield path, length, f"{length} lines, at most {FILE_MAX if excepted else limit}"
    if excepted and length <= limit:
        yield path, 1, f"{length} lines: its exception in tests/checks/size.py is not needed"
    functions = python_functions if path.suffix == ".py" else c_functions
    for number, name, count in functions(lines):
        if count > FUNCTION_MAX:
            yield path, number, f"{name} has {count} lines, at most {FUNCTION_MAX}"


def check(source):
    for path in source.files(*SUFFIXES):
        yield from check_file(path, source.lines(path))


def c_function(lines):
    return "int f(void)\n{\n" + "    f();\n" * (lines - 2) + "}\n"


CLEAN = {"a.c": c_function(60), "b.h": "int b(void);\n" * 150, "c.c": "int c;\n" * 600,
         "d.py": "def f():\n" + "    f()\n" * 59}
SEEDS = [
    ({"e.c": c_function(61)}, "f has 61 lines"),
    ({"e.h": "int e(void);\n" * 151}, "151 lines, at most 150"),
    ({"e.c": "int e;\n" * 601}, "601 lines, at most 600"),
    ({"e.py": "def f():\n" + "    f()\n" * 60 + "\n\ndef g():\n    pass\n"}, "f has 61 lines"),
    ({"runtime/include/lambda.h": "int e;\n" * 601}, "601 lines, at most 600"),
    ({"runtime/include/lambda/s3.h": "int e;\n"}, "exception"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
