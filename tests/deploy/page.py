# SPDX-License-Identifier: Apache-2.0
"""The commands of a page, run in a copy of the checkout with programs of ours in front of those on the PATH."""
import os
import re
import shutil
import subprocess

from tools import dependencies

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
BLOCK = re.compile(r"^(?:## +([^\n]+)|(<!-- *not run: [^>]+-->\n+)?```sh\n(.*?)^```)$", re.M | re.S)


def blocks(page):
    """(heading, commands) of the blocks that are to be run."""
    with open(f"{ROOT}/examples/deploy/{page}/README.md") as file:
        text = file.read()
    heading = ""
    for match in BLOCK.finditer(text):
        if match[1]:
            heading = match[1]
        elif not match[2]:
            yield heading, match[3]


class Copy:
    """What a built checkout looks like, to be written to."""

    def __init__(self, folder, build):
        self.folder, self.programs = f"{folder}/checkout", f"{folder}/programs"
        os.makedirs(self.programs, exist_ok=True)
        os.mkdir(self.folder)
        shutil.copytree(f"{ROOT}/examples", f"{self.folder}/examples")
        os.symlink(os.path.realpath(build), f"{self.folder}/build")
        os.symlink(f"{ROOT}/runtime", f"{self.folder}/runtime")

    def program(self, name, script):
        path = f"{self.programs}/{name}"
        with open(path, "w") as file:
            file.write(f"#!/usr/bin/env bash\n{script}\n")
        os.chmod(path, 0o755)

    def run(self, commands, env=None):
        """Exit code and what was written."""
        env = dict(env or os.environ)
        env.update(PATH=f"{self.programs}:{env['PATH']}", CLAMBDA_DEPS=dependencies())
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=self.folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def path(self, name):
        return f"{self.folder}/{name}"
