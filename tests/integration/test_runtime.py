# SPDX-License-Identifier: Apache-2.0
"""The real bootstrap against a scripted Runtime API.

test_runtime.py --bootstrap FILE --handlers DIR [--group NAME | --only TEST | --list] [--without TEST]...
                [--sanitized]
Prints TAP; exits 1 when a test fails. The tests are in group_*.py.
"""
import argparse
import sys
import traceback

import group_answers  # noqa: F401 (each adds its tests to harness.groups)
import group_api  # noqa: F401
import group_crashes  # noqa: F401
import group_events  # noqa: F401
import group_log  # noqa: F401
import group_memory  # noqa: F401
import group_modules  # noqa: F401
import group_program  # noqa: F401
import group_shutdown  # noqa: F401
import group_snapshot  # noqa: F401
import group_stream  # noqa: F401
import group_workers  # noqa: F401
import harness
from runtime_api import Runner


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap")
    parser.add_argument("--handlers")
    parser.add_argument("--group")
    parser.add_argument("--only")
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--size-limit", type=int, default=240 << 10)
    options = harness.options = parser.parse_args()
    if options.list:
        for group, tests in harness.groups.items():
            for function in tests:
                print(group, function.__name__)
        return 0
    harness.runner = Runner(options.bootstrap, options.handlers)
    failed = count = 0
    for group, tests in harness.groups.items():
        if options.group not in (None, group):
            continue
        for function in tests:
            if options.only not in (None, function.__name__) or function.__name__ in options.without:
                continue
            count += 1
            try:
                function()
                print("ok %d - %s" % (count, function.__name__), flush=True)
            except Exception as fault:
                failed += 1
                lines = traceback.format_exc() if not isinstance(fault, AssertionError) else str(fault)
                print("".join("# %s\n" % line for line in lines.splitlines()), end="")
                print("not ok %d - %s" % (count, function.__name__), flush=True)
    print("1..%d" % count)
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
