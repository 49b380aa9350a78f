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
# of the C library's files that every program starts with: zig's linker has no list of what is exported
START_FILES = {"_start", "_IO_stdin_used", "__libc_csu_init", "__libc_csu_fini", "data_start", "__data_start"}
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


class File:
    """The tests of one file; path, arch and name come with the class below."""

    def test_needs(self):
        found = versions(self.path)
        self.assertEqual(too_new(found), set())
        self.assertTrue(found["GLIBC"])
        dynamic = readelf("-dW", self.path)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        self.assertLessEqual(needed, LIBRARIES)
        self.assertIn("libc.so.6", needed)
        self.assertNotRegex(dynamic, r"\((RPATH|RUNPATH|TEXTREL)\)")
        print(f"# {self.path}: GLIBC {max(found['GLIBC'])}, {os.path.getsize(self.path)} bytes")

    def test_linked(self):
        head, segments = readelf("-hW", self.path), readelf("-lW", self.path)
        self.assertRegex(head, "Machine: .*" + release.ARCHES[self.arch][1])
        self.assertRegex(head, r"Type: +DYN \(Position-Independent")
        self.assertIn("Requesting program interpreter: /lib", segments)
        self.assertIn("GNU_RELRO", segments)
        self.assertIn("GNU_EH_FRAME", segments)
        self.assertRegex(readelf("-dW", self.path), r"FLAGS_1.* NOW PIE")
        self.assertRegex(segments, r"GNU_STACK .* RW +\S+\n")
        self.assertNotRegex(segments, r"LOAD .* RWE ")
        self.assertIn("Build ID", readelf("-nW", self.path))
        self.assertNotRegex(readelf("-SW", self.path), r"\.(symtab|debug)")

    def test_exports(self):
        listed = set()
        if self.name == "bootstrap":
            with open(os.path.join(release.ROOT, "tests/checks/exports.txt"), encoding="ascii") as file:
                listed = {line.strip() for line in file if line.strip() and line[0] != "#"}
        self.assertEqual(exports(self.path) - START_FILES, listed)

    def test_no_folder_of_this_machine(self):
        with open(self.path, "rb") as file:
            data = file.read()
        for folder in (release.ROOT, os.path.abspath(BUILD), os.path.expanduser("~/.cache")):
            self.assertFalse(folder.encode() + b"/" in data, f"names '{folder}'")

    def test_size(self):
        self.assertLessEqual(os.path.getsize(self.path), SIZES[self.name])
        self.assertTrue(os.access(self.path, os.X_OK))


for ARCH, NAME in FILES:
    globals()[f"{NAME}_{ARCH}"] = type(f"{NAME}_{ARCH}", (File, unittest.TestCase),
                                       {"arch": ARCH, "name": NAME, "path": path_of(ARCH, NAME)})


class Files(unittest.TestCase):
    def test_too_new_is_seen(self):
        self.assertEqual(too_new({"GLIBC": {(2, 27)}, "GLIBCXX": {(3, 4)}}), {"GLIBC (2, 27)", "GLIBCXX (3, 4)"})
        self.assertTrue(versions(sys.executable))

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
