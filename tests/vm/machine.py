# SPDX-License-Identifier: Apache-2.0
"""The running machine: QEMU, and the agent inside that runs commands one after the other.

    with Machine(files, folder, 2) as vm:   files: what image.make gave
        result = vm.run("uname -r")         result.status, .out, .err
"""
import base64
import os
import selectors
import subprocess
import time

import image

ARGUMENTS = "quiet loglevel=4 panic=-1 cgroup_no_v1=all mitigations=off nokaslr random.trust_cpu=on"
MEMORY_MB = 2048
SHELL_CPUS = 2
BOOT_SECONDS = 300
TRIAL_SECONDS = 20  # for KVM, which some hosts offer and cannot do
GRACE_SECONDS = 30  # on top of what a command may take


class Lost(Exception):
    """The machine does not answer; the text has the end of its console."""


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


def accelerators():
    kvm = ["-accel", "kvm", "-cpu", "host"]
    tcg = ["-accel", "tcg,thread=multi", "-cpu", "max,la57=off,erms=off,fsrm=off"]
    return [kvm, tcg] if os.access("/dev/kvm", os.R_OK | os.W_OK) else [tcg]


def command(files, accelerator, cpus, arguments=""):
    return [image.tool("setpriv", "util-linux"), "--pdeathsig", "KILL",
            image.tool("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-M", "q35", *accelerator, "-smp", str(cpus),
            "-m", str(MEMORY_MB), "-kernel", str(files["kernel"]), "-initrd", str(files["first"]),
            "-append", f"console=ttyS0 {ARGUMENTS} {arguments}",
            "-drive", f"if=none,id=disk,format=raw,snapshot=on,cache=unsafe,file={files['disk']}",
            "-device", "virtio-blk-pci,drive=disk"]


class Machine:
    def __init__(self, files, folder, cpus):
        self.files, self.cpus = files, cpus
        self.console = os.path.join(folder, f"console-{id(self)}.log")
        self.process, self.pending = None, b""

    def __enter__(self):
        kinds = accelerators()
        for kind in kinds:
            try:
                self.boot(kind, BOOT_SECONDS if kind == kinds[-1] else TRIAL_SECONDS)
                return self
            except Lost:
                self.close()
                if kind == kinds[-1]:
                    raise

    def __exit__(self, *_):
        self.close()

    def boot(self, kind, seconds):
        self.kind, self.pending = kind[1].split(",")[0], b""
        self.process = subprocess.Popen(
            [*command(self.files, kind, self.cpus), "-serial", f"file:{self.console}",
             "-device", "virtio-serial-pci", "-chardev", "stdio,id=agent,signal=off",
             "-device", "virtserialport,chardev=agent"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while self.line(seconds) != b"up":  # QEMU's own warnings come this way, too
            pass

    def close(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.process = None

    def lost(self, why):
        try:
            with open(self.console, "rb") as file:
                end = file.read()[-6000:].decode(errors="replace")
        except FileNotFoundError:
            end = ""
        said = self.pending[-500:].decode(errors="replace")
        return Lost(f"{why}; the end of its console:\n{end}{said}")

    def line(self, seconds):
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.pending:
                if not selector.select(max(0, end - time.monotonic())):
                    raise self.lost(f"the machine did not answer within {seconds} s")
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                if not data:
                    raise self.lost("the machine ended")
                self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.strip()

    def run(self, script, seconds=60):
        """A shell script in the machine, as root outside of any session; 137: out of time."""
        request = f"{seconds} {base64.b64encode(script.encode()).decode()}\n"
        self.process.stdin.write(request.encode())
        self.process.stdin.flush()
        status, out, err = self.line(seconds + GRACE_SECONDS).split(b" ")
        text = [base64.b64decode(part[1:]).decode(errors="replace") for part in (out, err)]
        return Result(int(status), *text)


def shell(files):
    """A shell on this terminal. Gives when the machine ends."""
    subprocess.run([*command(files, accelerators()[-1], SHELL_CPUS, "vm.shell"), "-serial", "mon:stdio"],
                   check=False)
