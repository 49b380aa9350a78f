# SPDX-License-Identifier: Apache-2.0
"""The commands that the pages show work as shown.

A ```sh block after a line <!-- run --> is run by bash in a folder that looks like a built checkout.
In README.md a ```sh block has either that line or <!-- not run: reason -->.
The commands have a network of their own, where whatever port they take is free.
"""
import ctypes
import fcntl
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile

import tree

BLOCK = re.compile(r"^(?:<!-- *(run|not run: [^>]+?) *-->\n+)?```sh\n(.*?)^```$", re.M | re.S)
LIMIT_S = 300
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def blocks(source):
    """(path, line, mark, commands)"""
    for path in source.files(".md"):
        text = source.text(path)
        for match in BLOCK.finditer(text):
            yield path, text.count("\n", 0, match.start(2)), match[1], match[2]


def checkout(source, folder):
    """Links to everything in the tree; build is the build tree at hand."""
    for entry in source.root.iterdir():
        if not entry.name.startswith(("build", ".")):
            (folder / entry.name).symlink_to(entry)
    if source.build:
        (folder / "build").symlink_to(source.build)


def leave_network():
    """In the child: nothing but its loopback is there."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "no network of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))


def run_block(source, commands):
    """What went wrong, or None."""
    with tempfile.TemporaryDirectory(prefix="clambda-readme-", dir="/var/tmp") as name:
        os.chmod(name, 0o755)
        checkout(source, pathlib.Path(name))
        env = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        try:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=name,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env,
                                  timeout=LIMIT_S, preexec_fn=leave_network if source.build else None)
        except subprocess.TimeoutExpired:
            return f"takes more than {LIMIT_S} s"
    if done.returncode:
        return f"exits {done.returncode}: {done.stdout[-200:]}{done.stderr[-500:]}"
    return None


def check(source):
    for path, line, mark, commands in blocks(source):
        if mark == "run":
            if source.build and os.geteuid() != 0:
                raise tree.Skip("the pages' commands need root")
            text = run_block(source, commands)
            if text:
                yield path, line, text
        elif mark is None and str(path) == "README.md":
            yield path, line, "the block says neither 'run' nor 'not run: reason'"


GOOD = "<!-- run -->\n```sh\necho a | grep -q a\n```\n"
CLEAN = {"README.md": GOOD + "<!-- not run: example -->\n```sh\nfalse\n```\n"}
SEEDS = [
    ({"README.md": GOOD.replace("-q a", "-q b")}, "exits 1"),
    ({"README.md": GOOD.replace("<!-- run -->\n", "")}, "says neither"),
    ({"examples/a/README.md": GOOD.replace("-q a", "-q b")}, "exits 1"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
