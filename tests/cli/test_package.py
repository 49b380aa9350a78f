#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clambda package: what is in its zips, that they are the same each time, and that they run.

test_package.py CLAMBDA HOSTILE SOURCE-FOLDER BUILD-FOLDER"""
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile

from harness import CLAMBDA, HOSTILE, MUST, check, check_match, failures, finish, need_sandbox, path, run, write

SOURCE, BUILD = sys.argv[3:5]
ARM64, ARM32 = 183, 40  # e_machine
RELOCATABLE = 1         # e_type
HELLO_MAX = 150 * 1024
LIMIT = 262144000


def example(name):
    return f"{BUILD}/examples/{name}.so"


def read(file_path):
    with open(file_path, "rb") as file:
        return file.read()


def patched(name, source, offset, value):
    """A copy of an ELF file with another number in its header."""
    data = bytearray(read(source))
    struct.pack_into("<H", data, offset, value)
    return write(name, bytes(data))


def arm(name, source):
    return patched(name, source, 18, ARM64)


def installation():
    """A folder like an installed one, with release builds of the runtime: marked copies."""
    root = path("prefix")
    if os.path.isdir(root):
        return f"{root}/bin/clambda"
    os.makedirs(f"{root}/bin")
    shutil.copy(CLAMBDA, f"{root}/bin/clambda")
    for entry in ("deploy.so", "pack_unzip.so"):
        os.makedirs(f"{root}/lib/clambda", exist_ok=True)
        shutil.copy(f"{BUILD}/lib/clambda/{entry}", f"{root}/lib/clambda/{entry}")
    write("prefix/lib/clambda/x86_64/bootstrap", read(HOSTILE) + b"release x86_64")
    arm("prefix/lib/clambda/arm64/bootstrap", HOSTILE)
    return f"{root}/bin/clambda"


def package(*arguments, clambda=CLAMBDA, env=None, **more):
    """(exit code, stdout, stderr)"""
    more.setdefault("env", {**os.environ, **(env or {})})
    done = subprocess.run([clambda, "package", *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, **more)
    return done.returncode, done.stdout, done.stderr


def packed(what, *arguments, **more):
    """The names in the zip, with their modes; the line on stdout."""
    target = path("packed.zip")
    code, out, err = package(*arguments, "-o", target, **more)
    check(f"{what}: exit code ({err.strip()})", code, 0)
    if code:
        return [], out, err
    with zipfile.ZipFile(target) as archive:
        names = [(info.filename, info.external_attr >> 16) for info in archive.infolist()]
    return names, out, err


FILE, PROGRAM = stat.S_IFREG | 0o644, stat.S_IFREG | 0o755


def check_content():
    clambda = installation()
    names, out, err = packed("a handler", example("sqs_batch"), clambda=clambda)
    check("a handler: files", names, [("bootstrap", PROGRAM), ("sqs_batch.so", PROGRAM)])
    check("a handler: nothing to warn of", err, "")
    check_match("a handler: the line", out,
                r"packed\.zip: \d+ bytes, runtime provided\.al2023 or provided\.al2, handler sqs_batch, "
                r"architecture x86_64 \(bootstrap, sqs_batch\.so\)\n$")
    with zipfile.ZipFile(path("packed.zip")) as archive:
        check("a handler: the release build", archive.read("bootstrap")[-14:], b"release x86_64")
        check("a handler: itself", archive.read("sqs_batch.so"), read(example("sqs_batch")))
        for info in archive.infolist():
            check(f"{info.filename}: plain", (info.date_time, info.extra, info.flag_bits, info.compress_type,
                                              info.create_system),
                  ((1980, 1, 1, 0, 0, 0), b"", 0, zipfile.ZIP_DEFLATED, 3))
    names, out, _ = packed("two handlers", example("raw_echo"), example("kinesis_records"), clambda=clambda)
    check("two handlers: files", [name for name, _ in names], ["bootstrap", "kinesis_records.so", "raw_echo.so"])
    check_match("two handlers: the line", out, "handler raw_echo or kinesis_records,")
    with zipfile.ZipFile(path("packed.zip")) as archive:
        archive.testzip()
    named = write("named.so", read(example("raw_echo")).replace(b"\0lambda_module\0", b"\0second_module\0"))
    names, out, err = packed("a handler of another symbol", named, clambda=clambda)
    check_match("a handler of another symbol: the line", out, "handler named.second_module, architecture")
    names, out, err = packed("arm64", arm("orders.so", example("raw_echo")), clambda=clambda)
    check("arm64: the line", "handler orders, architecture arm64" in out, True)
    with zipfile.ZipFile(path("packed.zip")) as archive:
        check("arm64: the runtime", archive.read("bootstrap")[18], ARM64)


HANDLERS = [
    ("ordr", "'ordr' is no handler of the package, there is no 'ordr.so': it has raw_echo, two.second_module"),
    ("raw_echo.c", "'raw_echo.so' has no table of handlers 'c', it has lambda_module"),
    ("two", "'two.so' has no table of handlers 'lambda_module', it has second_module"),
    ("two.second_module", ""),
    ("raw_echo.so", ""),
    ("lib/raw_echo", ""),
]


def check_image_handlers():
    """The image's handler is one that its runtime finds."""
    handler = example("raw_echo")
    two = write("two.so", read(handler).replace(b"\0lambda_module\0", b"\0second_module\0"))
    for i, (name, message) in enumerate(HANDLERS):
        folder, zipped = path(f"handler-{i}"), path(f"handler-{i}.zip")
        code, _, err = package(handler, two, "--image-dir", folder, "-o", zipped, "--handler", name,
                               "--file", f"{handler}=lib/raw_echo.so")
        check(f"handler {name}: exit", (code, os.path.exists(folder), os.path.exists(zipped)),
              (2, False, False) if message else (0, True, True))
        check(f"handler {name}: message", message in err, True)


def check_host():
    """Without release builds this host's runtime is taken, and the consequence told."""
    prefix = installation()
    lone = path("lone/bin/clambda")
    shutil.copytree(os.path.dirname(os.path.dirname(prefix)), path("lone"), dirs_exist_ok=True)
    for arch in ("x86_64", "arm64"):
        shutil.rmtree(path(f"lone/lib/clambda/{arch}"))
    shutil.copy(f"{BUILD}/bin/bootstrap", path("lone/lib/clambda/bootstrap"))
    names, out, err = packed("this host's runtime", example("raw_echo"), clambda=lone)
    check_match("this host's runtime: warning", err,
                r"^clambda: warning: the runtime of this host .* it wants glibc 2\.\d+ or newer.*layers/release")
    checked = json.loads(run("check", "--json", path("lone/lib/clambda/bootstrap")).out)
    check("this host's runtime: what check says of it", f"it wants glibc {checked['glibc']} or newer" in err, True)
    check("this host's runtime: what runs it", "runtime provided.al2023, handler" in out,
          [int(n) for n in checked["glibc"].split(".")] > [2, 26])
    check("this host's runtime: files", [name for name, _ in names], ["bootstrap", "raw_echo.so"])
    code, out, err = package(arm("orders.so", example("raw_echo")), "-o", path("no.zip"), clambda=lone)
    check("no runtime for arm64", (code, out, os.path.exists(path("no.zip"))), (2, "", False))
    check_match("no runtime for arm64: message", err, "no runtime for arm64: '.*arm64/bootstrap' is missing; layers/rel")
    code, _, err = package("--layer", "--arch", "arm64", "-o", path("no.zip"), clambda=lone)
    check_match("no layer for arm64", f"{code} {err}", "^2 .*no runtime for arm64")
    names, out, err = packed("a runtime by variable", example("raw_echo"), clambda=lone,
                             env={"CLAMBDA_BOOTSTRAP": HOSTILE})
    check("a runtime by variable: no warning", err, "")


def check_options():
    clambda = installation()
    names, out, _ = packed("a layer", "--layer", clambda=clambda)
    check("a layer: files", names, [("bootstrap", PROGRAM)])
    check_match("a layer: the line", out, r"bytes, layer for runtime provided\.al2023 or provided\.al2, architecture x86_64 \(bootst")
    names, out, _ = packed("a layer for arm64", "--layer", "--arch", "arm64", clambda=clambda)
    check_match("a layer for arm64: the line", out, r"architecture arm64 \(bootstrap\)")
    names, out, err = packed("beside a layer", "--layer", example("raw_echo"))
    check("beside a layer: files", names, [("raw_echo.so", PROGRAM)])
    check_match("beside a layer: the line", out + err, r"runtime provided\.al2023 with a layer, handler raw_echo, arch")
    script = write("run.sh", "#!/bin/sh\nexit 0\n")
    names, out, err = packed("a script", "--bootstrap", script)
    check("a script: files", names, [("bootstrap", PROGRAM)])
    check_match("a script: the line", out + err, r"handler bootstrap, architecture x86_64 or arm64 \(bootstrap\)")
    names, out, _ = packed("a script with an architecture", "--bootstrap", script, "--arch=arm64")
    check_match("a script with an architecture: the line", out, "architecture arm64 ")
    names, out, err = packed("a program", "--bootstrap", HOSTILE, "--file", script)
    check("a program: files", names, [("bootstrap", PROGRAM), ("run.sh", FILE)])
    check_match("a program: the line", out + err, r"handler bootstrap, architecture x86_64 \(bootstrap, run\.sh\)")


def check_files():
    """--file: names, folders, links."""
    os.makedirs(path("conf/sub/deep"), exist_ok=True)
    os.makedirs(path("conf/none"), exist_ok=True)
    write("conf/b.txt", "b")
    write("conf/sub/deep/\u00f6.txt", "o")
    os.chmod(write("conf/tool", "#!/bin/sh\n"), 0o700)
    os.symlink("b.txt", path("conf/link"))
    base = ("--layer", example("raw_echo"), "--file")
    names, _, _ = packed("a folder", *base, path("conf/"))
    check("a folder: files", names,
          [("conf/b.txt", FILE), ("conf/link", FILE), ("conf/sub/deep/\u00f6.txt", FILE), ("conf/tool", PROGRAM),
           ("raw_echo.so", PROGRAM)])
    names, _, _ = packed("a folder by another name", *base, path("conf") + "=etc/x")
    check("a folder by another name", names[0], ("etc/x/b.txt", FILE))
    names, _, _ = packed("a folder at the top", *base, path("conf") + "=.")
    check("a folder at the top", [name for name, _ in names], ["b.txt", "link", "raw_echo.so", "sub/deep/\u00f6.txt",
                                                                "tool"])
    names, _, _ = packed("the working folder", *base, ".=here", cwd=path("conf/sub"))
    check("the working folder", names[0][0], "here/deep/\u00f6.txt")
    equal = write("a=b", "1")
    names, _, _ = packed("a name with =", *base, equal + "=c")
    check("a name with =", names[0][0], "c")
    for what, value, message in (
            ("a link out", "out", "is a link that leads out of its folder, to '/etc/hostname'"),
            ("a link to a folder", "dir", "is a link to a folder"),
            ("a dangling link", "gone", "No such file"),
            ("a pipe", "pipe", "is a pipe or a device"),
            ("a half zip", ".clambda-0123456789abcdef", "abcdef' is what a killed run has left of its output")):
        folder = path(f"odd-{value}")
        os.makedirs(folder)
        if value == "pipe":
            os.mkfifo(f"{folder}/pipe")
        elif value.startswith("."):
            write(f"odd-{value}/{value}", "PK")
        else:
            os.symlink({"out": "/etc/hostname", "dir": "..", "gone": "nowhere"}[value], f"{folder}/{value}")
        refuse(what, [*base, folder], message)
    write("conf/.clambda-notes", "")
    names, _, _ = packed("a name like it", *base, path("conf"))
    check("a name like it", names[0][0], "conf/.clambda-notes")
    for what, value, message in (
            ("no such file", "/nonexistent/x", "--file: '/nonexistent/x': No such file"),
            ("a pipe by itself", path("odd-pipe/pipe"), "is neither a regular file nor a folder"),
            ("no name", ".", "has no name of its own"),
            ("an empty name", path("conf/b.txt") + "=", "is not FILE or FILE=NAME"),
            ("a file at '.'", path("conf/b.txt") + "=.", "is no folder, and only a folder's content"),
            ("a name that leaves", path("conf/b.txt") + "=../x", "has '..' in its path"),
            ("an absolute name", path("conf/b.txt") + "=/x", "has an absolute path"),
            ("a name that is there", path("conf/b.txt") + "=raw_echo.so", "'raw_echo.so' would be there twice")):
        refuse(what, [*base, value], message)


def refuse(what, arguments, message, output="refused.zip", code=2):
    arguments = [*arguments, *(["-o", path(output)] if output else [])]
    before = sorted(os.listdir(path(".")))
    done = package(*arguments)
    check(f"{what}: exit code, stdout", done[:2], (code, ""))
    check_match(f"{what}: message", done[2], message)
    check(f"{what}: one line", done[2].count("\n"), 1)
    check(f"{what}: nothing is left", sorted(os.listdir(path("."))), before)


def check_refused():
    echo = example("raw_echo")
    library = f"{BUILD}/lib/clambda/deploy.so"
    big = path("big")
    with open(big, "wb") as file:
        file.truncate(LIMIT)
    dotted = shutil.copy(echo, path("my.orders.so"))
    spaced = shutil.copy(echo, path("my orders.so"))
    os.makedirs(path("other"), exist_ok=True)
    twin = shutil.copy(echo, path("other/raw_echo.so"))
    for what, arguments, message in (
            ("no arguments", [], "HANDLER.so is missing; or --bootstrap FILE"),
            ("not there", ["/nonexistent/x.so"], "'/nonexistent/x.so': No such file"),
            ("a source file", [f"{SOURCE}/examples/raw_echo/raw_echo.c"], "no handler file, its name does not end"),
            ("text called .so", [write("text.so", "int main")], "is no shared object: build one by cc -shared"),
            ("a cut object", [write("cut.so", read(echo)[:100])], "cut.so"),
            ("a program called .so", [shutil.copy(HOSTILE, path("program.so"))], "is a program, not a shared object"),
            ("an object file", [patched("object.so", echo, 16, RELOCATABLE)], "is not linked|relocatable"),
            ("no handler table", [library], r"exports no handler: LAMBDA_MODULE"),
            ("a dot in the name", [dotted], "'my.orders.so' has a dot in its name"),
            ("a space in the name", [spaced], "the handler of 'my orders.so'"),
            ("another machine", [patched("arm32.so", echo, 18, ARM32)], "is for a machine that Lambda has not got"),
            ("two architectures", [echo, arm("arm.so", echo)], "arm.so' is for arm64, and the package is for x86_64"),
            ("another architecture", [echo, "--arch", "arm64"], "is for x86_64, and the package is for arm64"),
            ("no architecture", [echo, "--arch", "aarch64"], "--arch: 'aarch64' is not an architecture of Lambda: x86"),
            ("the same name twice", [echo, twin], "'raw_echo.so' would be there twice, from '.*' and from"),
            ("a layer with a runtime", [echo, "--layer", "--bootstrap", HOSTILE], "--layer leaves the runtime out"),
            ("a bootstrap that is none", [echo, "--bootstrap", write("note", "hello")], "neither a program"),
            ("a library as bootstrap", ["--bootstrap", library], "neither a program"),
            ("no bootstrap", ["--bootstrap", "/nonexistent/b"], "--bootstrap: '/nonexistent/b': No such file"),
            ("a bootstrap of another architecture", [echo, "--bootstrap", arm("b", HOSTILE)], "--bootstrap: .* is for arm64"),
            ("two bootstraps", ["--bootstrap", HOSTILE, "--bootstrap", HOSTILE], "--bootstrap: was given twice"),
            ("too much", [echo, "--layer", "--file", big], f"Lambda takes packages of at most {LIMIT} bytes"),
            ("an unknown option", [echo, "--zip"], "unknown option --zip")):
        refuse(what, arguments, message)


def check_places():
    echo = example("raw_echo")
    os.makedirs(path("folder.zip"), exist_ok=True)
    for what, arguments, message in (
            ("no output", [echo], "-o FILE.zip is missing"),
            ("standard output", [echo, "-o", "-"], "not written to standard output"),
            ("a pipe", [echo, "-o", "/dev/stdout"], "is a pipe or a device"),
            ("a folder", [echo, "-o", path("folder.zip")], "is a folder, not a file"),
            ("a folder that is missing", [echo, "-o", path("none/x.zip")], "the folder '.*none' of 'x.zip': No such file"),
            ("one of the inputs", [path("mine.so"), "-o", path("mine.so")], "is also what would be written")):
        shutil.copy(echo, path("mine.so"))
        refuse(what, arguments, message, output=None)
    check("the input is as it was", read(path("mine.so")), read(echo))
    refuse("a read-only place", [echo, "-o", "/proc/x.zip"], "/proc/x.zip': ", output=None)
    write("there.zip", "old")
    code, _, _ = package(echo, "-o", path("there.zip"))
    check("what is there is replaced", (code, zipfile.is_zipfile(path("there.zip"))), (0, True))
    code, _, _ = package(echo, "-o", "here.zip", cwd=path("other"), umask=0o027)
    check("the mode is as the umask says", (code, os.stat(path("other/here.zip")).st_mode & 0o777), (0, 0o640))
    done = subprocess.run(["bash", "-c", 'ulimit -f 8; exec "$0" package "$1" -o "$2"', CLAMBDA, echo, path("full.zip")],
                          capture_output=True, text=True, timeout=60)
    check("a full disk: exit code", done.returncode, 3)
    check_match("a full disk: message", done.stderr, "cannot write '.*full.zip': .*File too large")
    check("a full disk: nothing is left", [n for n in os.listdir(path(".")) if "full" in n or n.startswith(".clamb")], [])


def check_same():
    """The bytes depend on nothing but content, names and modes that count."""
    trees, results = [path("one"), path("two")], []
    names = [f"n{i}" for i in range(20)]
    for tree, order in zip(trees, (names, names[::-1])):
        os.makedirs(f"{tree}/data/sub")
        for name in order:
            write(f"{os.path.basename(tree)}/data/sub/{name}", name * 100)
        shutil.copyfile(example("raw_echo"), f"{tree}/orders.so")
    for name in names:
        os.utime(f"{trees[1]}/data/sub/{name}", (1, 1))
        os.chmod(f"{trees[1]}/data/sub/{name}", 0o600)
    os.chmod(f"{trees[1]}/orders.so", 0o755)
    settings = ({"TZ": "UTC", "LC_ALL": "C", "HOME": "/root"}, 0o022), ({"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}, 0o077)
    for tree, (env, umask) in zip(trees, settings):
        absolute = tree.endswith("one")
        arguments = ["--file", f"{tree}/data", f"{tree}/orders.so"] if absolute else ["./orders.so", "--file=data"]
        code, _, err = package(*arguments, "-o", f"{tree}/f.zip", cwd=path(".") if absolute else tree,
                               env={**os.environ, **env}, umask=umask)
        check(f"same bytes: exit code ({err.strip()})", code, 0)
        results.append(read(f"{tree}/f.zip"))
    check("same bytes", results[0] == results[1], True)
    for tool in (["unzip", "-tqq"], ["bsdtar", "-tf"]):
        if not shutil.which(tool[0]):
            skip_part(f"{tool[0]} is not installed")
            continue
        done = subprocess.run([*tool, f"{trees[0]}/f.zip"], capture_output=True, text=True, timeout=60)
        check(f"{tool[0]} reads it", (done.returncode, done.stderr), (0, ""))
    with zipfile.ZipFile(f"{trees[0]}/f.zip") as archive:
        check("zipfile reads it", archive.testzip(), None)
        check("bootstrap comes first, the others by name", archive.namelist(),
              ["bootstrap"] + sorted([f"data/sub/{name}" for name in names] + ["orders.so"]))


def skip_part(reason):
    print(f"skipped: {reason}")
    if MUST:
        failures.append(reason)


def has_nameless(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))
        return True
    except OSError:
        return False


def is_writing(child, folder):
    """Whether it has a file of the folder open, with a name or without one."""
    fds = f"/proc/{child.pid}/fd"
    try:
        return any(os.readlink(f"{fds}/{fd}").startswith(f"{os.path.realpath(folder)}/") for fd in os.listdir(fds))
    except OSError:
        return False


def check_signals():
    """Interrupted while it writes, or killed: nothing is left, what was there stays."""
    noise = path("noise")
    with open(noise, "wb") as file:
        file.write(os.urandom(60 << 20))
    os.makedirs(path("signals"))
    write("signals/f.zip", "old")
    ends = {signal.SIGINT: 130, signal.SIGTERM: 130, signal.SIGHUP: 130}
    if has_nameless(path("signals")):
        ends[signal.SIGKILL] = -signal.SIGKILL
    for number, code in ends.items():
        child = subprocess.Popen([CLAMBDA, "package", example("raw_echo"), "--file", noise, "-o", path("signals/f.zip")],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not is_writing(child, path("signals")) and child.poll() is None:
            time.sleep(0.001)
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
        check(f"{number.name}: exit code", child.returncode, code)
        check(f"{number.name}: silent", (out, err), (b"", b""))
        check(f"{number.name}: nothing is left", os.listdir(path("signals")), ["f.zip"])
    check("what was there stays", read(path("signals/f.zip")), b"old")
    os.unlink(noise)


def check_hello():
    """The size that counts is that of the release build."""
    if not os.path.exists(f"{BUILD}/lib/clambda/x86_64/bootstrap"):
        skip_part("there is no release build of the runtime (layers/release): the size of a hello zip")
        return
    code, _, err = package(example("raw_echo"), "-o", path("hello.zip"))
    size = os.path.getsize(path("hello.zip"))
    print(f"a hello zip has {size} bytes")
    check("hello: exit code, no warning", (code, err), (0, ""))
    check(f"hello: {size} bytes are at most {HELLO_MAX}", size <= HELLO_MAX, True)


def answers(folder):
    with open(f"{SOURCE}/examples/{folder}/expected.json", encoding="utf-8") as file:
        return json.load(file)


def check_runs():
    event = f"{SOURCE}/examples/sqs_batch/event.json"
    package(example("sqs_batch"), "-o", path("f.zip"))
    done = run("invoke", path("f.zip"), "-e", event)
    check("a zip runs", (done.code, json.loads(done.out or "null")), (0, answers("sqs_batch")))
    package("--layer", "-o", path("rt.zip"))
    package("--layer", example("sqs_batch"), "-o", path("bare.zip"))
    done = run("invoke", path("bare.zip"), "--layer", path("rt.zip"), "-e", event)
    check("a zip and its layer run", (done.code, json.loads(done.out or "null")), (0, answers("sqs_batch")))
    package(example("sqs_batch"), example("raw_echo"), "-o", path("both.zip"))
    done = run("invoke", path("both.zip"), "--handler", "raw_echo", "-e", write("echo.json", '{"a":1}'))
    check("one of two handlers runs", (done.code, json.loads(done.out or "null")), (0, {"a": 1}))
    package("--bootstrap", HOSTILE, "--file", write("data.txt", "x") + "=lib/data.txt", "-o", path("own.zip"))
    done = run("invoke", path("own.zip"), "-e", write("deed.json", '{"do":"echo"}'))
    check("another runtime runs", (done.code, done.out), (0, '{"do":"echo"}\n'))


check_content()
check_image_handlers()
check_host()
check_options()
check_files()
check_refused()
check_places()
check_same()
check_signals()
check_hello()
need_sandbox()
check_runs()
finish()
