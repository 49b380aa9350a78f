# SPDX-License-Identifier: Apache-2.0
"""A function's image on a container platform: bootstrap is process 1, has no right, and nothing can
be written. Its files are bootstrap, gateway, the handler and the C library."""
import os
import re
import shutil
import subprocess
import sys

import harness
from gateway_rig import BOOTSTRAP, EXAMPLES, GATEWAY, RUNTIME, Gateway, run_gateway
from harness import MUST, check, check_match, finish, path, wait_until
from processes import children

NOBODY = "65534"
ROOT = path("image")
# A mount that nobody can write to, a process tree of its own, then without rights.
ENTER = ('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t proc proc "$0/proc" && '
         f'exec setpriv --no-new-privs chroot --userspec={NOBODY}:{NOBODY} --groups= "$0" "$@"')


def libraries(*programs):
    """The files that the dynamic linker loads for them, itself included."""
    found = set()
    for program in programs:
        text = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        found.update(re.findall(r"(/\S+)", text))
    return found


def place(file, name):
    os.makedirs(os.path.dirname(ROOT + name), exist_ok=True)
    shutil.copy(file, ROOT + name)


def make_image():
    os.makedirs(ROOT + "/proc")
    place(BOOTSTRAP, "/var/runtime/bootstrap")
    place(GATEWAY, "/var/runtime/gateway")
    place(f"{EXAMPLES}/raw_echo.so", "/var/task/raw_echo.so")
    for file in libraries(BOOTSTRAP, GATEWAY, f"{EXAMPLES}/raw_echo.so"):
        place(file, file)
    for folder, _, _ in os.walk(ROOT):
        os.chmod(folder, 0o755)
    os.chmod(harness.work.name, 0o755)


def state(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def status(pid, name):
    with open(f"/proc/{pid}/status") as file:
        return re.search(rf"^{name}:\s*(.*)$", file.read(), re.M)[1]


def test_image():
    make_image()
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, ROOT,
               "/var/runtime/bootstrap", "raw_echo"]
    with Gateway(command=command, env={"PORT": "0"}) as g:
        pid = children(g.process.pid)[0]
        check("answers", [g.post(b'{"n":%d}' % i).body for i in range(3)], [b'{"n":%d}' % i for i in range(3)])
        check("is process 1", status(pid, "NSpid").split()[-1], "1")
        check("of a user who may nothing", (status(pid, "Uid").split()[0], status(pid, "CapEff")),
              (NOBODY, "0" * 16))
        check("became the gateway", os.path.basename(os.readlink(f"/proc/{pid}/exe")), "gateway")
        child = children(pid)[0]
        check("its runtime", os.path.basename(os.readlink(f"/proc/{child}/exe")), "bootstrap")
        os.kill(pid, 15)
        check("ends well", g.process.wait(harness.PATIENCE_S), 0)


def test_orphans():
    """Processes whose parents ended become children of process 1."""
    command = ["unshare", "--pid", "--fork", "--kill-child", GATEWAY, "--port", "0", "--bootstrap", RUNTIME]
    with Gateway(command=command, env={"AWS_LAMBDA_FUNCTION_TIMEOUT": "3"}) as g:
        g.do("orphan 1")
        pid = children(g.process.pid)[0]
        runtime = children(pid)[0]
        check("the one that ended is gone", wait_until(lambda: len(children(pid)) == 2), True)
        check("nothing is left unreaped", [state(child) for child in children(pid) if state(child) == "Z"], [])
        check("a timeout", g.do("gate 1").status, 504)
        check("ends the runtime with all that it started",
              wait_until(lambda: len(children(pid)) == 1 and children(pid)[0] != runtime), True)
        check("works on", g.post(b"[1]").body, b"[1]")
        g.process.kill()
        check("without process 1 there is none", wait_until(lambda: not os.path.exists(f"/proc/{pid}")), True)


def test_death():
    """The runtime does not outlive a gateway that is killed."""
    with Gateway() as g:
        g.ready()
        runtime = children(g.process.pid)[0]
        g.process.kill()
        g.process.wait()
        check("ends with it", wait_until(lambda: not os.path.exists(f"/proc/{runtime}")), True)


def test_bootstrap():
    folder = path("beside")
    os.makedirs(folder)
    shutil.copy(BOOTSTRAP, f"{folder}/bootstrap")
    alone = run_gateway(command=[f"{folder}/bootstrap", "raw_echo"])
    check("alone it says what is missing", (alone.code, "AWS_LAMBDA_RUNTIME_API is not set" in alone.err), (1, True))
    shutil.copy(GATEWAY, f"{folder}/gateway")
    env = {"LAMBDA_TASK_ROOT": EXAMPLES}
    with Gateway(command=[f"{folder}/bootstrap", "--port=0", "raw_echo"], env=env) as g:
        check("with the gateway it is one", g.post(b"[2]").body, b"[2]")
    os.symlink(f"{folder}/bootstrap", path("link"))
    with Gateway(command=[path("link"), "--port", "0"], env=dict(env, _HANDLER="raw_echo")) as g:
        check("found beside the file itself", g.post(b"[3]").body, b"[3]")
    script = harness.write("argument", f'#!/bin/sh\nunset _HANDLER\nexec {BOOTSTRAP} raw_echo\n')
    os.chmod(script, 0o755)
    with Gateway(command=[GATEWAY, "--port=0", "--bootstrap", script], env=env) as g:
        check("its argument is the handler", g.post(b"[4]").body, b"[4]")
    script = harness.write("both", f'#!/bin/sh\n_HANDLER=raw_echo\nexport _HANDLER\nexec {BOOTSTRAP} other\n')
    os.chmod(script, 0o755)
    with Gateway(command=[GATEWAY, "--port=0", "--bootstrap", script], env=env) as g:
        check("unless Lambda names it", g.post(b"[5]").body, b"[5]")


def test_no_proc():
    bare = run_gateway(command=["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" raw_echo',
                                BOOTSTRAP])
    check("without /proc", bare.code, 1)
    check_match("without /proc: message", bare.err, "the gateway .* is not found: .*/proc/self/exe .is /proc mounted")


test_death()
test_bootstrap()
if os.geteuid() == 0:
    test_image()
    test_orphans()
    test_no_proc()
else:
    print("skipped: namespaces, and another user, need root")
    if MUST:
        sys.exit(1)
finish()
