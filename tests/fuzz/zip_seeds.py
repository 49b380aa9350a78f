#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes zips of every kind that common tools make into FOLDER, for fuzz_zip to begin with.

zip_seeds.py FOLDER"""
import io
import os
import stat
import sys
import zipfile

FILE, FOLDER, LINK = stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK


class Pipe(io.RawIOBase):
    """What cannot be sought in: sum and sizes go behind the data."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


def entry(name, mode, method=zipfile.ZIP_DEFLATED, system=3):
    info = zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6))
    info.compress_type = method
    info.create_system = system
    info.external_attr = mode << 16 if system == 3 else 0
    return info


def make(entries, out=None, comment=b"", wide=False):
    out = out or io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for info, data in entries:
            with archive.open(info, "w", force_zip64=wide) as file:
                file.write(data)
    return b"".join(out.parts) if isinstance(out, Pipe) else out.getvalue()


def unicode_path(name):
    """An extra field that gives another name."""
    info = entry(name, FILE | 0o644)
    info.extra = b"\x75\x70\x0a\x00\x01\x00\x00\x00\x00other"
    return info


def seeds():
    usual = [(entry("bootstrap", FILE | 0o755), b"#!/bin/sh\n" * 20), (entry("lib/", FOLDER | 0o755), b""),
             (entry("lib/a.so", FILE | 0o644), bytes(range(256))), (entry("link", LINK | 0o777), b"lib/a.so")]
    yield "usual", make(usual)
    yield "stored", make([(entry("a", FILE | 0o600, zipfile.ZIP_STORED), b"stored")])
    yield "streamed", make(usual, Pipe())
    yield "wide", make(usual, wide=True)
    yield "wide-streamed", make(usual, Pipe(), wide=True)
    yield "comment", make(usual, comment=b"PK\x05\x06 in a comment")
    yield "dos", make([(entry("dir\\file", 0, system=0), b"x"), (entry("d/", 0, system=0), b"")])
    yield "unicode", make([(entry("\u00e9\u4e2d", FILE | 0o644), b"x"), (unicode_path("name"), b"y")])
    yield "twice", make([(entry("a", FILE | 0o644), b"1"), (entry("./a", LINK | 0o777), b"/etc/passwd")])
    yield "through", make([(entry("d", LINK | 0o777), b"/tmp"), (entry("d/f", FILE | 0o644), b"x")])
    yield "up", make([(entry("a/../../b", FILE | 0o644), b"x")])
    yield "nested", make([(entry("fn.zip", FILE | 0o644, zipfile.ZIP_STORED), make(usual))])
    yield "bzip2", make([(entry("a", FILE | 0o644, zipfile.ZIP_BZIP2), b"x" * 100)])
    yield "device", make([(entry("null", stat.S_IFCHR | 0o666), b"")])
    yield "bomb", make([(entry("zeros", FILE | 0o644), bytes(1 << 20))])
    yield "deep", make([(entry("/".join("abcdefgh" * 9), FILE | 0o644), b"x")])


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(sys.argv[1], f"seed-{name}"), "wb") as file:
            file.write(data)


main()
