#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FUNCTION and --layer as zips, made by the zip writer that many deployment tools use."""
import hashlib
import json
import os
import signal
import stat
import struct
import subprocess
import time
import zipfile

from harness import CLAMBDA, HOSTILE, check, check_match, finish, function, invoke, need_sandbox, path, run, write

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
    refuse("standard input", ["-"], "'-' is none: standard input is for events")
    refuse("a pipe", ["/dev/stdin"], "is a pipe or a device: write the zip to a file first")
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


def check_together():
    """Code and layers are counted together."""
    whole = zip_of("whole.zip", ("zeros", bytes(LIMIT), 0o644))
    one = zip_of("one.zip", ("one", b"1", 0o644))
    message = (f"Function code combined with layers exceeds the maximum allowed size of {LIMIT} bytes. "
               f"The actual size is {LIMIT + 1} bytes.")
    refuse("too much together", ["--layer", whole, one, "--no-cache"], message)
    check("nothing of both is left", leftovers(), [])


def leftovers():
    return [name for name in os.listdir(TMP) if name.startswith("clambda-zip-")]


def cached(package):
    """Entries of the cache for that zip."""
    with open(package, "rb") as file:
        name = hashlib.sha256(file.read()).hexdigest()
    caches = ["/var/cache/clambda", os.path.join(os.environ["XDG_CACHE_HOME"], "clambda")]
    return [entry for cache in caches if os.path.isdir(f"{cache}/unzip-1")
            for entry in os.listdir(f"{cache}/unzip-1") if entry.startswith(name)]


def check_no_cache():
    package = zip_of("once.zip", ("bootstrap", bootstrap(), 0o755), ("unique", os.urandom(16), 0o644))
    done = invoke(package, ECHO, options=("--no-cache",))
    check("without a cache", [done.code, done.out], [0, ECHO + "\n"])
    check("the cache has not got it", cached(package), [])
    check("the folder is gone", leftovers(), [])
    done = invoke(package, "exit 3", options=("--no-cache",))
    check("a function that fails", [done.code, leftovers()], [1, []])
    done = invoke(package, ECHO)
    check("with a cache", [done.code, len(cached(package))], [0, 1])


def start_once(package, ready):
    """A run without a cache, when ready() says so or it has ended."""
    event = write("sleep.json", '{"do":"sleep 60000"}')
    child = subprocess.Popen([CLAMBDA, "invoke", package, "--no-cache", "--timeout", "60", "-e", event],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not ready(child) and child.poll() is None:
        time.sleep(0.001)
    return child


def has_event(child):
    return child.stderr.readline().startswith(b"START")


def check_signals():
    small = zip_of("small.zip", ("bootstrap", bootstrap(), 0o755))
    large = zip_of("large.zip", ("zeros", bytes(LIMIT // 2), 0o644), ("bootstrap", bootstrap(), 0o755))
    for what, package, ready in (("while it runs", small, has_event),
                                 ("while it is unpacked", large, lambda child: leftovers())):
        for number in (signal.SIGINT, signal.SIGTERM):
            child = start_once(package, ready)
            check(f"{number.name} {what}: there is a folder", len(leftovers()), 1)
            child.send_signal(number)
            _, err = child.communicate(timeout=60)
            check(f"{number.name} {what}: exit code", child.returncode, 130)
            check(f"{number.name} {what}: no folder", leftovers(), [])
            check(f"{number.name} {what}: no message", b"clambda:" in err, False)
        child = start_once(package, ready)
        child.kill()
        child.communicate(timeout=60)
        check(f"SIGKILL {what}: the folder stays", len(leftovers()), 1)
        invoke(function("plain"), ECHO)
        check(f"SIGKILL {what}: the next run removes it", leftovers(), [])


def check_advice():
    """What somebody packed by mistake runs as on Lambda, not at all; a line says what was meant."""
    inner = zip_of("inner.zip", ("bootstrap", bootstrap(), 0o755))
    with open(inner, "rb") as file:
        nested = zip_of("nested.zip", ("inner.zip", file.read(), 0o644))
    below = zip_of("below.zip", ("fn/bootstrap", bootstrap(), 0o755), ("fn/data", b"1", 0o644))
    handler = zip_of("handler.zip", ("orders.so", b"\x7fELF" + b"\0lambda_module\0", 0o755))
    nothing = zip_of("nothing.zip", ("index.js", b"", 0o644))
    for what, package, line in (("a zip in a zip", nested, "nothing in it but another zip, 'inner.zip'"),
                                ("a folder in a zip", below, "zip what is inside of that folder"),
                                ("a handler alone", handler, "has a handler file, 'orders.so', and no bootstrap")):
        done = invoke(package, ECHO)
        check(f"{what}: exit code", done.code, 1)
        check_match(f"{what}: Lambda's error", done.out, "find valid bootstrap")
        check_match(f"{what}: advice", done.err, line)
    done = invoke(nothing, ECHO)
    check("none of these: no advice", [done.code, done.log("clambda:")], [1, []])


LOOK = b"""#!/bin/sh
for name in open group owner none out self; do
    if cat "/var/task/$name" >/dev/null 2>&1; then echo "LOOK $name yes"; else echo "LOOK $name no"; fi
done
: >/var/task/new && echo "LOOK new yes"
"""


def check_modes():
    """The function's id is not that of the files' owner, as on Lambda; links lead nowhere outside."""
    package = zip_of("modes.zip", ("bootstrap", LOOK, 0o755), ("open", b"1", 0o604), ("group", b"1", 0o640),
                     ("owner", b"1", 0o600), ("none", b"1", stat.S_IFREG),
                     ("out", os.path.abspath(__file__).encode(), stat.S_IFLNK | 0o777),
                     ("self", b"self", stat.S_IFLNK | 0o777))
    err = invoke(package, ECHO, options=("--no-cache",)).err
    # the environment is started twice: for the init, and for the event
    seen = sorted({line for line in err.splitlines() if line.startswith("LOOK")})
    check("what a function can read", seen,
          ["LOOK group no", "LOOK none no", "LOOK open yes", "LOOK out no", "LOOK owner no", "LOOK self no"])


def check_forms():
    """Zips as tools that stream write them, with 64-bit sizes, and by another name."""
    for name, wide, pipe in (("wide.zip", True, False), ("streamed.zip", False, True), ("both.zip", True, True)):
        with open(path(name), "wb") as file:
            with zipfile.ZipFile(Pipe(file) if pipe else file, "w", zipfile.ZIP_DEFLATED) as archive:
                info = zipfile.ZipInfo("bootstrap")
                info.external_attr = (stat.S_IFREG | 0o755) << 16
                with archive.open(info, "w", force_zip64=wide) as entry:
                    entry.write(bootstrap())
        done = invoke(path(name), ECHO)
        check(name, [done.code, done.out], [0, ECHO + "\n"])
    os.symlink(path("wide.zip"), path("link.zip"))
    done = invoke(path("link.zip"), "env")
    check("a link to a zip", "AWS_LAMBDA_FUNCTION_NAME=link" in json.loads(done.out), True)


class Pipe:
    """A file that cannot be sought in."""

    def __init__(self, file):
        self.write, self.flush = file.write, file.flush


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
    check_match("what to do about it", done.err, "is not executable: chmod 755 it")
    done = invoke(zip_of("breaks.zip", ("bootstrap", b"#!/bin/sh\r\nexit 0\r\n", 0o755)), ECHO)
    check("a script with line breaks of Windows", done.code, 1)
    check_match("what Lambda says to it", done.out, "no such file or directory")
    check_match("what to do about it", done.err, "take the carriage returns out")


def check_layers():
    layer = zip_of("runtime.zip", ("bootstrap", bootstrap(), 0o755))
    code = zip_of("code.zip", ("data.txt", b"code", 0o644))
    done = invoke(code, ECHO, options=("--layer", layer))
    check("a layer's zip brings the bootstrap", [done.code, done.out], [0, ECHO + "\n"])
    done = invoke(code, ECHO, options=("--layer", function("folder"), "--layer", code))
    check("folders and zips as layers", [done.code, done.out], [0, ECHO + "\n"])


TMP = path("tmp")
os.mkdir(TMP, 0o700)
os.environ["TMPDIR"] = TMP
os.environ["XDG_CACHE_HOME"] = path("cache")
check_refused()
check_limit()
check_together()
need_sandbox()
check_run()
check_forms()
check_no_modes()
check_layers()
check_modes()
check_advice()
check_no_cache()
check_signals()
finish()
