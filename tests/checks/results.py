# SPDX-License-Identifier: Apache-2.0
"""results.py FILE: the counts and the names in ctest's JUnit file, for tests/run."""
import re
import sys
import xml.etree.ElementTree


def reason(case):
    """The test's own word for why it was skipped, else its first line of output."""
    out = case.findtext("system-out") or ""
    found = re.search(r"(?:SKIP|skipped:?|skip:) *(.+)", out)
    return (found[1] if found else out.strip().split("\n")[0])[:160] or "says no reason"


def main():
    suite = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in suite.iter("testcase"):
        status = case.get("status")
        name = case.get("name")
        if status == "run":
            counts["passed"] += 1
        elif case.find("skipped") is not None and "SKIP_" in case.find("skipped").get("message"):
            counts["skipped"] += 1
            print(f"skipped {name}: {reason(case)}")
        else:
            counts["failed"] += 1
            print(f"failed {name}")
    print("counts", *counts.values())


if __name__ == "__main__":
    main()
