# SPDX-License-Identifier: Apache-2.0
"""The validators, made once and kept in the dependency cache: AWS SAM CLI with cfn-lint, the SAM translator and moto
(PyPI, every version pinned), two programs in Go that carry HCL's parser and Knative's admission code, and the schema
of Terraform's AWS provider, which a Go module has (hash pinned).

    python3 tools.py      makes them all"""
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# the output of `terraform providers schema -json` for hashicorp/aws 5.58.0
SCHEMA_MODULE = "github.com/upbound/provider-aws@v1.14.0"
SCHEMA_SHA256 = "223975a6eb70377beb66b7b72f9de6fb49388fe58021f9853b55b288eb9c8219"


class Missing(Exception):
    """This machine cannot make a validator."""


def dependencies():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("CLAMBDA_DEPS") or f"{home}/clambda-deps"


def cache():
    return f"{dependencies()}/deploy"


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise Missing(f"{' '.join(command[:3])} ...: {done.stdout.strip()[-1500:]}")
    return done.stdout


@contextlib.contextmanager
def locked(name):
    os.makedirs(cache(), exist_ok=True)
    with open(f"{cache()}/{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept(name, words, make):
    """The folder that make(folder) has filled, for these words. Others of that name go."""
    tag = f"{name}-{hashlib.sha256(chr(0).join(words).encode()).hexdigest()[:16]}"
    folder = f"{cache()}/{tag}"
    with locked(name):
        if os.path.exists(folder):
            return folder
        print(f"# {name} (once; kept in the cache) ...", flush=True)
        start = time.monotonic()
        for old in os.listdir(cache()):
            if old.startswith(f"{name}-"):
                shutil.rmtree(f"{cache()}/{old}")
        os.mkdir(f"{cache()}/{name}-new")
        make(f"{cache()}/{name}-new")
        os.rename(f"{cache()}/{name}-new", folder)
        print(f"# {name}: {time.monotonic() - start:.0f} s", flush=True)
    return folder


def python_environment():
    """Variables by which python3 finds the packages."""
    with open(f"{HERE}/requirements.txt") as file:
        pinned = file.read()

    def make(folder):
        run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--root-user-action=ignore", "--target", folder, "--only-binary=:all:", "--no-compile",
             "--no-deps", "--requirement", f"{HERE}/requirements.txt"])
    env = dict(os.environ, PYTHONPATH=kept("python", [pinned, sys.version], make))
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # or every command compiles thousands of files again
    return env


@contextlib.contextmanager
def go(source, folder):
    """A function that runs go in a source's folder. The modules, many megabytes, are not wanted later."""
    if not shutil.which("go"):
        raise Missing("go is not installed: run tests/deps")
    modules = f"{folder}/modules"
    env = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -modcacherw -buildvcs=false", CGO_ENABLED="0",
               GOMODCACHE=modules)
    try:
        yield lambda *arguments: run(["go", *arguments], cwd=f"{HERE}/{source}", env=env)
    finally:
        shutil.rmtree(modules, ignore_errors=True)


def go_program(name):
    """The program of the folder with this name."""
    words = []
    for file in sorted(os.listdir(f"{HERE}/{name}")):
        with open(f"{HERE}/{name}/{file}") as content:
            words.append(content.read())

    def make(folder):
        with go(name, folder) as command:
            command("build", "-trimpath", "-ldflags=-s -w", "-o", f"{folder}/{name}", ".")
    return f"{kept(name, words, make)}/{name}"


def provider_schema():
    def make(folder):
        with go("terraform", folder) as command:
            module = json.loads(command("mod", "download", "-json", SCHEMA_MODULE))
            shutil.copy(f"{module['Dir']}/config/schema.json", folder)
        with open(f"{folder}/schema.json", "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if found != SCHEMA_SHA256:
            raise Missing(f"the provider's schema has the hash {found}, not {SCHEMA_SHA256}")
    return f"{kept('schema', [SCHEMA_MODULE, SCHEMA_SHA256], make)}/schema.json"


if __name__ == "__main__":
    try:
        python_environment()
        provider_schema()
        go_program("terraform")
        go_program("knative")
    except Missing as missing:
        sys.exit(f"deploy: {missing}")
