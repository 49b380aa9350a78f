#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The runtime layer: twice the same bytes, one executable file; what it refuses it names.

test_layer.py SOURCE-FOLDER BOOTSTRAP"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

BOOTSTRAP = sys.argv.pop(2)
SCRIPT = os.path.join(sys.argv.pop(1), "layers", "runtime")


def run(*arguments, **more):
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, timeout=120, **more)


class Layer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="clambda-layer-test.")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_same_bytes(self):
        copy = self.path("other-name")
        shutil.copyfile(BOOTSTRAP, copy)
        os.chmod(copy, 0o600)
        os.utime(copy, (time.time() - 1e8,) * 2)
        contents = []
        for source, target, zone in ((BOOTSTRAP, "a.zip", "UTC"), (copy, "sub/b.zip", "Asia/Tokyo")):
            done = run("-b", source, "-o", self.path(target), env={**os.environ, "TZ": zone})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(self.path(target), "rb") as file:
                contents.append(file.read())
        self.assertEqual(contents[0], contents[1])

    def test_content(self):
        self.assertEqual(run("-b", BOOTSTRAP, "-o", self.path("a.zip")).returncode, 0)
        with zipfile.ZipFile(self.path("a.zip")) as archive:
            (info,) = archive.infolist()
            self.assertEqual(info.filename, "bootstrap")
            self.assertEqual(info.external_attr >> 16, 0o100755)
            self.assertEqual(info.date_time, (1980, 1, 1, 0, 0, 0))
            data = archive.read("bootstrap")
        with open(self.path("bootstrap"), "wb") as file:
            file.write(data)
        os.chmod(self.path("bootstrap"), 0o755)
        done = subprocess.run([self.path("bootstrap")], capture_output=True, text=True, env={},
                              timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("AWS_LAMBDA_RUNTIME_API", done.stderr)

    def test_refused(self):
        with open(self.path("script"), "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n")
        with open(BOOTSTRAP, "rb") as file:
            data = bytearray(file.read())
        data[18:20] = b"\x28\x00"
        with open(self.path("arm32"), "wb") as file:
            file.write(data)
        for name, part in (("none", "cannot read"), ("script", "no 64-bit ELF"), ("arm32", "machine 40")):
            done = run("-b", self.path(name), "-o", self.path("a.zip"))
            self.assertEqual(done.returncode, 1)
            self.assertIn(part, done.stderr)
            self.assertIn(self.path(name), done.stderr)
        done = run("-b", BOOTSTRAP, "-o", "/proc/none/a.zip")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(os.listdir(self.folder)), ["arm32", "script"])


if __name__ == "__main__":
    unittest.main()
