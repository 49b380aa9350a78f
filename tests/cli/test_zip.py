#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FUNCTION and --layer as zips, made by the zip writer that many deployment tools use."""
import json
import os
import stat
import struct
import zipfile

from harness import HOSTILE, check, check_match, finish, function, invoke, need_sandbox, path, run, write

LIMIT = 262144000
ECHO = '{"do":"echo"}'


def zip_of(name, *entries):
    """entries: (name in the zip, bytes, mode or None for a tool without modes)"""
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with zipfile.ZipFile(path(name), "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data, mode in entries:
            info = zipfile.ZipInfo(entry, (2024, 2, 3, 4, 5, 6))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0 if mode is None else 3
            info.external_attr = 0 if mode is None else mode << 16
            archive.writestr(info, data)
    return path(name)


def bootstrap():
    with open(HOSTILE, "rb") as file:
        return file.read()


def refuse(what, arguments, message):
    done = run("invoke", *arguments, stdin=b"{}")
    check(f"exit code of {what}", done.code, 2)
    check(f"stdout of {what}", done.out, "")
    check_match(f"message of {what}", done.err, message)


def check_refused():
    """Before anything is sandboxed."""
    refuse("a zip that is not there", ["/nonexistent/fn.zip"], r"'/nonexistent/fn.zip': No such file")
    refuse("text called .zip", [write("text.zip", "hello")], r"text.zip': has no end record: not a zip")
    refuse("the beginning of a zip", [write("begin", b"PK\x03\x04")], r"begin': has no end record")
    good = zip_of("good.zip", ("bootstrap", b"x", 0o755))
    with open(good, "rb") as file:
        data = file.read()
    refuse("half a zip", [write("half.zip", data[:-30])], r"half.zip': has no end record")
    up = zip_of("up.zip", ("a", b"a", 0o644), ("../up", b"b", 0o644))
    refuse("a path that leads out", [up], r"entry '\.\./up': has '\.\.' in its path")
    refuse("the same as a layer", [function("fn"), "--layer", up], r"--layer: layer: '.*up.zip': entry")
    refuse("a device", [zip_of("device.zip", ("null", b"", stat.S_IFCHR | 0o666))], r"entry 'null': is neither")
    refuse("an empty zip", [zip_of("none.zip")], r"Uploaded file must be a non-empty zip")
    many = [zip_of(f"layer{i}.zip", ("f", b"%d" % i, 0o644)) for i in range(6)]
    refuse("six layers", [function("fn")] + [x for m in many for x in ("--layer", m)], "at most 5 layers")


def lie(name, source, claimed):
    """The zip with another unpacked size in both of its headers (of one entry)."""
    with open(source, "rb") as file:
        data = bytearray(file.read())
    struct.pack_into("<I", data, 22, claimed)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, claimed)
    return write(name, bytes(data))


def check_limit():
    big = zip_of("big.zip", ("zeros", bytes(LIMIT + 1), 0o644))
    refuse("one byte too much", [big], f"Unzipped size must be smaller than {LIMIT} bytes")
    refuse("the same, told small", [lie("lie.zip", big, 1000)], "entry 'zeros': unpacks to more than the 1000 bytes")


def check_run():
    package = zip_of("orders-v1.zip", ("bootstrap", bootstrap(), 0o755), ("lib/data", b"1", 0o644))
    done = invoke(package, ECHO, ECHO)
    check("a function's zip", [done.code, [json.loads(line) for line in done.lines]], [0, [json.loads(ECHO)] * 2])
    variables = json.loads(invoke(package, "env").out)
    check("its name", "AWS_LAMBDA_FUNCTION_NAME=orders-v1" in variables, True)
    check("its handler", "_HANDLER=bootstrap" in variables, True)
    os.rename(package, path("package"))
    done = invoke(path("package"), ECHO)
    check("a zip of any name", [done.code, done.out], [0, ECHO + "\n"])


def check_no_modes():
    """A zip made on Windows: the bootstrap cannot be executed, there as here."""
    done = invoke(zip_of("windows.zip", ("bootstrap", bootstrap(), None)), ECHO)
    check("a zip without modes", done.code, 1)
    check_match("what Lambda says to it", done.out, "permission denied")


def check_layers():
    layer = zip_of("runtime.zip", ("bootstrap", bootstrap(), 0o755))
    code = zip_of("code.zip", ("data.txt", b"code", 0o644))
    done = invoke(code, ECHO, options=("--layer", layer))
    check("a layer's zip brings the bootstrap", [done.code, done.out], [0, ECHO + "\n"])
    done = invoke(code, ECHO, options=("--layer", function("folder"), "--layer", code))
    check("folders and zips as layers", [done.code, done.out], [0, ECHO + "\n"])


check_refused()
check_limit()
need_sandbox()
check_run()
check_no_modes()
check_layers()
finish()
