# SPDX-License-Identifier: Apache-2.0
"""Containers as engines make them: an OCI configuration with docker's defaults, taken apart by the variants,
and run by runc. Nothing of an engine's daemon is needed.

    config(root)             what `docker run` gives without options
    privileged, unconfined   what its options change
    run(config, arguments)   a fresh container, gone afterwards; running() while it runs
"""
import contextlib
import copy
import json
import os
import platform
import subprocess
import tempfile
import uuid

PROFILE = "/usr/share/containers/seccomp.json"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
NEW_NAMESPACES = 0x7E020000
DEFAULT_CAPS = ["CAP_" + name for name in (
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
    "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE")]
MASKED = ["/proc/" + name for name in (
    "asound", "acpi", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi")]
READ_ONLY = ["/proc/" + name for name in ("bus", "fs", "irq", "sys", "sysrq-trigger")]
# docker allows these to CAP_SYS_ADMIN alone, where podman's profile leaves it to the kernel
ADMIN_ONLY = set("""clone clone3 fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree setdomainname
    sethostname setns umount umount2 unshare pivot_root keyctl add_key request_key""".split())


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def mount(target, kind, source, *options):
    return {"destination": target, "type": kind, "source": source, "options": list(options)}


def config(root):
    """What `docker run` gives to a container without options."""
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0}, "cwd": "/work", "args": [],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"],
            "capabilities": {kind: list(DEFAULT_CAPS) for kind in ("bounding", "effective", "permitted")},
        },
        "root": {"path": root, "readonly": False},
        "hostname": "container",
        "mounts": [
            mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
            mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
            mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        ],
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": list(MASKED), "readonlyPaths": list(READ_ONLY),
            "seccomp": "docker",
        },
    }


def bounding_set():
    with open("/proc/self/status") as status:
        mask = int(next(line for line in status if line.startswith("CapBnd")).split()[1], 16)
    names = subprocess.run(["capsh", f"--decode={mask:x}"], capture_output=True, text=True, check=True).stdout
    return [name.upper() for name in names.strip().split("=", 1)[1].split(",")]


def capabilities(c, names):
    for kind in ("bounding", "effective", "permitted"):
        c["process"]["capabilities"][kind] = list(names)


def unconfined(c):
    """--security-opt seccomp=unconfined"""
    c["linux"]["seccomp"] = None


def unmasked(c):
    """--security-opt systempaths=unconfined"""
    c["linux"]["maskedPaths"] = c["linux"]["readonlyPaths"] = []


def privileged(c):
    """--privileged"""
    unconfined(c)
    unmasked(c)
    capabilities(c, bounding_set())
    c["linux"]["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    for row in c["mounts"]:
        if row["type"] in ("sysfs", "cgroup"):
            row["options"].remove("ro")
    c["linux"]["devices"] = [device("/dev/loop-control", "c", 10, 237)]


def device(path, kind, major, minor):
    return {"path": path, "type": kind, "major": major, "minor": minor, "fileMode": 0o600, "uid": 0, "gid": 0}


def without_mount(c, target):
    c["mounts"] = [row for row in c["mounts"] if row["destination"] != target]


def user_namespace(c, first, count):
    """Rootless engines, --userns-remap: root inside is an ordinary id outside."""
    c["linux"]["namespaces"].append({"type": "user"})
    for kind in ("uidMappings", "gidMappings"):
        c["linux"][kind] = [{"containerID": 0, "hostID": first, "size": count}]
    # the terminals' group may not be among the ids
    for row in c["mounts"]:
        if row["type"] == "devpts":
            row["options"] = [o for o in row["options"] if not o.startswith("gid=")]


def wanted(rule, caps):
    """Whether a rule of the profile is for this architecture and these capabilities."""
    inside, outside = rule.get("includes") or {}, rule.get("excludes") or {}
    if inside.get("arches") and ARCH not in inside["arches"] or ARCH in outside.get("arches", []):
        return False
    return set(inside.get("caps", [])) <= caps and not set(outside.get("caps", [])) & caps


def seccomp(kind, caps):
    """The engine's filter for a set of capabilities: "podman", or "docker", which is narrower."""
    with open(PROFILE) as file:
        profile = json.load(file)
    admin = "CAP_SYS_ADMIN" in caps
    rules = []
    for rule in profile["syscalls"]:
        names = [n for n in rule["names"] if kind == "podman" or admin or n not in ADMIN_ONLY]
        if names and wanted(rule, caps):
            row = {"names": names, "action": rule["action"], "args": rule.get("args") or []}
            if rule["action"] == "SCMP_ACT_ERRNO":
                row["errnoRet"] = rule.get("errnoRet", 1)
            rules.append(row)
    default = profile.get("defaultErrnoRet", 1)
    if kind == "docker" and not admin:
        masked = {"index": 0, "value": NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
        rules.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [masked]})
        rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": []})
        default = 1
    arches = {"amd64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
              "arm64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]}[ARCH]
    return {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": default, "architectures": arches, "syscalls": rules}


def complete(c, arguments):
    """The configuration as runc reads it."""
    c = copy.deepcopy(c)
    c["process"]["args"] = list(arguments)
    kind = c["linux"].pop("seccomp")
    if kind:
        c["linux"]["seccomp"] = seccomp(kind, set(c["process"]["capabilities"]["permitted"]))
    return c


@contextlib.contextmanager
def running(c, arguments):
    """A container that runs beside the caller; what it writes is in the pipes of the process."""
    name = f"clambda-{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory(prefix="clambda-runc.") as work:
        runc = ["runc", "--root", f"{work}/state"]
        os.mkdir(f"{work}/bundle")
        with open(f"{work}/bundle/config.json", "w") as file:
            json.dump(complete(c, arguments), file)
        process = subprocess.Popen([*runc, "run", "--bundle", f"{work}/bundle", name], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            subprocess.run([*runc, "delete", "--force", name], capture_output=True)
            process.wait()


def run(c, arguments, stdin=b"", seconds=300):
    with running(c, arguments) as process:
        out, err = process.communicate(stdin, timeout=seconds)
    return Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
