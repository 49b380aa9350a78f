#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is deployed: what it needs of a system, what it exports, how it is linked, how large it is.

test_files.py BUILD"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

import release

BUILD = sys.argv.pop(1)
FILES = [(arch, name) for arch in release.ARCHES for name in ("bootstrap", "gateway")]
LIBRARIES = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
             "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
HIGHEST = {"GLIBC": (2, 26)}  # of provided.al2; no other library has versions there
SIZES = {"bootstrap": 240 << 10, "gateway": 200 << 10}
HELLO_ZIP = 150 << 10


def path_of(arch, name):
    return os.path.join(BUILD, "lib", "clambda", arch, name)


def readelf(options, path):
    return subprocess.run(["readelf", options, path], check=True, capture_output=True, text=True).stdout


def versions(path):
    """{"GLIBC": {(2, 17), ...}} that a file asks for."""
    found = {}
    needs = readelf("-VW", path).split("Version needs section", 1)
    for name in re.findall(r"Name: (\S+)", needs[1] if len(needs) > 1 else ""):
        prefix, _, number = name.rpartition("_")
        found.setdefault(prefix, set()).add(tuple(int(n) for n in number.split(".")))
    return found


def too_new(found):
    return {f"{prefix} {number}" for prefix, numbers in found.items() for number in numbers
            if prefix not in HIGHEST or number > HIGHEST[prefix]}


def exports(path):
    lines = readelf("-sDW", path)
    return {line.split()[7].split("@")[0] for line in lines.splitlines()
            if re.match(r"^ *\d+: ", line) and len(line.split()) > 7 and
            line.split()[4] in ("GLOBAL", "WEAK") and line.split()[6] != "UND"}


def package(*words):
    command = os.path.join(BUILD, "bin", "clambda")
    if not os.path.exists(command):
        release.skip(f"'{command}' is not built")
    return subprocess.run([command, "package", *words], check=True, capture_output=True, text=True)


class Files(unittest.TestCase):
    def each(self):
        for arch, name in FILES:
            with self.subTest(arch=arch, name=name):
                yield arch, name, path_of(arch, name)

    def test_too_new_is_seen(self):
        self.assertEqual(too_new({"GLIBC": {(2, 27)}, "GLIBCXX": {(3, 4)}}), {"GLIBC (2, 27)", "GLIBCXX (3, 4)"})
        self.assertTrue(versions(sys.executable))

    def test_needs(self):
        for _, _, path in self.each():
            found = versions(path)
            self.assertEqual(too_new(found), set())
            self.assertTrue(found["GLIBC"])
            needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-dW", path)))
            self.assertLessEqual(needed, LIBRARIES)
            self.assertIn("libc.so.6", needed)
            self.assertNotRegex(readelf("-dW", path), r"\((RPATH|RUNPATH|TEXTREL)\)")
            print(f"# {path}: GLIBC {max(found['GLIBC'])}, {os.path.getsize(path)} bytes")

    def test_linked(self):
        for arch, _, path in self.each():
            head, segments, dynamic = readelf("-hW", path), readelf("-lW", path), readelf("-dW", path)
            self.assertRegex(head, "Machine: .*" + release.ARCHES[arch][1])
            self.assertRegex(head, r"Type: +DYN \(Position-Independent")
            self.assertIn("Requesting program interpreter: /lib", segments)
            self.assertIn("GNU_RELRO", segments)
            self.assertRegex(dynamic, r"FLAGS_1.* NOW .*PIE|FLAGS_1.*NOW PIE")
            stack = next(line for line in segments.splitlines() if "GNU_STACK" in line)
            self.assertNotRegex(stack, "R?WE")
            self.assertFalse([line for line in segments.splitlines() if re.search(r"LOAD .* RWE ", line)])
            self.assertIn("GNU_EH_FRAME", segments)
            self.assertIn("Build ID", readelf("-nW", path))
            self.assertNotRegex(readelf("-SW", path), r"\.(symtab|debug)")

    def test_exports(self):
        with open(os.path.join(release.ROOT, "tests/checks/exports.txt"), encoding="ascii") as file:
            listed = {line.strip() for line in file if line.strip() and line[0] != "#"}
        for _, name, path in self.each():
            self.assertEqual(exports(path), listed if name == "bootstrap" else set())

    def test_no_folder_of_this_machine(self):
        for _, _, path in self.each():
            with open(path, "rb") as file:
                data = file.read()
            for folder in (release.ROOT, os.path.abspath(BUILD), os.path.expanduser("~/.cache")):
                self.assertNotIn(folder.encode() + b"/", data)

    def test_sizes(self):
        for _, name, path in self.each():
            self.assertLessEqual(os.path.getsize(path), SIZES[name])
            self.assertTrue(os.access(path, os.X_OK))

    def test_zips(self):
        with tempfile.TemporaryDirectory(prefix="clambda-release.") as folder:
            for arch in release.ARCHES:
                with open(path_of(arch, "bootstrap"), "rb") as file:
                    runtime = file.read()
                layer, hello = os.path.join(folder, "layer.zip"), os.path.join(folder, arch + ".zip")
                package("--layer", "--arch", arch, "-o", layer)
                with zipfile.ZipFile(layer) as archive:
                    self.assertEqual([(i.filename, i.external_attr >> 16) for i in archive.infolist()],
                                     [("bootstrap", 0o100755)])
                    self.assertEqual(archive.read("bootstrap"), runtime)
                package(os.path.join(BUILD, "release", arch, "examples/raw_echo.so"), "-o", hello)
                with zipfile.ZipFile(hello) as archive:
                    self.assertEqual(archive.read("bootstrap"), runtime)
                print(f"# hello for {arch}: {os.path.getsize(hello)} bytes")
                self.assertLessEqual(os.path.getsize(hello), HELLO_ZIP)
                made = os.path.join(BUILD, "layers", f"runtime-{arch}.zip")
                if os.path.exists(made):
                    with open(made, "rb") as one, open(layer, "rb") as two:
                        self.assertEqual(one.read(), two.read())


if __name__ == "__main__":
    release.need(BUILD, *release.ARCHES)
    unittest.main()
