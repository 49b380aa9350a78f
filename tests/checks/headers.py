# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone: public ones as C99, C11 and C++11, the others as the C of the project.
Every source includes its own header first."""
import concurrent.futures
import re
import shutil
import subprocess
import sys

import tree

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
PUBLIC = [("c", "c99"), ("c", "c11"), ("c++", "c++11"), ("c++", "c++20")]
INTERNAL = [("c", "gnu11")]
COMPILERS = {"c": ("gcc", "clang"), "c++": ("g++", "clang++")}
OWN_INCLUDE = re.compile(r'^#include\s*["<]([^">]+)[">]', re.M)


def include_options(source):
    options = []
    for folder in ("runtime/include", "runtime", "sandbox", "tests/unit"):
        options += ["-I", str(source.root / folder)]
    if source.deps:
        options += ["-isystem", str(source.deps / "include"), "-isystem", str(source.deps / "src")]
    return options


def compile_alone(source, path, language, standard, compiler):
    """The compiler's first complaint, or None."""
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, *include_options(source)]
    if standard.startswith("gnu"):
        command += ["-D_GNU_SOURCE", '-DCLAMBDA_VERSION="0"']
    program = f'#include "{source.root / path}"\n'
    done = subprocess.run([*command, "-"], input=program, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    first = next((x for x in done.stderr.split("\n") if "error" in x), done.stderr[:200])
    return f"does not compile alone ({compiler} -std={standard}): {first}"


def jobs(source):
    for path in source.files(".h"):
        top = str(path).split("/")[0]
        if top not in ("runtime", "sandbox") and not str(path).startswith("tests/unit/"):
            continue
        public = str(path).startswith("runtime/include/")
        for language, standard in PUBLIC if public else INTERNAL:
            for compiler in COMPILERS[language]:
                if shutil.which(compiler):
                    yield source, path, language, standard, compiler


def check_own_first(source):
    for path in source.files(".c"):
        if str(path).split("/")[0] not in ("runtime", "sandbox"):
            continue
        if not (source.root / path).with_suffix(".h").exists():
            continue
        first = OWN_INCLUDE.search(source.text(path))
        own = f"{path.parent.name}/{path.stem}.h"
        if not first or first[1] != own:
            yield path, 1, f'the first include is not its own header "{own}"'


def check(source):
    work = list(jobs(source))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for job, text in zip(work, pool.map(lambda job: compile_alone(*job), work)):
            if text:
                yield job[1], 1, text
    yield from check_own_first(source)


CLEAN = {
    "runtime/include/lambda.h": "#pragma once\n#include <stddef.h>\nsize_t lambda_x(void);\n",
    "runtime/base/a.h": "#pragma once\nint a(void);\n",
    "runtime/base/a.c": '#include "base/a.h"\n#include <stdio.h>\n',
}
SEEDS = [
    ({"runtime/base/b.h": "#pragma once\nsize_t b(void);\n"}, "does not compile alone"),
    ({"runtime/include/x.h": "#pragma once\nint lambda_new(int class);\n"}, "-std=c++11"),
    ({"runtime/include/x.h": "#pragma once\nclass C;\n"}, "-std=c99"),
    ({"runtime/base/a.c": '#include <stdio.h>\n#include "base/a.h"\n'}, "not its own header"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
