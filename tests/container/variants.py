# SPDX-License-Identifier: Apache-2.0
"""Hosts that grant less than everything, as a table: how the container is made, what a plain `invoke` answers,
which limits have to be left out by --relax, and why it cannot be helped otherwise."""
import dataclasses
import typing

import engine


@dataclasses.dataclass
class Variant:
    name: str
    changes: list
    missing: str = ""  # limits that cannot hold: what --relax has to name; plain invoke then gives 3
    never: typing.Optional[str] = None  # not even --relax helps; the message matches this
    shifted: bool = False  # the root's files belong to the ids of the user namespace
    before: str = ""  # shell words run in the container first
    doctor: str = ""  # what the doctor then says, where its words are others
    holds: str = ""  # limits that are tried out with a hostile function


def seccomp(kind):
    return lambda c: c["linux"].update(seccomp=kind)


def only(*names):
    return lambda c: engine.capabilities(c, names)


def also(*names):
    return lambda c: engine.capabilities(c, [*c["process"]["capabilities"]["permitted"], *names])


def no_capabilities(c):
    engine.capabilities(c, [])


def user(uid):
    def change(c):
        c["process"]["user"] = {"uid": uid, "gid": uid}
        no_capabilities(c)
        c["process"]["env"] = [e for e in c["process"]["env"] if not e.startswith("HOME=")]
    return change


def remapped(count):
    return lambda c: engine.user_namespace(c, FIRST_ID, count)


def without(target):
    return lambda c: engine.without_mount(c, target)


def namespace(kind):
    return lambda c: c["linux"]["namespaces"].append({"type": kind})


def second_root(c):
    """A folder such as debootstrap makes one, for chroot."""
    here = c["root"]["path"]
    c["mounts"] += [engine.mount(f"/r/{name}", "bind", f"{here}/{name}", "rbind") for name in ("usr", "work")]
    c["mounts"] += [engine.mount("/r/proc", "proc", "proc"), engine.mount("/r/dev", "bind", "/dev", "rbind")]


def no_loop(c):
    c["linux"]["devices"] = []
    c["linux"]["resources"]["devices"] = [{"allow": False, "access": "rwm"}]


def read_only(c):
    c["root"]["readonly"] = True
    c["mounts"].append(engine.mount("/tmp", "tmpfs", "tmp", "nosuid", "nodev", "mode=1777"))
    c["process"]["env"] = [e for e in c["process"]["env"] if not e.startswith("HOME=")]


def read_only_groups(c):
    for row in c["mounts"]:
        if row["type"] == "cgroup":
            row["options"].append("ro")


FIRST_ID = 200000
FREE = [engine.unconfined, engine.unmasked]
GROUPS = "memory,cpu"
IN_CHROOT = ("ln -sf usr/bin usr/lib usr/lib64 usr/sbin /r/; mkdir -p /r/tmp /r/run /r/var/cache; "
             "set -- chroot /r /bin/sh -c 'cd /work; exec \"$@\"' sh \"$@\"; ")
NO_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces; "

VARIANTS = [
    Variant("privileged", [engine.privileged], holds="memory pids tmp"),
    Variant("privileged, control groups of its own namespace", [engine.privileged, namespace("cgroup")],
            holds="memory"),
    Variant("privileged, no loop device", [engine.privileged, no_loop], holds="memory pids tmp"),
    Variant("privileged, no mkfs.ext4", [engine.privileged], before="rm -f /usr/sbin/mke2fs /sbin/mkfs.ext4; ",
            holds="memory tmp"),
    Variant("privileged, no control groups", [engine.privileged, without("/sys/fs/cgroup")], GROUPS, holds="pids tmp"),
    Variant("privileged, control groups read-only", [engine.privileged, read_only_groups], GROUPS, holds="pids tmp"),
    Variant("privileged, read-only root, no HOME", [engine.privileged, read_only]),
    Variant("privileged, in a chroot", [engine.privileged, second_root], never="chroot", before=IN_CHROOT),
    Variant("docker without options", [], never="seccomp=unconfined"),
    Variant("docker without options, ordinary user", [user(1000)], never="seccomp=unconfined"),
    Variant("podman without options", [seccomp("podman")], never="systempaths=unconfined|unmask=ALL"),
    Variant("seccomp=unconfined alone", [engine.unconfined], never="systempaths=unconfined|unmask=ALL"),
    Variant("unconfined", FREE, GROUPS, holds="pids tmp"),
    Variant("unconfined, read-only root, no HOME", [*FREE, read_only], GROUPS, holds="pids tmp"),
    Variant("unconfined, root without any capability", [*FREE, no_capabilities], never="SETFCAP",
            doctor="SETFCAP"),
    Variant("unconfined, root that has CAP_SETFCAP alone", [*FREE, only("CAP_SETFCAP")], GROUPS + ",pids", holds="tmp"),
    Variant("unconfined, ordinary user", [*FREE, user(1000)], GROUPS, holds="pids tmp"),
    Variant("unconfined, ordinary user, read-only root", [*FREE, user(1000), read_only], GROUPS, holds="pids tmp"),
    Variant("user namespace of 65536 ids", [*FREE, remapped(65536)], GROUPS, shifted=True, holds="pids tmp"),
    Variant("user namespace of one id", [*FREE, remapped(1)], GROUPS, shifted=True, holds="pids tmp"),
    Variant("user namespaces counted out", [*FREE, remapped(65536), also("CAP_SYS_RESOURCE")],
            never="user.max_user_namespaces", before=NO_NAMESPACES, shifted=True),
]
