#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function's image by the Dockerfile: what is in it is proven for al2 and al2023; in a container without any right it answers
HTTP, and Lambda's Runtime API where there is one.

test_function.py CLAMBDA"""
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import engine
import image
from verdicts import check, failures, skip

sys.path.insert(0, f"{image.ROOT}/tests/integration")
import runtime_api  # noqa: E402

CLAMBDA = sys.argv[1]
TOOLS = ("buildah", "mmdebstrap", "runc")
# Linked against this machine's glibc: what that has since 2.36 is newer than al2023's.
TOO_NEW = """#include <lambda.h>

unsigned arc4random_uniform(unsigned upper);

static int dice(lambda_ctx *ctx, lambda_str event)
{
    unsigned n = arc4random_uniform(6);

    (void)event;
    return lambda_reply(ctx, &n, sizeof n);
}

LAMBDA_MODULE(LAMBDA_RAW(dice));
"""


def example(name, file):
    with open(f"{image.ROOT}/examples/{name}/{file}", "rb") as opened:
        return opened.read()


def without_rights(root, config, env):
    """As platforms run images: an ordinary user, no capability, nothing can be written; the host's network."""
    made = engine.config(root)
    made["process"].update(user={"uid": 65534, "gid": 65534}, cwd=config["WorkingDir"], noNewPrivileges=True,
                           env=[*config["Env"], *[f"{key}={value}" for key, value in env.items()]])
    engine.capabilities(made, [])
    made["root"]["readonly"] = True
    namespaces = made["linux"]["namespaces"]
    made["linux"]["namespaces"] = [row for row in namespaces if row["type"] != "network"]
    return made


def post(port, body):
    """Status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def port_of(messages):
    """Where it listens, a port of its own choice; None and what it has said when it ends before."""
    said = b""
    while line := messages.readline():
        said += line
        if found := re.search(rb"listens on port (\d+)\n", line):
            return int(found[1]), said
    return None, said


def check_http(what, root, config, event, expected):
    made = without_rights(root, config, {"PORT": 0})
    with engine.running(made, [*config["Entrypoint"], *config["Cmd"]]) as process:
        port, said = port_of(process.stderr)
        got = post(port, event) if port else said
        check(f"{what}: answers HTTP POST", got == (200, expected), got)
        process.terminate()
        code = process.wait()
        check(f"{what}: ends when it is told to", code == 0, process.stderr.read().decode())


def check_lambda(what, root, config, event, expected, env):
    """Lambda gives the Runtime API's address; the entry point then is the runtime itself."""
    api = runtime_api.Api([runtime_api.Reply(event)])
    made = without_rights(root, config, {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.port}", **env})
    with engine.running(made, [*config["Entrypoint"], *config["Cmd"]]) as process:
        while not api.idle.wait(0.05) and process.poll() is None:
            pass
        process.terminate()
        _, err = process.communicate()
    api.close()
    posts = [(request.path.rsplit("/", 1)[1], request.body) for request in api.posts()]
    check(f"{what}: answers the Runtime API", posts == [("response", expected)], f"{posts}\n{err.decode()}")


def check_files(what, root, work):
    """Once more, and not by the one who built it: nothing wants more than even al2 has."""
    package = tempfile.mkdtemp(dir=work)
    for name in ("runtime/bootstrap", "runtime/gateway", "task/handler.so"):
        shutil.copy(f"{root}/var/{name}", package)
    done = subprocess.run([CLAMBDA, "check", package, "--profile", "al2", "--handler", "handler", "--json"],
                          capture_output=True, text=True)
    seen = json.loads(done.stdout or "{}")
    check(f"{what}: runs on al2", done.returncode == 0 and seen.get("elfFiles") == 3, done.stdout + done.stderr)
    names = sorted(os.listdir(f"{root}/var/runtime")) + sorted(os.listdir(f"{root}/var/task"))
    check(f"{what}: nothing else is in it", names == ["bootstrap", "gateway", "handler.so"], names)


def make(store, work, name, *arguments):
    built = image.build(store, "function", *arguments)
    config = image.settings(store, built)
    check(f"{name}: how it starts", (config["Entrypoint"], config["Cmd"], config["WorkingDir"]) ==
          (["/var/runtime/bootstrap"], ["handler"], "/var/task"), config)
    image.unpack(store, built, f"{work}/{name}")
    return f"{work}/{name}", config


def check_refused(store, work):
    os.mkdir(f"{work}/source")
    with open(f"{work}/source/dice.c", "w") as file:
        file.write(TOO_NEW)
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{image.ROOT}/runtime/include", "-o", f"{work}/source/dice.so",
                    f"{work}/source/dice.c"], check=True)
    for name, error in (("dice.so", "GLIBC_2.36"), ("other", "no source in C or C[+][+]|No such file")):
        try:
            image.build(store, "function", f"--build-context=handler={work}/source", f"--build-arg=HANDLER={name}")
            check(f"{name}: no image", False)
        except RuntimeError as refused:
            check(f"{name}: no image, and the reason", re.search(error, str(refused)), refused)


def build(work):
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing or not os.path.exists(engine.PROFILE):
        skip(f"not installed (tests/deps installs it): {' '.join(missing) or engine.PROFILE}")
    if os.geteuid() != 0:
        skip("containers are made as root here")
    store = image.Store()
    try:
        images = make(store, work, "sqs_batch"), make(store, work, "hello_cpp", "--build-arg=HANDLER=examples/hello_cpp")
        check_refused(store, work)
        return images
    except image.Missing as missing:
        skip(str(missing))
    finally:
        store.close()


def main():
    with tempfile.TemporaryDirectory(prefix="clambda-function.") as work:
        (root, config), (cpp, cpp_config) = build(work)
        event, expected = example("sqs_batch", "event.json"), example("sqs_batch", "expected.json").rstrip(b"\n")
        check_files("sqs_batch", root, work)
        check_http("sqs_batch", root, config, event, expected)
        check_lambda("sqs_batch", root, config, event, expected, {})
        check_lambda("sqs_batch, handler by variable", root, config, event, expected, {"_HANDLER": "handler"})
        check_files("hello_cpp", cpp, work)
        check_http("hello_cpp", cpp, cpp_config, example("hello_cpp", "event.json"),
                   example("hello_cpp", "expected.json").rstrip(b"\n"))
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
