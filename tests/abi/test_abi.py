# SPDX-License-Identifier: Apache-2.0
"""Modules that were compiled with released headers run on today's bootstrap.

test_abi.py BOOTSTRAP ROOT. A release is a folder beside this file: its headers and list of exports, a
handler that uses all of them, cases with its answers, and what of the headers a compiled module holds.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from runtime_api import Reply, Runner  # noqa: E402

COMPILERS = {"c": ["cc", "-x", "c", "-std=c99"], "plus": ["c++", "-x", "c++", "-std=c++11"]}
HEADERS = [("Lambda-Runtime-Invoked-Function-Arn", "arn:x"), ("Lambda-Runtime-Trace-Id", "Root=1"),
           ("Lambda-Runtime-Client-Context", '{"custom":1}'),
           ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"c"}')]


def compile_file(command, source, headers, out):
    subprocess.run([*command, "-Wall", "-Wextra", "-Werror", "-I", headers, "-o", out, source], check=True)


def run_cases(runner, handler, cases):
    """Faults of the cases that one module object takes."""
    result = runner.run(handler, [Reply(json.dumps(case["event"]).encode(), headers=HEADERS) for case in cases],
                        env={"AWS_LAMBDA_LOG_LEVEL": "TRACE"})
    if (result.code, len(result.posts)) != (0, len(cases)):
        yield f"exit code {result.code}, {len(result.posts)} answers: {result.err[-1500:]}"
        return
    for case, post in zip(cases, (p for p in result.posts)):
        answer = json.loads(post.body)
        if "error" in case:
            answer, want = [answer.get("errorType"), answer.get("errorMessage")], case["error"]
        else:
            want = case["answer"]
        if answer != want:
            yield f"{case['event']}: got {answer}, expected {want}"
    if "symbol" not in cases[0]:
        for words in ("\tINFO\tstart 1\n", "\tINFO\tend 1\n", "\tTRACE\tlevel 1\n", "\tFATAL\tlevel 6\n"):
            if words not in result.err:
                yield f"no {words!r} in the log"


def check_module(release, folder, bootstrap):
    cases = json.loads((release / "cases.json").read_text())
    for name, command in COMPILERS.items():
        module = folder / f"{name}.so"
        compile_file([*command, "-shared", "-fPIC"], release / "module.c", release, module)
        runner = Runner(bootstrap, str(folder))
        for symbol in (None, "whole"):
            chosen = [case for case in cases if case.get("symbol") == symbol]
            for fault in run_cases(runner, name + (f".{symbol}" if symbol else ""), chosen):
                yield f"{name}: {fault}"


def layout(release, folder, headers):
    compile_file(["cc", "-std=c11"], release / "layout.c", headers, folder / "layout")
    return subprocess.run([folder / "layout"], check=True, capture_output=True, text=True).stdout.split("\n")


def check_layout(release, folder, root):
    then, now = layout(release, folder, release), layout(release, folder, root / "runtime/include")
    for old, new in zip(then, now, strict=True):
        if old != new:
            yield f"{old} has become {new}"


def names(path):
    return {line for line in path.read_text().split("\n") if line and line[0] != "#"}


def check_exports(release, _folder, root):
    for name in sorted(names(release / "exports.txt") - names(root / "tests/checks/exports.txt")):
        yield f"{name} is exported no more"


def main():
    bootstrap, root = sys.argv[1], pathlib.Path(sys.argv[2])
    count = failed = 0
    for release in sorted(p for p in HERE.iterdir() if (p / "lambda.h").exists()):
        for check, argument in ((check_module, bootstrap), (check_layout, root), (check_exports, root)):
            with tempfile.TemporaryDirectory() as folder:
                faults = list(check(release, pathlib.Path(folder), argument))
            count += 1
            failed += bool(faults)
            print("".join(f"# {fault}\n" for fault in faults), end="")
            print("not ok" if faults else "ok", count, "-", release.name, check.__name__[6:])
    print(f"1..{count}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
