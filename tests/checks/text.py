# SPDX-License-Identifier: Apache-2.0
"""The licence line of each source, block comments only, nothing left undone, no stray white space."""
import re
import sys

import tree

LICENCE = "SPDX-License-Identifier: Apache-2.0"
C_SUFFIXES = (".c", ".h", ".cc", ".cpp", ".inc")
SOURCE_SUFFIXES = C_SUFFIXES + (".py", ".sh", ".cmake", ".rs", ".go", ".policy", ".toml", ".1",
                                ".in")
SOURCE_NAMES = ("CMakeLists.txt", "Dockerfile")
LEFT = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
TOKENS = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(//[^\n]*)', re.S)


def is_source(source, path):
    if path.name.endswith(SOURCE_SUFFIXES) or path.name in SOURCE_NAMES:
        return True
    return path.suffix == "" and source.text(path).startswith("#!")


def check_line_comments(path, text):
    for match in TOKENS.finditer(text):
        if match[1] is not None:
            yield path, text.count("\n", 0, match.start()) + 1, "comment is not in /* */"


def check(source):
    for path in source.files():
        if not is_source(source, path):
            continue
        text = source.text(path)
        lines = text.split("\n")
        if not any(LICENCE in line for line in lines[:2]):
            yield path, 1, f"no {LICENCE} in its first lines"
        if path.name.endswith(C_SUFFIXES):
            yield from check_line_comments(path, text)
        for number, line in enumerate(lines, 1):
            if LEFT.search(line):
                yield path, number, "something is left to be done"
            if line != line.rstrip() and not path.name.endswith(".1"):
                yield path, number, "white space at the end of the line"
        if text and not text.endswith("\n"):
            yield path, len(lines), "no line break at the end of the file"


SPDX_C = f"/* {LICENCE} */\n"
CLEAN = {
    "a.c": SPDX_C + 'const char *a = "http://x"; /* http://y */\n',
    "run": f"#!/bin/sh\n# {LICENCE}\n",
}
SEEDS = [
    ({"b.c": "int b;\n"}, "no SPDX"),
    ({"go": "#!/bin/sh\necho\n"}, "no SPDX"),
    ({"b.c": SPDX_C + "int b; // b\n"}, "comment is not in"),
    ({"b.c": SPDX_C + "/* TO" + "DO: more */\n"}, "left to be done"),
    ({"b.c": SPDX_C + "int b; \n"}, "white space"),
    ({"b.c": SPDX_C + "int b;"}, "no line break"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
