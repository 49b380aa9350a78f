# SPDX-License-Identifier: Apache-2.0
"""The file that is deployed: libraries, size, hardening."""
import os
import re
import shutil
import subprocess
import tempfile

import harness
from harness import has, has_not, run, same, test


@test("program")
def libraries():
    if harness.options.sanitized:
        return
    out = subprocess.run(["ldd", harness.options.bootstrap], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    names = sorted(line.split()[0] for line in out.splitlines())
    same([n for n in names if not re.match(r"(linux-vdso|libc|libdl|libpthread|.*/ld-linux[^/]*)\.so", n)], [])


@test("program")
def size():
    if harness.options.sanitized:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "bootstrap")
        shutil.copy(harness.options.bootstrap, copy)
        subprocess.run(["strip", copy], check=True)
        bytes_ = os.stat(copy).st_size
        print("# bootstrap has %d bytes" % bytes_)
        if bytes_ > harness.options.size_limit:
            raise AssertionError("bootstrap has %d bytes, more than %d" % (bytes_, harness.options.size_limit))


@test("program")
def hardened():
    out = subprocess.run(["readelf", "-Wld", harness.options.bootstrap], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    has(out, "GNU_RELRO")
    has(out, "BIND_NOW")
    has(out, "PIE")
    stack = next(line for line in out.splitlines() if "GNU_STACK" in line)
    has_not(stack, "RWE")


@test("program")
def no_descriptor_leaks():
    """What the handler's children inherit: nothing but the three standard streams."""
    seen = []

    def look(api, sock):
        pid = next(p for p in os.listdir("/proc") if p.isdigit() and owns(p, api.port))
        for fd in os.listdir("/proc/%s/fd" % pid):
            if int(fd) > 2:
                with open("/proc/%s/fdinfo/%s" % (pid, fd)) as f:
                    flags = next(line for line in f if line.startswith("flags:"))
                seen.append(int(flags.split()[1], 8) & os.O_CLOEXEC)
        api.idle.set()
        return sock.recv(1) != b""

    def owns(pid, port):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                return b"AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d\0" % port in f.read()
        except OSError:
            return False

    run("echo", [look])
    if not seen or not all(seen):
        raise AssertionError("descriptors without close-on-exec: %r" % seen)
