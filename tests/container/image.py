# SPDX-License-Identifier: Apache-2.0
"""The images of the Dockerfile, built without an engine and without a registry: its base is made of Debian's
packages (mmdebstrap) and kept in the dependency cache, its steps are run by buildah in a chroot."""
import contextlib
import fcntl
import hashlib
import json
import os
import re
import subprocess
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
SUITE = "bookworm"
SOURCES = "/etc/apt/sources.list.d/debian.sources"
OPTIONS = ["--variant=apt", "--format=directory", "--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Languages none"] + [
    f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")]
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Missing(Exception):
    """This machine cannot make the image."""


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("CLAMBDA_DEPS") or f"{home}/clambda-deps"


def build_packages():
    """What tests/deps --build installs: then it has nothing to do in the build stage."""
    with open(f"{ROOT}/tests/deps") as file:
        return re.search(r'^build_packages="([^"]*)"', file.read(), re.M).group(1).split()


@contextlib.contextmanager
def timed(what):
    start = time.monotonic()
    print(f"# {what} ...", flush=True)
    yield
    print(f"# {what}: {time.monotonic() - start:.0f} s", flush=True)


class Store:
    """buildah's storage in the dependency cache. One user at a time."""

    def __init__(self):
        self.folder = f"{cache()}/container"
        os.makedirs(self.folder, exist_ok=True)
        self.lock = open(f"{self.folder}/lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        # what a killed test has left: containers, and images without a name
        self.quiet("rm", "--all")

    def command(self, *arguments):
        return ["buildah", "--root", f"{self.folder}/storage", "--runroot", f"{self.folder}/run", *arguments]

    def run(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"buildah {arguments[0]}: {(done.stderr or done.stdout)[-1500:]}")
        return done.stdout.strip()

    def quiet(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True).returncode == 0

    def close(self):
        self.quiet("rm", "--all")
        self.lock.close()


def debian(store, name, packages):
    """Makes an image of Debian's packages, or takes the one that the same words have made; gives its name."""
    source = [SOURCES] if os.path.exists(SOURCES) else []
    words = [SUITE, *OPTIONS, *sorted(packages), *source]
    tag = f"localhost/clambda-{name}:{hashlib.sha256(' '.join(words).encode()).hexdigest()[:16]}"
    if store.quiet("inspect", "--type", "image", tag):
        return tag
    with timed(f"Debian image '{name}' (once; kept in the cache)"):
        for old in store.run("images", "--format", "{{.Name}}:{{.Tag}}").split():
            if old.startswith(f"localhost/clambda-{name}:"):
                store.quiet("rmi", old)
        container = store.run("from", "scratch")
        include = [f"--include={','.join(packages)}"] if packages else []
        done = subprocess.run(["mmdebstrap", *OPTIONS, *include, SUITE, store.run("mount", container), *source],
                              capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"mmdebstrap could not make a Debian base: {done.stderr.strip().splitlines()[-1:]}")
        store.run("umount", container)
        store.run("config", "--env", PATH, container)
        store.run("commit", "--quiet", "--rm", container, tag)
    return tag


def steps(store, target, *more):
    """Runs the Dockerfile's steps up to a target; gives the name of its image."""
    base = debian(store, "base", [])
    builder = debian(store, "builder", build_packages())
    name = f"localhost/clambda-{target}:test"
    arguments = {"BASE": base, "BASE_FUNCTION": base, "BUILDER": builder}
    with timed(f"Dockerfile, target {target}"):
        done = subprocess.run(
            store.command("bud", "--isolation", "chroot", "--layers", "--pull-never", "--force-rm",
                          "--volume", f"{cache()}:/deps", "--target", target, "--tag", name,
                          *[f"--build-arg={key}={value}" for key, value in arguments.items()], *more, ROOT),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"the Dockerfile fails:\n{done.stdout[-3000:]}")
    return name


# Stages before a target: what has a name is kept, and not made again while its sources are the same.
STAGES = {"clambda": ("build",), "function": ("build", "release")}


def build(store, target="clambda", *more):
    """The target's image; gives its name."""
    for stage in STAGES[target]:
        steps(store, stage)
    name = steps(store, target, *more)
    store.quiet("rmi", "--prune")
    return name


def settings(store, image):
    """What the image says about running it."""
    return json.loads(store.run("inspect", "--type", "image", image))["OCIv1"]["config"]


def unpack(store, image, folder):
    """The image's root in a plain folder, as the bottom of other file systems."""
    container = store.run("from", "--pull-never", image)
    subprocess.run(["cp", "-a", store.run("mount", container), folder], check=True)
    store.run("rm", container)
