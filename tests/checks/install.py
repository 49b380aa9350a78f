# SPDX-License-Identifier: Apache-2.0
"""What is installed is complete and works away from the build tree.

Installs into a temporary prefix, compiles an example with the installed pkg-config file and headers
alone, and (as root) invokes it with the installed command, with the build tree's files out of reach.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import tree

WANTED = (
    "bin/clambda",
    "lib/clambda/bootstrap",
    "lib/clambda/examine",
    "include/lambda.h",
    "include/lambda/s3.h",
    "include/lambda/sqs.h",
    "include/lambda/kinesis.h",
    "share/pkgconfig/clambda.pc",
    "share/man/man1/clambda.1",
    "share/clambda/lambda.policy",
)
EXECUTABLE = ("bin/clambda", "lib/clambda/bootstrap", "lib/clambda/examine")
EXAMPLE = "examples/sqs_batch/sqs_batch.c"


def command(*args, **options):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, timeout=300,
                          **options)


def released(build):
    """What layers/release has made in the build folder."""
    return [str(path.relative_to(build)) for arch in ("x86_64", "arm64")
            for path in sorted((build / "lib/clambda" / arch).glob("*"))]


def missing(prefix, release=()):
    for name in (*WANTED, *release):
        path = prefix / name
        if not path.is_file():
            yield name, 0, "is not installed"
        elif (name in EXECUTABLE or name in release) and not os.access(path, os.X_OK):
            yield name, 0, "is installed but not executable"


def names_build_tree(prefix, build):
    """Installed files that hold the build tree's path would look there."""
    for path in prefix.rglob("*"):
        if path.is_file() and str(build).encode() in path.read_bytes():
            yield path.relative_to(prefix), 0, "holds the path of the build tree"


def check_use(source, prefix, work):
    env = {"PATH": os.environ["PATH"], "HOME": str(work),
           "PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")}
    flags = command("pkg-config", "--cflags", "clambda", env=env)
    if flags.returncode:
        yield "share/pkgconfig/clambda.pc", 0, flags.stderr.strip()
        return
    shutil.copy(source.root / EXAMPLE, work / "orders.c")
    built = command("cc", "-shared", "-fPIC", *flags.stdout.split(), "-o", "orders.so", "orders.c",
                    cwd=work, env=env)
    if built.returncode:
        yield EXAMPLE, 1, f"does not compile against what is installed: {built.stderr[:300]}"
        return
    if os.geteuid() != 0:
        print("not root: the installed command is not run")
        return
    clambda = prefix / "bin" / "clambda"
    event = command(clambda, "event", "sqs", "records=2", cwd=work, env=env)
    answer = command(clambda, "invoke", work / "orders.so", input=event.stdout, cwd=work, env=env)
    if answer.returncode or "batchItemFailures" not in answer.stdout:
        yield "bin/clambda", 0, (f"installed, invoke exits {answer.returncode}: "
                                 f"{answer.stdout[:200]}{answer.stderr[:600]}")


def check(source):
    if source.build is None:
        yield from missing(source.root)
        return
    with tempfile.TemporaryDirectory(prefix="clambda-install-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o755)
        prefix, work = pathlib.Path(folder) / "usr", pathlib.Path(folder) / "work"
        work.mkdir()
        done = command("cmake", "--install", source.build, "--prefix", prefix)
        if done.returncode:
            yield "CMakeLists.txt", 1, f"cmake --install fails: {done.stderr[:400]}"
            return
        yield from missing(prefix, released(source.build))
        yield from names_build_tree(prefix, source.build)
        # moved, as a package would be unpacked elsewhere
        moved = pathlib.Path(folder) / "elsewhere"
        prefix.rename(moved)
        yield from check_use(source, moved, work)


CLEAN = {name: ("", 0o755 if name in EXECUTABLE else 0o644) for name in WANTED}
SEEDS = [
    ({"bin/clambda": ("", 0o644)}, "is installed but not executable"),
    ({"lib/clambda/bootstrap": None}, "is not installed"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
