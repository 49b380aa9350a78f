#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clambda check: each rule is broken by a package that breaks no other, good packages pass, and what
it says is what clambda invoke does. test_check.py CLAMBDA HOSTILE BUILD-FOLDER"""
import fcntl
import json
import os
import pty
import re
import shutil
import stat
import struct
import subprocess
import sys
import termios

from harness import CLAMBDA, MUST, check, check_match, finish, invoke, need_sandbox, path, run, write
from packages import (CLASS_AT, compiled, encrypted, entry, folder_of, for_arm, link, patched, program, read, renamed,
                      stripped, zip_of)

BUILD = sys.argv[3]
LIMIT, ZIP_LIMIT = 262144000, 52428800
PROGRAM = program()
HANDLER = stripped("handler", f"{BUILD}/examples/sqs_batch.so")
OURS = stripped("ours", f"{BUILD}/bin/bootstrap")
GOOD = ("bootstrap", PROGRAM)
OWN = [("bootstrap", OURS), ("orders.so", HANDLER)]
# A build for AddressSanitizer needs a library that Lambda has not got.
OWN_ERRORS = {"library"} if b"libasan.so" in OURS else set()
provoked = set()


def reports(*arguments, **more):
    done = run("check", "--json", *arguments, **more)
    return done, [json.loads(line) for line in done.lines]


def rules_of(report, severity):
    return {f["rule"] for f in report["findings"] if f["severity"] == severity}


def expect(what, arguments, errors=(), warnings=(), says="", env=None):
    """The rules that the package breaks, and no other; says: what is in one of the texts."""
    done, found = reports(*arguments, env=env)
    if len(found) != 1:
        check(f"{what}: one report", (done.out, done.err), None)
        return
    report, = found
    check(f"{what}: errors", rules_of(report, "error"), set(errors))
    check(f"{what}: warnings", rules_of(report, "warning"), set(warnings))
    check(f"{what}: exit code", (done.code, report["ok"], done.err), (1 if errors else 0, not errors, ""))
    texts = " ".join(" ".join(f.values()) for f in report["findings"])
    check(f"{what}: says '{says}'", says in texts, True)
    for f in report["findings"]:
        provoked.add(f["rule"])
        check(f"{what}: {f['rule']} is explained", [k for k in ("what", "why", "fix") if not f[k]], [])
    if texts and not all(f["what"] for f in report["findings"]):
        print(f"# {report}")


def needs(name, *flags, text="int main(void) { return 0; }\n", compiler="cc"):
    """A stripped program of a few lines."""
    return stripped(f"{name}-stripped", compiled(name, text, *flags, compiler=compiler))


def handler_object(name, text, *flags):
    return needs(name, "-shared", "-fPIC", "-Wl,--no-as-needed", *flags, text=text)


TABLE = """__attribute__((visibility("default"))) const struct { unsigned abi, size, row, rows; const void *a; }
lambda_module = {%d, 24, %d, 0, 0};
"""
THREADS = """#include <condition_variable>
int main(int argc, char **) { std::mutex m; std::unique_lock<std::mutex> l(m); std::condition_variable c;
if (argc > 9) c.wait(l); }
"""


def check_good():
    """Each for both runtimes where that is so."""
    rows = [
        ("a static program", zip_of("static.zip", GOOD), ("al2", "al2023")),
        ("its folder", folder_of("static", GOOD), ("al2", "al2023")),
        ("a shell script", zip_of("shell.zip", ("bootstrap", b"#!/bin/sh\nexec /var/task/fn\n"), ("fn", PROGRAM)),
         ("al2", "al2023")),
        ("bash by way of env", zip_of("env.zip", ("bootstrap", b"#!/usr/bin/env bash\n")), ("al2", "al2023")),
        ("a lone program", write("bootstrap", PROGRAM), ("al2", "al2023")),
        ("for arm64", zip_of("arm.zip", ("bootstrap", for_arm(PROGRAM))), ("al2", "al2023")),
        ("a library of its own", zip_of("lib.zip", ("bootstrap", needs_own()), ("lib/libown.so", own_library())),
         ("al2023",)),
        ("a link inside", zip_of("link.zip", ("fn", PROGRAM), link("bootstrap", "fn")), ("al2", "al2023")),
    ]
    for what, package, profiles in rows:
        os.chmod(package, 0o755)
        for profile in profiles:
            expect(f"{what}, {profile}", [package, "--profile", profile])
    expect("this project's, al2023", [zip_of("own.zip", *OWN)], OWN_ERRORS)
    expect("a handler file", [write("orders.so", HANDLER)], OWN_ERRORS, env={"CLAMBDA_BOOTSTRAP": write("ours", OURS)})


def own_library():
    return needs("libown.so", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libown.so",
                 text="int own(void) { return 1; }\n")


def needs_own():
    """A program that needs libown.so."""
    own_library()
    folder = os.path.dirname(path("libown.so"))
    return needs("needs-own", f"-L{folder}", "-lown", text="int own(void);\nint main(void) { return own(); }\n")


def bootstraps():
    """What is wrong with the file that Lambda starts."""
    crlf = b"#!/bin/sh\r\nexec /var/task/fn\r\n"
    yield "no bootstrap", [zip_of("none.zip", ("fn", PROGRAM))], {"bootstrap"}, (), \
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    yield "a folder too deep", [zip_of("deep.zip", ("package/bootstrap", PROGRAM))], {"bootstrap"}, (), \
        "package/bootstrap"
    yield "handlers alone", [zip_of("alone.zip", ("orders.so", HANDLER))], {"bootstrap"}, (), "clambda package"
    yield "not executable", [zip_of("mode.zip", entry("bootstrap", PROGRAM, 0o644))], {"mode"}, (), \
        "fork/exec /var/task/bootstrap: permission denied"
    yield "executable for its owner", [zip_of("owner.zip", entry("bootstrap", PROGRAM, 0o744))], {"mode"}, (), \
        "permission denied"
    yield "CRLF", [zip_of("crlf.zip", ("bootstrap", crlf))], {"script"}, (), "no such file or directory"
    yield "python", [zip_of("python.zip", ("bootstrap", b"#!/usr/bin/python3\n"))], {"script"}, (), \
        "/usr/bin/python3"
    yield "no first line", [zip_of("plain.zip", ("bootstrap", b"exec true\n"))], {"bootstrap"}, (), \
        "exec format error"
    yield "empty", [zip_of("empty.zip", ("bootstrap", b""))], {"bootstrap"}, (), "exec format error"
    yield "a folder for a bootstrap", [zip_of("dir.zip", ("bootstrap/x", PROGRAM))], {"bootstrap"}, (), ""


def programs():
    """What ELF files need and Lambda has not got."""
    arm = ("bootstrap", for_arm(PROGRAM))
    yield "wrong architecture", [zip_of("arch.zip", arm), "--arch", "x86_64"], {"architecture"}, (), "arm64"
    yield "mixed", [zip_of("mixed.zip", GOOD, ("x.so", for_arm(HANDLER)))], {"architecture"}, (), "x.so"
    yield "32 bits", [zip_of("bits.zip", ("bootstrap", read(patched("bits", PROGRAM, CLASS_AT, "B", 1))))], \
        {"architecture"}, (), "32"
    yield "glibc, al2", [zip_of("glibc.zip", ("bootstrap", needs("glibc"))), "--profile", "al2"], {"glibc-version"}, (), \
        "GLIBC_2.34 of libc.so.6 (__libc_start_main"
    yield "C++, al2", [zip_of("cxx.zip", ("bootstrap", needs("cxx", text=THREADS, compiler="g++"))), "--profile", "al2"], \
        {"glibc-version", "library-version"}, (), "GLIBCXX_3.4.30 of libstdc++.so.6 (_ZNSt18condition_variable4wait"
    yield "C++, al2023", [zip_of("cxx.zip", ("bootstrap", needs("cxx", text=THREADS, compiler="g++")))], \
        {"library-version"}, (), "build it by zig c++ -target "
    yield "C++ in it, al2", [zip_of("cxs.zip", ("bootstrap", needs("cxs", "-static-libstdc++", "-static-libgcc", text=THREADS,
                                                                   compiler="g++"))), "--profile", "al2"], \
        {"glibc-version"}, (), "GLIBC_2.3"
    yield "no such library", [zip_of("lib.zip", ("bootstrap", needs_own()))], {"library"}, (), "libown.so"
    yield "interpreter", [zip_of("interp.zip", ("bootstrap", needs("interp", "-Wl,--dynamic-linker=/lib/ld-none.so.9")))], \
        {"interpreter"}, (), "/lib/ld-none.so.9"
    if shutil.which("musl-gcc") or MUST:
        yield "musl", [zip_of("musl.zip", ("bootstrap", needs("musl", compiler="musl-gcc")))], \
            {"interpreter", "library"}, (), "/lib/ld-musl-x86_64.so.1"
        yield "static musl", [zip_of("muslst.zip", ("bootstrap", needs("muslst", "-static", compiler="musl-gcc")))], \
            (), (), ""
    stack = needs("stack", "-z", "execstack")
    yield "executable stack", [zip_of("stack.zip", ("bootstrap", stack))], (), {"executable-stack"}, ""
    text = "int x;\n__asm__(\".text\\n.quad x\\n\");\n"
    relocated = needs("text.so", "-shared", "-fPIC", "-nostdlib", "-Wl,-z,notext", text=text)
    yield "relocations of code", [zip_of("text.zip", GOOD, ("x.so", relocated))], (), {"text-relocations"}, "x.so"
    yield "run path", [zip_of("run.zip", ("bootstrap", needs("run", "-Wl,-rpath,/home/me/lib")))], (), {"run-path"}, \
        "/home/me/lib"
    yield "debug information", [zip_of("debug.zip", ("bootstrap", read(compiled("debug", "int main(void) {}\n", "-g"))))], \
        (), {"debug-info"}, "strip"
    yield "damaged", [zip_of("damaged.zip", ("bootstrap", OURS[:200]))], {"elf"}, (), "is cut off"
    yield "damaged and unused", [zip_of("unused.zip", GOOD, ("x.so", HANDLER[:200]))], (), {"elf"}, "x.so"
    shadowed = needs("libz.so.1", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libz.so.1", text="int zlibVersion(void) { return 1; }\n")
    yield "hidden by the image's", [zip_of("z.zip", ("bootstrap", needs("z", path("libz.so.1"), "-Wl,--no-as-needed", text="int zlibVersion(void); int main(void) { return zlibVersion(); }\n")),
                                           ("lib/libz.so.1", shadowed))], (), {"shadowed"}, "libz.so.1"


def handlers():
    """What is wrong with the handlers of this project."""
    text = "extern int nobody_has(void);\n" + TABLE % (1, 72) + "int (*const use)(void) = nobody_has;\n"
    yield "unresolved", [zip_of("sym.zip", OWN[0], ("orders.so", handler_object("sym.so", text)))], {"symbol"} | OWN_ERRORS, \
        (), "nobody_has"
    for symbol, errors, warnings, says in (("missing_fn", {"symbol"}, (), "undefined symbol: missing_fn"),
                                           ("cos", {"symbol"}, (), "link with -lm, which defines cos; the image has it"),
                                           ("memcpy", (), {"symbol"}, "link it with all that it uses")):
        text = f"extern int {symbol}(void);\n" + TABLE % (1, 72) + f"int (*const use)(void) = {symbol};\n"
        alone = handler_object(f"{symbol}.so", text, "-nostdlib", "-fno-builtin")
        yield f"{symbol} of no library", [zip_of(f"{symbol}.zip", OWN[0], ("orders.so", alone))], set(errors) | OWN_ERRORS, \
            warnings, says
    yield "no table", [zip_of("table.zip", OWN[0], ("orders.so", handler_object("table.so", "int x(void) { return 1; }\n"))),
                       "--handler", "orders"], {"handler"} | OWN_ERRORS, (), "LAMBDA_MODULE"
    yield "no table at all", [zip_of("table.zip", OWN[0], ("orders.so", handler_object("table.so", "int x(void) { return 1; }\n")))], \
        {"handler"} | OWN_ERRORS, (), "LAMBDA_MODULE"
    yield "other ABI", [zip_of("abi.zip", OWN[0], ("orders.so", handler_object("abi.so", TABLE % (99, 72))))], \
        {"handler"} | OWN_ERRORS, (), "99"
    yield "other handlers", [zip_of("rows.zip", OWN[0], ("orders.so", handler_object("rows.so", TABLE % (1, 80))))], \
        {"handler"} | OWN_ERRORS, (), "with handlers of 80"
    for name, says in (("bills", "there is no 'bills.so'"), ("order", "set the function's handler to one that is there: 'orders'"),
                       ("order.so", "a handler is called like its file, without '.so'; set")):
        yield f"no such handler: {name}", [zip_of("own.zip", *OWN), "--handler", name], {"handler"} | OWN_ERRORS, (), says
    if not os.path.exists(f"{BUILD}/lib/clambda/arm64/bootstrap") and os.uname().machine == "x86_64":
        yield "a file for a machine without a runtime here", [write("lone.so", for_arm(HANDLER))], OWN_ERRORS, {"bootstrap"}, \
            "there is none for arm64 here"
    yield "no such symbol", [zip_of("own.zip", *OWN), "--handler", "orders.bills"], {"handler"} | OWN_ERRORS, (), "bills"


def zips():
    """What is wrong with the zip."""
    good = zip_of("good.zip", GOOD)
    passwd = ("../../etc/passwd", b"x")
    yield "leads out", [zip_of("link.zip", GOOD, link("x", "../../etc/passwd"))], {"link"}, (), "../../etc/passwd"
    yield "twice", [zip_of("twice.zip", GOOD, GOOD)], {"path"}, (), "bootstrap"
    yield "..", [zip_of("up.zip", GOOD, passwd)], {"path"}, (), "../../etc/passwd"
    yield "absolute", [zip_of("abs.zip", GOOD, ("/etc/passwd", b"x"))], {"path"}, (), "/etc/passwd"
    yield "backslash", [zip_of("back.zip", GOOD, ("lib\\x", b"x"))], {"path"}, (), "lib\\x"
    yield "a device", [zip_of("dev.zip", GOOD, entry("null", b"", stat.S_IFCHR | 0o666))], {"zip"}, (), "null"
    yield "unreadable", [zip_of("read.zip", GOOD, entry("data", b"x", 0o600))], (), {"mode"}, "data"
    yield "encrypted", [encrypted("enc.zip", good)], {"zip"}, (), "encrypted"
    yield "truncated", [write("cut.zip", read(good)[:-30])], {"zip"}, (), "unzip"
    yield "no zip", [write("text.zip", "hello")], {"zip"}, (), ""
    yield "no file", [zip_of("nothing.zip")], {"zip"}, (), ""
    yield "over 50 MB", [zip_of("big.zip", GOOD, ("zeros", bytes(ZIP_LIMIT)), stored=True)], (), {"size"}, "S3"
    yield "over 250 MB", [zip_of("huge.zip", GOOD, ("zeros", bytes(LIMIT)))], {"size"}, (), str(LIMIT)


def layers():
    """What only layers do."""
    handler = zip_of("alone.zip", ("orders.so", HANDLER))
    runtime = zip_of("runtime.zip", ("bootstrap", OURS))
    many = [x for i in range(6) for x in ("--layer", zip_of(f"layer{i}.zip", (f"f{i}", b"x")))]
    half = zip_of("half.zip", ("zeros", bytes(LIMIT // 2)))
    yield "runtime layer", [handler, "--layer", runtime], OWN_ERRORS, (), ""
    yield "function and layer", [zip_of("own.zip", *OWN), "--layer", runtime], OWN_ERRORS, (), ""
    yield "layer of another machine", [zip_of("good.zip", GOOD), "--layer", zip_of("armlayer.zip", ("x", for_arm(PROGRAM)))], \
        (), {"architecture"}, "armlayer.zip"
    yield "library of a layer", [zip_of("lib.zip", ("bootstrap", needs_own())), "--layer",
                                 zip_of("liblayer.zip", ("lib/libown.so", own_library()))], (), (), ""
    yield "six layers", [zip_of("good.zip", GOOD), *many], {"layers"}, (), "5"
    yield "too large together", [zip_of("good.zip", GOOD), "--layer", half, "--layer", half], {"size"}, (), ""


def environments():
    good = zip_of("good.zip", GOOD)
    yield "reserved", [good, "--env", "AWS_REGION=x"], {"environment-reserved"}, (), "Reserved keys used in this request"
    yield "name", [good, "--env", "1=x"], {"environment-name"}, (), "[a-zA-Z]([a-zA-Z0-9_])+"
    yield "4 KB", [good, "--env", "A1=" + "x" * 4096], {"environment-size"}, (), "exceeded the 4KB limit"
    yield "a file", [good, "--env-file", write("env.list", "GOOD=1\n_HANDLER=x\n")], {"environment-reserved"}, (), "line 2"


def check_bad():
    for group in (bootstraps, programs, handlers, zips, layers, environments):
        for row in group():
            expect(*row)


def check_all_rules():
    """No rule that nothing has broken above."""
    done = run("check", "--help")
    listed = re.search(r"^Rules:\n((?:  .*\n)+)", done.out, re.M)
    names = re.findall(r"^  ([a-z0-9-]+) ", listed[1] if listed else "", re.M)
    check("rules are listed once", sorted(set(names)), sorted(names))
    check("rules without a package that breaks them", sorted(set(names) - provoked), [])
    check("rules that are not listed", sorted(provoked - set(names)), [])


# arguments after "check", what the message must have
USAGE = [
    ([], "FILE is missing"),
    (["/nonexistent/f.zip"], "/nonexistent/f.zip"),
    (["GOOD", "--profile", "al1"], "--profile: 'al1' is not a profile: al2023 or al2"),
    (["GOOD", "--arch", "amd64"], "--arch: 'amd64' is not an architecture of Lambda: x86_64 or arm64"),
    (["GOOD", "--handler", "a b"], "--handler: 'a b' is not a handler"),
    (["GOOD", "--layer", "/nonexistent/l.zip"], "/nonexistent/l.zip"),
    (["GOOD", "--env", "X"], "--env: 'X' is not NAME=VALUE"),
    (["GOOD", "--env-file", "/nonexistent/env"], "--env-file: open '/nonexistent/env': No such file"),
    (["GOOD", "--frobnicate"], "unknown option --frobnicate: 'clambda check --help' lists them"),
    (["/dev/null"], "/dev/null"),
]


def check_usage():
    good = zip_of("good.zip", GOOD)
    for arguments, message in USAGE:
        done = run("check", *[good if a == "GOOD" else a for a in arguments])
        name = " ".join(arguments)[:60]
        check(f"usage: {name}: exit code and stdout", (done.code, done.out), (2, ""))
        check(f"usage: {name}: message: {message}", message in done.err, True)
        check(f"usage: {name}: one line", len(done.err.splitlines()), 1)


def check_endless():
    """Few bytes that ask for searches without end: an answer all the same."""
    folders = ":".join(f"/{i:x}" for i in range(20000))
    program = needs("endless", f"-Wl,--disable-new-dtags,-rpath,{folders}")
    package = zip_of("endless.zip", ("bootstrap", program), *((f"p{i}", program) for i in range(150)))
    done = run("check", package)
    check("searches without end", (done.code, done.out), (2, ""))
    check("and why", "needs libraries from more folders than are looked at" in done.err, True)


def check_image():
    """What is no package: the way to one is told."""
    folder = folder_of("layout", ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", b"{}"))
    done = run("check", folder)
    check("an image layout", (done.code, done.out), (2, ""))
    check_match("and how to check what is in it", done.err, r"is an image layout, .*umoci unpack .*, or check the zip of the same files\n$")


def check_unknown_arch():
    """A script runs on both machines."""
    script = zip_of("script.zip", ("bootstrap", b"#!/bin/sh\n"))
    done, found = reports(script)
    check("a script has no architecture", (done.code, found[0]["architecture"]), (0, None))
    check("unless it is asked for", reports(script, "--arch", "arm64")[1][0]["architecture"], "arm64")
    check_match("nor has the first line", run("check", script).out, r".*script\.zip for provided\.al2023;")


def check_several():
    """Each file is told about; the worst counts."""
    good, bad = zip_of("good.zip", GOOD), zip_of("none.zip", ("fn", PROGRAM))
    done, found = reports(good, bad)
    check("two files", (done.code, [(r["path"], r["ok"]) for r in found]), (1, [(good, True), (bad, False)]))
    done, found = reports("/nonexistent", good)
    check("one of them is not there", (done.code, len(found), done.err.count("\n")), (2, 1, 1))
    done = run("check", good, bad)
    check("two verdicts", len(re.findall(r": would (?:not )?run on provided\.al2023, x86_64", done.out)), 2)


def on_terminal(*arguments, columns, **env):
    """What the command writes to a terminal of that width."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([CLAMBDA, "check", *arguments], stdin=subprocess.DEVNULL, stdout=follower,
                             env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **env})
    os.close(follower)
    text = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(leader)
    child.wait(timeout=60)
    return text.decode(errors="surrogateescape").replace("\r\n", "\n")


def check_terminal():
    """Colour and width; what stands in the package does not drive the terminal."""
    package = zip_of("evil.zip", ("fn", PROGRAM), ("../\033[2J\033]0;x\a\u202egpj", b"x"))
    for columns in (60, 120):
        text = on_terminal(package, columns=columns)
        plain = re.sub(r"\033\[[0-9]*m", "", text)
        check(f"{columns} columns: colour", "\033[31merror\033[0m" in text, True)
        check(f"{columns} columns: nothing but colour", re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", plain), [])
        check(f"{columns} columns: width", [line for line in plain.splitlines() if len(line) > columns], [])
        check_match(f"{columns} columns: visible", re.sub(r"\n *", "", plain), r"\.\./.\[2J.\]0;x.\\u202egpj: ")
    check("NO_COLOR", "\033" in on_terminal(package, columns=80, NO_COLOR="1"), False)
    check("a pipe", "\033" in run("check", package).out, False)


def check_project():
    """What this build itself would do on Lambda."""
    done, found = reports(f"{BUILD}/bin", "--profile", "al2")
    check("build/bin, al2: exit code", done.code, 1)
    check("bootstrap and clambda are among its files", {"bootstrap", "clambda"} - {f["where"] for f in found[0]["findings"]}, set())
    glibc = [f for f in found[0]["findings"] if f["rule"] == "glibc-version" and f["where"].endswith("bootstrap")]
    check_match("build/bin, al2: the release build is named first", glibc[0]["fix"] if glibc else "", r"layers/release makes ")
    check_match("build/bin, al2: names symbols", glibc[0]["what"] if glibc else "", r"GLIBC_2\.34 of libc\.so\.6 \([a-z_]+, ")
    for arch in ("x86_64", "arm64"):
        release = f"{BUILD}/lib/clambda/{arch}/bootstrap"
        if os.path.exists(release):
            package = zip_of(f"release-{arch}.zip", ("bootstrap", read(release)))
            for profile in ("al2", "al2023"):
                expect(f"release for {arch}, {profile}", [package, "--profile", profile, "--arch", arch])
        else:
            print(f"# no release build for {arch}: layers/release makes it")


def check_same_as_invoke():
    """What would run does run; what would not fails for the reason that was given."""
    need_sandbox()
    echo = '{"do":"echo"}'
    for name in ("static.zip", "static", "link.zip"):
        check(f"{name} runs", invoke(path(name), echo).code, 0)
    layered = ("--layer", path("runtime.zip"))
    done = run("invoke", path("alone.zip"), *layered, "-e", write("sqs.json", run("event", "sqs").out))
    check("a handler with a runtime layer runs", (done.code, done.out), (0, '{"batchItemFailures":[]}\n'))
    for name in ("none.zip", "mode.zip", "plain.zip"):
        package = path(name)
        done, found = reports(package)
        failed = invoke(package, echo)
        message = json.loads(failed.out)["errorMessage"].split("Error: ")[-1]
        check(f"{name} fails as it was told: {message}",
              (failed.code, any(message in f["why"] for f in found[0]["findings"])), (1, True))


check_good()
check_bad()
check_all_rules()
check_usage()
check_image()
check_unknown_arch()
check_several()
check_endless()
check_terminal()
check_project()
check_same_as_invoke()
finish()
