# SPDX-License-Identifier: Apache-2.0
"""What the machine boots: the kernel from the cache of tests/deps, a first file system that only
mounts the disk, and the disk: an ext4 image with what was built, and what that needs."""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
DISK_MB = 1024
BOOT_MODULES = ("virtio_pci", "virtio_blk", "virtio_console")
MODULES = ("loop", "overlay", "inet_diag", "tcp_diag", "unix_diag")
PROGRAMS = ("/usr/sbin/mkfs.ext4", "/usr/bin/dash", "/usr/bin/env", "/usr/bin/setpriv",
            "/usr/bin/newuidmap", "/usr/bin/newgidmap")
FILES = ("/usr/share/zoneinfo/UTC", "/etc/mke2fs.conf")
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "var/tmp", "var/cache", "root", "mnt")

# sub has subordinate ids, own has not.
USERS = {"sub": 1000, "own": 1001}
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
              + "".join(f"{u}:x:{i}:{i}::/home/{u}:/bin/sh\n" for u, i in USERS.items()),
    "group": "root:x:0:\nnogroup:x:65534:\n" + "".join(f"{u}:x:{i}:\n" for u, i in USERS.items()),
    "subuid": "sub:100000:65536\n",
    "subgid": "sub:100000:65536\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost\n",
    "ld.so.conf": "/usr/local/lib\n",
}


class Missing(Exception):
    """The machine cannot be made here; the text says why."""


def tool(name, package):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Missing(f"'{name}' is missing: apt install {package}")
    return found


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def natural(path):
    return [int(n) if n.isdigit() else n for n in re.split(r"(\d+)", path.name)]


def kernel():
    """The newest kernel that can be had: (image, folder of modules)."""
    if platform.machine() != "x86_64":
        raise Missing(f"the machine is made for x86_64 only, this is {platform.machine()}")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = pathlib.Path(os.environ.get("CLAMBDA_DEPS") or f"{cache}/clambda-deps")
    for root in (cache / "kernel", pathlib.Path("/")):
        for image in sorted(root.glob("boot/vmlinuz-*-cloud-*"), key=natural, reverse=True):
            modules = root / "lib/modules" / image.name.removeprefix("vmlinuz-")
            if modules.is_dir() and os.access(image, os.R_OK):
                return image, modules
    raise Missing(f"no cloud kernel in '{cache}/kernel' or '/boot': run tests/deps")


def module_closure(folder, names):
    """Files of the modules and of those they depend on, those first."""
    files = {p.name.split(".")[0].replace("-", "_"): p for p in folder.rglob("*.ko*")}
    done = []

    def add(name):
        path = files.get(name.replace("-", "_"))
        if path is None or path in done:  # not there: part of the kernel
            return
        found = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for other in (found.group(1).decode().split(",") if found else []):
            if other:
                add(other)
        done.append(path)

    for name in names:
        add(name)
    return done


def make_first(folder, busybox, modules):
    """The file system in memory that mounts the disk and goes there."""
    (folder / "modules").mkdir(parents=True)
    shutil.copy(busybox, folder / "busybox")
    shutil.copy(HERE / "first", folder / "init")
    for i, path in enumerate(module_closure(modules, BOOT_MODULES)):
        shutil.copy(path, folder / "modules" / f"{i:02}-{path.name}")
    names = "".join(f"{p.relative_to(folder)}\n" for p in sorted(folder.rglob("*")))
    archive = folder.with_suffix(".cpio")
    with open(archive, "wb") as out:
        subprocess.run([busybox, "cpio", "-o", "-H", "newc"], cwd=folder, input=names.encode(),
                       stdout=out, stderr=subprocess.DEVNULL, check=True)
    return archive


def put(stage, path, target=None):
    """Copies a file of this host to the same place in the stage; the C library's below /usr."""
    place = str(target or path).lstrip("/")
    if place.split("/")[0] in LINKS:
        place = "usr/" + place
    place = stage / place
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place, follow_symlinks=True)
    return place


def put_libraries(stage, programs):
    """What ldd finds for all of them; static ones make it fail, which is no error."""
    done = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True)
    for path in set(re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.M)):
        put(stage, path)
    if "not found" in done.stdout:
        raise Missing("a library is missing: " + re.search(r".*not found", done.stdout).group().strip())


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def put_build(stage, build):
    """What was built and what tests read, at the same paths as here."""
    for folder in ("bin", "lib", "share"):
        for path in (build / folder).rglob("*"):
            if path.is_file() and not path.name.startswith("test_"):
                put(stage, path)
    for path in (build / "examples").glob("*.so"):
        put(stage, path)
    for path in (build / "bin").glob("test_cgroup*"):
        put(stage, path)
    for pattern in ("examples/*/*.json", "examples/*/events/*.json", "sandbox/jail/*.policy"):
        for path in SOURCE.glob(pattern):
            put(stage, path)


def make_stage(stage, build, busybox, modules):
    for folder in FOLDERS:
        (stage / folder).mkdir(parents=True)
    for name, target in LINKS.items():
        (stage / target).mkdir(parents=True, exist_ok=True)
        (stage / name).symlink_to(target)
    for name, text in ETC.items():
        (stage / "etc").mkdir(exist_ok=True)
        (stage / "etc" / name).write_text(text)
    for path in PROGRAMS:
        put(stage, tool(os.path.basename(path), "e2fsprogs dash coreutils util-linux uidmap"), path)
    for path in FILES:
        put(stage, path)
    for name in ("boot", "agent", "enter"):
        put(stage, HERE / name, f"/vm/{name}")
    put_build(stage, build)
    put_libraries(stage, [p for p in stage.rglob("*")
                          if p.is_file() and os.access(p, os.X_OK) and is_elf(p)])
    put(stage, busybox, "/usr/bin/busybox")
    # busybox's own shell takes its own programs before those of the PATH
    (stage / "usr/bin/sh").symlink_to("dash")
    for name in output(busybox, "--list").split():
        if not (stage / "usr/sbin" / name).exists() and not (stage / "usr/bin" / name).exists():
            (stage / "usr/bin" / name).symlink_to("busybox")
    (stage / "usr/sbin/modprobe").symlink_to("../bin/busybox")
    target = stage / "usr/lib/modules" / modules.name
    for path in module_closure(modules, BOOT_MODULES + MODULES):
        put(stage, path, target.relative_to(stage) / path.name)
    subprocess.run([busybox, "depmod", "-b", stage, modules.name], check=True)
    if os.geteuid() == 0:
        subprocess.run([tool("ldconfig", "libc-bin"), "-r", stage], check=True)
    else:  # which cannot chroot; the loader knows Debian's folders without its cache
        (stage / "etc/ld.so.cache").touch()  # is written to, in vain
        (stage / "vm/own").write_text("files are to become root's\n")


def open_up(stage):
    """Folders of the stage are everybody's to pass, whatever the caller's umask is."""
    for path in [stage, *stage.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    for name in ("tmp", "var/tmp"):
        (stage / name).chmod(0o1777)


def make(build, folder):
    """Files for the machine in an empty folder: {kernel, first, disk}."""
    build = pathlib.Path(build).resolve()
    if not (build / "bin/clambda").is_file():
        raise Missing(f"nothing is built in '{build}'")
    image, modules = kernel()
    busybox = tool("busybox", "busybox-static")
    first = make_first(pathlib.Path(folder, "first"), busybox, modules)
    disk = pathlib.Path(folder, "disk.img")
    with tempfile.TemporaryDirectory(dir=folder) as stage:
        make_stage(pathlib.Path(stage), build, busybox, modules)
        open_up(pathlib.Path(stage))
        subprocess.run([tool("mkfs.ext4", "e2fsprogs"), "-q", "-F", "-m", "0", "-O", "^has_journal",
                        "-E", "root_owner=0:0,lazy_itable_init=1", "-d", stage, disk,
                        f"{DISK_MB}M"], check=True, stdout=subprocess.DEVNULL)
    return {"kernel": image, "first": first, "disk": disk}
