# SPDX-License-Identifier: Apache-2.0
"""Modules that can and cannot be loaded, hooks, C++."""
import json
import os
import resource
import tempfile

import harness
from harness import error_of, has, response_of, run, same, test
from runtime_api import Reply


def fails_in_init(handler, kind, *words, env=None):
    result = run(handler, [Reply(b"1")], env=env)
    same(result.code, 1)
    same(len(result.polls), 0)
    post = result.posts[0]
    same(post.path, "/2018-06-01/runtime/init/error")
    document = json.loads(post.body)
    same(document["errorType"], kind)
    same(document["stackTrace"], [])
    for word in words:
        has(document["errorMessage"], word)
        has(result.err, word)
    return post


@test("modules")
def names():
    for handler in ("echo", "echo.so", "echo.lambda_module", "echo.so.lambda_module"):
        same(response_of(run(handler, [Reply(b"1")])), b"1")
    same(response_of(run("echo.other", [Reply(b"1")])), b'"other"')


@test("modules")
def bad_names():
    for handler in ("", "/etc/x", "../echo", "echo.", "echo.a-b"):
        fails_in_init(handler, "Runtime.MalformedHandlerName")


@test("modules")
def missing():
    fails_in_init("nothing", "Runtime.ImportModuleError", "there is no 'nothing.so'",
                  harness.options.handlers, "/opt/lib")
    fails_in_init("echo.nothing", "Runtime.HandlerNotFound", "undefined symbol: nothing")
    fails_in_init("unresolved", "Runtime.ImportModuleError",
                  "undefined symbol: function_that_nobody_has")
    fails_in_init("needs_gone", "Runtime.ImportModuleError", "libgone.so: cannot open shared object")


@test("modules")
def wrong():
    post = fails_in_init("aged.other_abi", "Runtime.ImportModuleError", "version 2")
    same(post.headers["lambda-runtime-function-error-type"], "Runtime.ImportModuleError")
    fails_in_init("aged.other_size", "Runtime.ImportModuleError", "same release")
    fails_in_init("aged.no_events", "Runtime.HandlerNotFound", "only hooks")
    for name in ("function", "small"):
        fails_in_init("aged." + name, "Runtime.HandlerNotFound", "'%s' in '" % name, "is no module")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "text.so"), "w") as f:
            f.write("no library\n")
        fails_in_init("text", "Runtime.ImportModuleError", "cannot load", "text.so",
                      env={"LAMBDA_TASK_ROOT": folder})


@test("modules")
def no_shared_objects():
    """Each file says what it is instead, and none ends the process by a signal."""
    with open(os.path.join(harness.options.handlers, "echo.so"), "rb") as f:
        good = f.read()

    def patched(at, data):
        return good[:at] + data + good[at + len(data):]

    cases = [(good[:n], "cut off") for n in (64, 65, 500, 4096, 8192, len(good) // 2, len(good) - 1)
             if n < len(good)]
    cases += [(b"", "no ELF file"), (good[:3], "no ELF file"), (good[:40], "cut off"),
              (patched(18, b"\x28\0"), "built for 32-bit arm, and this is "),
              (patched(18, b"\x03\0"), "built for 32-bit x86"), (patched(4, b"\1"), "no 64-bit object"),
              (patched(16, b"\1\0"), "-shared -fPIC"), (patched(16, b"\2\0"), "-shared -fPIC"),
              (patched(54, b"\x20\0"), "head is damaged"), (patched(56, b"\xff\xff"), "head is damaged"),
              (patched(32, b"\xff" * 8), "cut off"), (patched(40, b"\xff" * 8), "cut off")]
    with tempfile.TemporaryDirectory() as folder:
        for data, word in cases:
            with open(os.path.join(folder, "bad.so"), "wb") as f:
                f.write(data)
            fails_in_init("bad", "Runtime.ImportModuleError", "cannot load '%s/bad.so': " % folder, word,
                          env={"LAMBDA_TASK_ROOT": folder})
        os.unlink(os.path.join(folder, "bad.so"))
        os.mkdir(os.path.join(folder, "bad.so"))
        fails_in_init("bad", "Runtime.ImportModuleError", "Is a directory", env={"LAMBDA_TASK_ROOT": folder})


@test("modules")
def hooks():
    result = run("hooks", [Reply(b"1"), Reply(b"2")])
    same(result.code, 0)
    has(result.err, "\t-\tINFO\tstarted\n")
    same(result.out, "ended after 2\n")
    post = fails_in_init("hooks", "NoDatabase", "nobody answers at home", env={"HOOKS_FAIL": "home"})
    same(post.headers["lambda-runtime-function-error-type"], "Function.NoDatabase")
    fails_in_init("hooks", "Function.HandlerFailed", "the init hook returned 3",
                  env={"HOOKS_SILENT": "1"})


@test("modules")
def no_room():
    """What the system refuses to the runtime itself."""
    if harness.options.sanitized:
        return
    limit = 50 << 20
    result = run("hooks", [], preexec=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    same(result.code, 1)
    same([p.path for p in result.posts], ["/2018-06-01/runtime/init/error"])
    same(json.loads(result.posts[0].body)["errorType"], "Runtime.InitError")


@test("modules")
def cpp():
    result = run("plus", [Reply(b"[1]"), Reply(b'"catch"')])
    same(response_of(result), b'{"got":[1]}')
    same(error_of(result, 1)["errorType"], "Caught")
    has(run("plus", [Reply(b'"values"')]).err, "values most=18446744073709551615 size=8 long=1.5 "
        'least=-9223372036854775808 text="\\"values\\""')
    result = run("plus", [Reply(b'"throw"')])
    same((result.code, error_of(result)["errorType"]), (0, "Runtime.Crash"))
    has(result.err, "thrown by the handler")
    has(result.err, "SIGABRT")
