#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--rootfs: programs and libraries come from another root's folder, whose links do not lead out of it.
test_rootfs.py CLAMBDA HOSTILE HANDLER-FILE"""
import os
import re
import shutil
import subprocess
import sys

from harness import CLAMBDA, check, check_match, finish, function, need_sandbox, path, run, write

HANDLER = sys.argv[3]
SHELL = shutil.which("busybox") or "/bin/busybox"
LOOK = """#!/bin/sh
cat /usr/share/marker /lib/from-lib /etc/ssl/certs/marker /usr/share/outside /usr/share/through 2>&1
ls /usr/src /usr/lib/modules
[ -e /etc/shadow ] && echo shadow; [ -e /home ] && echo home
echo "libc: $(ls /usr/lib | grep -c x86_64-linux-gnu)"
exit 3
"""


def root(name):
    """A root with a shell, and links as images and attackers have them."""
    folder = path(name)
    for part in ("usr/bin", "usr/lib", "usr/share", "usr/src/secret", "usr/lib/modules/6", "etc/ssl/certs", "home/me"):
        os.makedirs(f"{folder}/{part}")
    shutil.copy(SHELL, f"{folder}/usr/bin/busybox")
    for tool in ("sh", "cat", "ls", "grep"):
        os.symlink("busybox", f"{folder}/usr/bin/{tool}")
    os.symlink("usr/bin", f"{folder}/bin")
    os.symlink("/usr/lib", f"{folder}/lib")
    for file, text in (("usr/share/marker", "of this root\n"), ("usr/lib/from-lib", "lib is a link\n"),
                       ("etc/ssl/certs/marker", "its certificates\n"), ("etc/shadow", "secret\n")):
        write(f"{name}/{file}", text)
    os.symlink("/etc/passwd", f"{folder}/usr/share/outside")
    os.symlink("../" * 20 + path("secret"), f"{folder}/usr/share/through")
    return folder


def libraries(folder, *programs):
    """What the dynamic linker would load for them, at the same places."""
    for program in programs:
        listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"(/\S+) \(0x", listing):
            target = f"{folder}/{os.path.realpath(library).lstrip('/')}"
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.realpath(library), target)
            place = f"{folder}/usr/{library.lstrip('/').removeprefix('usr/')}"
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if not os.path.exists(place):
                shutil.copy(os.path.realpath(library), place)


def look_around():
    done = run("invoke", function("look", LOOK), "--rootfs", root("root"), stdin=b"{}")
    check("it fails as its shell says", done.code, 1)
    for what in ("of this root", "lib is a link", "its certificates", "root:x:0:0:", "libc: 0"):
        check_match(f"it sees '{what}'", done.err, what)
    check_match("a link far up ends in the root", done.err, "through.*No such file")
    for what in ("TOP SECRET", "\nsecret", "\nshadow", "\nhome", "\n6\n"):
        check(f"it does not see '{what.strip()}'", what in done.err, False)


def as_nobody():
    """The same root, without a right."""
    folder = path("for-all")
    os.makedirs(folder)
    subprocess.run(["chmod", "755", path(""), folder], check=True)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", CLAMBDA, "invoke", path("look"),
                           "--relax", "memory,cpu", "--rootfs", path("root")], input=b"{}", capture_output=True,
                          env={"PATH": os.environ["PATH"]})
    if done.returncode == 126 or b"ermission denied" in done.stderr[:200]:
        print("# the build is not to be read by others: not tried as nobody")
        return
    check_match("nobody sees the root", done.stderr.decode(), "of this root[\\s\\S]*libc: 0")


def dynamic():
    """A handler on this project's runtime, with nothing of the host but what its root has."""
    folder = path("linked")
    os.makedirs(f"{folder}/usr/bin")
    bootstrap = os.path.join(os.path.dirname(CLAMBDA), "bootstrap")
    libraries(folder, bootstrap, HANDLER)
    for name in ("lib", "lib64"):
        if os.path.isdir(f"{folder}/usr/{name}") and not os.path.lexists(f"{folder}/{name}"):
            os.symlink(f"usr/{name}", f"{folder}/{name}")
    done = run("invoke", HANDLER, "--rootfs", folder, stdin=b'{"a":1}')
    check("a handler runs on it", (done.code, done.out), (0, '{"a":1}\n'))
    shutil.rmtree(f"{folder}/usr/lib64", ignore_errors=True)
    done = run("invoke", HANDLER, "--rootfs", folder, stdin=b"{}")
    check("without a dynamic linker it cannot start", done.code, 1)


def wrong():
    empty = path("empty")
    os.makedirs(empty)
    write("link/usr-is-elsewhere", "")
    os.symlink("/root", path("link/usr"))
    for what, folder, words in (("nothing there", path("missing"), "No such file"),
                                ("no usr", empty, "needs a folder 'usr'"),
                                ("a file", write("file", "x"), "."), ("/", "/", "the host.s own root")):
        done = run("invoke", path("look"), "--rootfs", folder, stdin=b"{}")
        check(f"{what}: exit 2", done.code, 2)
        check_match(f"{what}: told", done.err, "^clambda: --rootfs: .*" + words)
    done = run("invoke", path("look"), "--rootfs", path("link"), stdin=b"{}")
    check("usr as a link out: refused", done.code, 2)
    check_match("usr as a link out: told", done.err, "clambda: .*'/usr' in the root '.*link': No such file")
    check("usr as a link out: nothing ran", done.out, "")


def main():
    need_sandbox()
    write("secret", "TOP SECRET\n")
    look_around()
    if os.geteuid() == 0:
        as_nobody()
    dynamic()
    wrong()
    finish()


main()
