# SPDX-License-Identifier: Apache-2.0
"""An image registry of the tests' own."""
import contextlib
import re
import subprocess
import threading


@contextlib.contextmanager
def running(folder):
    """Its address; it keeps its images in the folder, and listens on a loopback port of its own choice."""
    with open(f"{folder}/registry.yml", "w") as file:
        file.write(f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {folder}/registry\n"
                   "http:\n  addr: 127.0.0.1:0\n")
    server = subprocess.Popen(["docker-registry", "serve", f"{folder}/registry.yml"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    try:
        said = []
        for line in server.stderr:
            said.append(line)
            if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
                break
        else:
            raise RuntimeError(f"no registry: {''.join(said)}")
        # it goes on to write there
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield found[1]
    finally:
        server.kill()
        server.wait()
