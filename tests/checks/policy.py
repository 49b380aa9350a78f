# SPDX-License-Identifier: Apache-2.0
"""The system call policy has a line for every call of x86-64 and arm64, and for nothing else.

The calls are those of the installed kernel headers, and the newer ones that are listed here."""
import os
import re
import shutil
import subprocess
import sys

import tree

POLICY = "sandbox/jail/lambda.policy"

X86_64 = "#include <asm/unistd_64.h>\n"
# What arm64's own header asks of the one that all newer architectures share.
ARM64 = """#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_NEW_STAT
#define __ARCH_WANT_SET_GET_RLIMIT
#define __ARCH_WANT_TIME32_SYSCALLS
#define __ARCH_WANT_SYS_CLONE3
#define __ARCH_WANT_MEMFD_SECRET
#define __BITS_PER_LONG 64
#include <asm-generic/unistd.h>
"""
# Up to Linux 6.18.
NEWER = {"cachestat": 451, "fchmodat2": 452, "map_shadow_stack": 453, "futex_wake": 454,
         "futex_wait": 455, "futex_requeue": 456, "statmount": 457, "listmount": 458,
         "lsm_get_self_attr": 459, "lsm_set_self_attr": 460, "lsm_list_modules": 461, "mseal": 462,
         "setxattrat": 463, "getxattrat": 464, "listxattrat": 465, "removexattrat": 466,
         "open_tree_attr": 467, "file_getattr": 468, "file_setattr": 469}
NEWER_X86_64 = {"uretprobe": 335, "uprobe": 336}
NO_CALLS = {"syscalls", "arch_specific_syscall"}
COMMON_FIRST = 424  # from here on a call has the same number everywhere


def header_calls(text):
    """{name: number} of a header that is included by text."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if not compiler:
        raise tree.Skip("no C compiler reads the kernel headers")
    done = subprocess.run([compiler, "-E", "-dM", "-x", "c", "-"], input=text, capture_output=True,
                          text=True)
    if done.returncode:
        raise tree.Skip(f"the kernel headers cannot be read: {done.stderr.strip()[:200]}")
    values = dict(re.findall(r"^#define (__NR\w+) (\S+)$", done.stdout, re.M))
    calls = {}
    for name, value in values.items():
        value = values.get(value, value)
        if name.startswith("__NR_") and name[5:] not in NO_CALLS and value.isdigit():
            calls[name[5:]] = int(value)
    return calls


def tables(source):
    """{architecture: {name: number}}"""
    if source.build is None:
        return {"x86-64": {"read": 0, "open": 2, "newest": 470},
                "arm64": {"read": 63, "newest": 470}}
    found = {"x86-64": header_calls(X86_64), "arm64": header_calls(ARM64)}
    for name, calls in found.items():
        if len(calls) < 300:
            raise tree.Skip(f"the kernel headers have {len(calls)} calls of {name} only")
        calls.update(NEWER)
    found["x86-64"].update(NEWER_X86_64)
    return found


def policy_lines(source):
    """(line, name, written number or None, verdict)"""
    for number, line in enumerate(source.lines(POLICY), 1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        columns = line.split("|")
        for call in columns[0].split(","):
            name, _, written = call.strip().partition("/")
            yield number, name, int(written) if written else None, columns[2].strip()


def check(source):
    known = tables(source)
    named = {}
    for line, name, written, verdict in policy_lines(source):
        named.setdefault(name, line)
        numbers = {calls[name] for calls in known.values() if name in calls}
        if not numbers:
            yield POLICY, line, f"no architecture has the call {name}"
        elif written is not None and numbers != {written}:
            yield POLICY, line, f"{name} has the number {sorted(numbers)}, not {written}"
        elif written is not None and written < COMMON_FIRST and verdict != "errno ENOSYS":
            yield POLICY, line, f"{name}/{written} would be another call on another architecture"
    for architecture, calls in known.items():
        for name in sorted(set(calls) - set(named)):
            yield POLICY, 1, f"no line for {name} ({calls[name]} on {architecture})"


CLEAN = {POLICY: "# x\nread | int0 == 1 | errno EPERM | R | x\nread, open | | allow | R | x\n"
                 "newest/470 | | errno ENOSYS | R | x\n"}
SEEDS = [
    ({POLICY: "read, newest | | allow | R | x\n"}, "no line for open (2 on x86-64)"),
    ({POLICY: "open, read | | allow | R | x\n"}, "no line for newest"),
    ({POLICY: CLEAN[POLICY] + "raed | | allow | R | x\n"}, "no architecture has the call raed"),
    ({POLICY: CLEAN[POLICY].replace("470", "469")}, "newest has the number [470], not 469"),
    ({POLICY: CLEAN[POLICY].replace("open", "open/2")}, "open/2 would be another call"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
