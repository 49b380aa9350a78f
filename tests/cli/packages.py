# SPDX-License-Identifier: Apache-2.0
"""Packages for the tests of check: zips with any trick in them, programs and objects of a few lines."""
import os
import shutil
import stat
import struct
import subprocess
import warnings
import zipfile

from harness import HOSTILE, path, write

MACHINE_AT, CLASS_AT = 18, 4  # in an ELF file's header
AARCH64 = 183


def read(name):
    with open(name, "rb") as file:
        return file.read()


def entry(name, data, mode=0o755):
    """mode: with the file's type; None for a tool without modes."""
    info = zipfile.ZipInfo(name.replace("\\", "/"), (2024, 2, 3, 4, 5, 6))
    info.filename = name  # as it is
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 0 if mode is None else 3
    if mode is not None:
        info.external_attr = (mode if mode & ~0o7777 else stat.S_IFREG | mode) << 16
    return info, data


def link(name, target):
    return entry(name, target, stat.S_IFLNK | 0o777)


def zip_of(name, *entries, stored=False):
    """entries: of entry() or link(), or (name, data) of a program."""
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with warnings.catch_warnings(), zipfile.ZipFile(path(name), "w") as archive:
        warnings.simplefilter("ignore")  # names that are there twice
        for info, data in entries:
            if isinstance(info, str):
                info = entry(info, data)[0]
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path(name)


def folder_of(name, *entries):
    """entries: (name, data) or (name, data, mode)"""
    os.makedirs(path(name), exist_ok=True)
    for file, data, *mode in entries:
        os.chmod(write(f"{name}/{file}", data), mode[0] if mode else 0o755)
    return path(name)


def encrypted(name, source):
    """Says of its first entry that it is encrypted, in both headers."""
    data = bytearray(read(source))
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        flags, = struct.unpack_from("<H", data, at)
        struct.pack_into("<H", data, at, flags | 1)
    return write(name, bytes(data))


def renamed(name, source, old, new):
    """Another name of the same length in both headers."""
    assert len(old) == len(new)
    return write(name, read(source).replace(old, new))


def compiled(name, source, *flags, compiler="cc"):
    """An ELF file of some lines of C or C++."""
    suffix = "cc" if "++" in compiler else "c"
    text = write(f"{name}.{suffix}", source)
    done = subprocess.run([compiler, "-o", path(name), text, *flags], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{compiler} {name}: {done.stderr}")
    return path(name)


def patched(name, data, at, form, value):
    data = bytearray(data)
    struct.pack_into(form, data, at, value)
    return write(name, bytes(data))


def for_arm(data):
    """The same bytes, which say that they are for arm64."""
    return read(patched("for-arm", data, MACHINE_AT, "<H", AARCH64))


def stripped(name, source):
    shutil.copy(source, path(name))
    subprocess.run(["strip", path(name)], check=True)
    return read(path(name))


def program():
    """A static program that is a Lambda function."""
    return stripped("program", HOSTILE)
