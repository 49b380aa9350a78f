#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests for Knative and Kubernetes: their page's commands with a registry on loopback, `kubectl apply` of
which goes to a program with the code of Knative's admission.

test_knative.py BUILD-FOLDER"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import page
import tools
from harness import broken, check, check_equal, failures, finish, skip

BUILD = sys.argv[1]
sys.path.insert(0, f"{page.ROOT}/tests/container")
import registry  # noqa: E402

# file, what is changed to what, what is then said
BROKEN = [
    ("service.yaml", r"containerConcurrency:", "containerConcurency:", r'unknown field "containerConcurency"'),
    ("service.yaml", r"containerConcurrency: 1", "containerConcurrency: 10001", r"10001 <= 1000"),
    ("service.yaml", r"timeoutSeconds: 60", "timeoutSeconds: 6000", r"6000 <= 600"),
    ("service.yaml", r"memory: 128Mi", "memory: much", r"quantities must match"),
    ("service.yaml", r"image: .*", "image: Not An Image", r"parse image reference"),
    ("service.yaml", r'max-scale: "20"', 'max-scale: "many"', r"max-scale"),
    ("service.yaml", r"name: http1", "name: https", r"Port name https is not allowed"),
    ("service.yaml", r"runAsNonRoot: true", "runAsNonRoot: 1", r"cannot unmarshal number"),
    ("service.yaml", r"path: /health", "paths: /health", r'unknown field "paths"'),
    ("service.yaml", r"serving.knative.dev/v1", "serving.knative.dev/v2", r"no kind 'Service'"),
    ("deployment.yaml", r"replicas:", "replica:", r'unknown field "replica"'),
    ("deployment.yaml", r"^      app: orders", "      app: others", r"does not match the template's labels"),
    ("deployment.yaml", r"^    app: orders\n  ports", "    app: others\n  ports", r"matches no pod"),
    ("deployment.yaml", r"port: 80", "port: eighty", r"cannot unmarshal string"),
]


def check_broken(program, work):
    for file, pattern, replacement, error in BROKEN:
        path = f"{tempfile.mkdtemp(dir=work)}/{file}"
        with open(path, "w") as written:
            written.write(broken(f"knative/{file}", pattern, replacement))
        done = subprocess.run([program, path], capture_output=True, text=True)
        check(f"{file} with {replacement!r}", done.returncode == 1 and re.search(error, done.stderr), done.stderr)


def trust(address, home):
    """What is started there with this home talks to the registry without TLS."""
    os.makedirs(f"{home}/.config/containers")
    with open(f"{home}/.config/containers/registries.conf", "w") as file:
        file.write(f'[[registry]]\nlocation = "{address}"\ninsecure = true\n')


def check_block(what, commands, work, program, image):
    copy = page.Copy(tempfile.mkdtemp(dir=work), BUILD)
    copy.program("kubectl", f'[ "$*" = "apply -f -" ] || exit 2\ncat >applied.yaml\nexec "{program}" applied.yaml')
    env = dict(os.environ, IMAGE=image, HOME=work)
    env.pop("XDG_CONFIG_HOME", None)
    code, out = copy.run(commands, env)
    if not check(f"{what}: the commands", code == 0, out):
        return
    with open(copy.path("applied.yaml")) as file:
        applied = file.read()
    check_equal(f"{what}: the image that is named", re.findall(r"image: (\S+)", applied), [image])
    done = subprocess.run(["skopeo", "inspect", "--config", f"docker://{image}"], env=env, capture_output=True, text=True)
    if check(f"{what}: the image is in the registry", done.returncode == 0, done.stderr):
        config = json.loads(done.stdout)["config"]
        check_equal(f"{what}: how it starts", (config["Entrypoint"], config["Cmd"]), (["/var/runtime/bootstrap"], ["sqs_batch"]))


def main():
    missing = [tool for tool in ("skopeo", "docker-registry") if not shutil.which(tool)]
    if missing:
        skip(f"not installed (tests/deps installs it): {' '.join(missing)}")
    program = tools.go_program("knative")
    with tempfile.TemporaryDirectory(prefix="clambda-knative.", dir="/tmp") as work:
        check_broken(program, work)
        with registry.running(work) as address:
            trust(address, work)
            for i, (heading, commands) in enumerate(page.blocks("knative")):
                check_block(heading or f"image {i}", commands, work, program, f"{address}/orders{i}:v1")
    if not failures:
        check_equal("the page's ways", len(list(page.blocks("knative"))), 2)


try:
    main()
except tools.Missing as missing:
    skip(str(missing))
finish()
