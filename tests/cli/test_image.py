#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clambda package --image-dir: what is in its images, that other tools and a registry take them, that they run.

test_image.py CLAMBDA HOSTILE SOURCE-FOLDER BUILD-FOLDER"""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import uuid

import layouts
from harness import CLAMBDA, HOSTILE, MUST, check, check_match, failures, finish, path, run, wait_until, work, write
from layouts import Image, Layout, platform, tagged

SOURCE, BUILD = sys.argv[3:5]
sys.path[:0] = [f"{SOURCE}/tests/integration", f"{SOURCE}/tests/container"]
import registry  # noqa: E402
import runtime_api  # noqa: E402

HANDLER = f"{BUILD}/examples/raw_echo.so"
NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
OTHER, OTHER_ARCH, OTHER_MACHINE = {"amd64": ("arm64", "arm64", 183), "arm64": ("amd64", "x86_64", 62)}[NATIVE]
MACHINE_AT = 18
EVENT = b'{"key":"value"}'


def package(*arguments, handlers=(HANDLER,), **more):
    return run("package", *handlers, *arguments, **more)


def made(folder, *arguments, **more):
    """An image, which has to come off."""
    result = package("--image-dir", folder, *arguments, **more)
    check(f"{os.path.basename(folder)}: exit", (result.code, result.err if result.code else ""), (0, ""))
    return result


def skopeo(*arguments):
    done = subprocess.run(["skopeo", "--insecure-policy", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr


def skip(reason):
    print(f"skipped: {reason}")
    if MUST:
        failures.append(reason)


def tree(folder):
    """Every file with its content."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            with open(f"{root}/{name}", "rb") as file:
                found[os.path.relpath(f"{root}/{name}", folder)] = file.read()
    return found


# ---- what is written ------------------------------------------------------------------------------------------


def test_content():
    folder = path("plain")
    result = made(folder)
    image = Image(folder)
    top = image.top()
    check_match("content: the line on stdout", result.out,
                rf"^{folder}:latest: \d+ bytes, image, handler raw_echo, architecture \w+\n$")
    check("content: media types", [image.manifest["mediaType"], image.manifest["layers"][0]["mediaType"],
                                   image.manifest["config"]["mediaType"]],
          [layouts.MANIFEST, layouts.GZIP, layouts.CONFIG])
    check("content: how it starts", [image.config[k] for k in ("Entrypoint", "Cmd", "WorkingDir", "User")],
          [["/var/runtime/bootstrap"], ["raw_echo"], "/var/task", "993:990"])
    env = dict(text.split("=", 1) for text in image.config["Env"])
    check("content: variables", (env["LAMBDA_TASK_ROOT"], env["LAMBDA_RUNTIME_DIR"], env["LD_LIBRARY_PATH"][:14]),
          ("/var/task", "/var/runtime", "/var/lang/lib:"))
    check("content: owners and times", {(m.uid, m.gid, m.mtime) for m in top.values()}, {(0, 0, 0)})
    modes = {name: oct(top[name].mode) for name in ("tmp", "var/task", "var/runtime/bootstrap",
                                                    "var/task/raw_echo.so", "etc/passwd", "opt")}
    check("content: modes", modes, {"tmp": "0o1777", "var/task": "0o755", "var/runtime/bootstrap": "0o755",
                                    "var/task/raw_echo.so": "0o755", "etc/passwd": "0o644", "opt": "0o755"})
    check("content: order", list(top), sorted(top))
    check("content: parents are in front", [n for n in top if "/" in n and os.path.dirname(n) not in top], [])
    needed = {line.split()[0] for line in subprocess.run(["ldd", HANDLER], capture_output=True, text=True)
              .stdout.splitlines() if "=>" in line}
    check("content: libraries", needed - {os.path.basename(name) for name in top}, set())
    check("content: names of ports", [name in top for name in ("etc/services", "etc/protocols")],
          [os.path.exists("/etc/services"), os.path.exists("/etc/protocols")])
    check("content: the gateway", "var/runtime/gateway" in top, True)
    check("content: no temporary file", sorted(os.listdir(folder)), ["blobs", "index.json", "oci-layout"])


def test_same():
    once, again = path("once"), path("again")
    made(once, "--file", __file__ + "=x/täst.py", "--file", f"{SOURCE}/README.md")
    copies = [shutil.copy(__file__, path("copy.py")), shutil.copy(f"{SOURCE}/README.md", path("README.md"))]
    os.utime(copies[0], (1, 1))
    os.chmod(copies[1], 0o600)
    made(again, "--file", copies[1], "--file", copies[0] + "=x/täst.py", env={"LC_ALL": "C"})
    check("same: bytes", tree(once) == tree(again), True)
    check("same: a name outside ASCII", "var/task/x/täst.py" in Image(once).top(), True)
    before = tree(once)
    made(once, "--file", __file__ + "=x/täst.py", "--file", f"{SOURCE}/README.md")
    check("same: once more into the same layout", tree(once) == before, True)


def test_names():
    deep = "d" * 90 + "/" + "e" * 200 + "/" + "f" * 200
    folder = path("names")
    made(folder, "--file", f"{__file__}={deep}")
    check("names: a long one", f"var/task/{deep}" in Image(folder).top(), True)
    for name in ("a/.wh.b", "../x", ".wh..wh..opq"):
        result = package("--image-dir", path("no-names"), "--file", f"{__file__}={name}")
        check(f"names: {name} is refused", (result.code, os.path.exists(path("no-names"))), (2, False))


def test_tags():
    folder = path("tags")
    made(folder)
    first = Image(folder).digest
    made(folder, "--tag", "v2", "--handler", "raw_echo.so.lambda_module")
    check("tags: both are there", Image(folder).tags, ["latest", "v2"])
    check("tags: the first is as it was", Image(folder).digest, first)
    check("tags: the handler", Image(folder, "v2").config["Cmd"], ["raw_echo.so.lambda_module"])
    index = json.loads(layouts.read(folder, "index.json"))
    index["annotations"] = {"some": "note"}
    write("tags/index.json", json.dumps(index))
    made(folder, "--file", __file__)
    check("tags: one replaced", Image(folder).digest == first, False)
    check("tags: each once", sorted(Image(folder).tags), ["latest", "v2"])
    check("tags: what others wrote stays", json.loads(layouts.read(folder, "index.json"))["annotations"],
          {"some": "note"})
    for tag in ("a/b", "-x", "", "a b", "x" * 129, ".."):
        result = package("--image-dir", path("tagless"), "--tag", tag)
        check(f"tags: {tag[:20]!r} is refused", (result.code, os.path.exists(path("tagless"))), (2, False))


USAGE = [
    (["--base", "x", "-o", "f.zip"], "--base is for an image"),
    (["--tag", "x", "-o", "f.zip"], "--tag is for an image"),
    (["--handler", "x", "-o", "f.zip"], "--handler is for an image"),
    (["--image-dir", "x", "--layer"], "--layer is for zips"),
    (["--image-dir", ""], "without a name"),
    (["--image-dir", "x", "--image-dir", "y"], "given twice"),
    (["--image-dir", "x", "--handler", ""], "--handler: '' is not a handler"),
    (["--image-dir", "x", "--handler", "a b"], "--handler: 'a b' is not a handler"),
]


def test_usage():
    for arguments, message in USAGE:
        result = package(*arguments, cwd=path("."))
        check(f"usage: {' '.join(arguments)}", (result.code, message in result.err), (2, True))
    both = package("-o", path("both.zip"), "--image-dir", path("both"))
    check("usage: a zip and an image", (both.code, len(both.lines), os.path.exists(path("both.zip"))), (0, 2, True))
    help_text = " ".join(run("package", "--help").out.split())
    check("usage: what stays of both", "zip is written first, and stays when the image cannot be made" in help_text, True)


def test_folders():
    os.makedirs(path("full"))
    write("full/file", "mine")
    result = package("--image-dir", path("full"))
    check("folders: with something else", (result.code, "neither empty nor an OCI image layout" in result.err,
                                           os.listdir(path("full"))), (2, True, ["file"]))
    result = package("--image-dir", write("a-file", "mine"))
    check("folders: a file", (result.code, "is no folder" in result.err), (2, True))
    result = package("--image-dir", path("none/below"))
    check("folders: no parent", (result.code, "none/below" in result.err), (2, True))
    check("folders: not to be written to", package("--image-dir", "/proc/image").code, 2)
    os.makedirs(path("empty"))
    limited = ["bash", "-c", 'ulimit -f 8; exec "$0" "$@"', CLAMBDA, "package", HANDLER, "--image-dir"]
    for name in ("empty", "fresh"):
        done = subprocess.run([*limited, path(name)], capture_output=True, text=True, timeout=60)
        check(f"folders: a full disk, {name}", (done.returncode, "File too large" in done.stderr), (3, True))
    check("folders: a full disk: nothing is left", (os.listdir(path("empty")), os.path.exists(path("fresh"))), ([], False))
    made(path("empty"))


# ---- tools and a registry -------------------------------------------------------------------------------------


def test_skopeo():
    folder = path("plain")
    code, out = skopeo("inspect", f"oci:{folder}:latest")
    about = json.loads(out) if code == 0 else {"error": out}
    check("skopeo: inspect", (code, about.get("Architecture"), about.get("Os"), about.get("Digest")),
          (0, NATIVE, "linux", Image(folder).digest))
    for target in (f"docker-archive:{path('image.tar')}:clambda:test", f"dir:{path('image-dir')}"):
        check(f"skopeo: to {target.split(':')[0]}", skopeo("copy", f"oci:{folder}:latest", target)[0], 0)
    back = path("back")
    check("skopeo: back from dir", skopeo("copy", f"dir:{path('image-dir')}", f"oci:{back}:latest")[0], 0)
    check("skopeo: the same image", Image(back).digest, Image(folder).digest)


def test_registry():
    folder, back = path("plain"), path("pulled")
    with registry.running(work.name) as address:
        url = f"docker://{address}/function:v1"
        for what, arguments in (
                ("push", ["copy", "--dest-tls-verify=false", f"oci:{folder}:latest", url]),
                ("pull", ["copy", "--src-tls-verify=false", url, f"oci:{back}:v1"])):
            check(f"registry: {what}", skopeo(*arguments)[0], 0)
        built = path("on-pulled")
        made(built, "--base", f"{back}:v1")
    check("registry: the same image", Image(back, "v1").digest, Image(folder).digest)
    check("registry: it can be built on", len(Image(built).layers), 2)


# ---- it runs --------------------------------------------------------------------------------------------------


def unpack(folder, tag="latest"):
    bundle = path(f"bundle-{uuid.uuid4().hex[:8]}")
    done = subprocess.run(["umoci", "unpack", "--image", f"{folder}:{tag}", bundle], capture_output=True, text=True)
    check(f"run: umoci unpacks {os.path.basename(folder)}", (done.returncode, done.stderr[-300:] if done.returncode
                                                             else ""), (0, ""))
    return bundle


def answered_in_chroot(bundle):
    """As Lambda starts it: the image's settings, and where the Runtime API is."""
    with open(f"{bundle}/config.json") as file:
        process = json.load(file)["process"]
    api = runtime_api.Api([runtime_api.Reply(EVENT)])
    env = dict(text.split("=", 1) for text in process["env"])
    env["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{api.port}"
    words = ["chroot", f"--userspec={process['user'].get('uid', 0)}:{process['user'].get('gid', 0)}",
             f"{bundle}/rootfs", *process["args"]]
    child = subprocess.Popen(words, env={**env, "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: api.idle.is_set() or child.poll() is not None)
        posts = [(post.path.rsplit("/", 1)[1], post.body) for post in api.posts()]
    finally:
        child.kill()
        output = child.communicate()[0]
        api.close()
    return posts or output


def post(port, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/", body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def told_port(process, log):
    """Where the gateway listens, as soon as it does; 0: it has ended."""
    def said():
        with open(log, errors="replace") as file:
            return re.search(r"listens on port (\d+)\n", file.read())

    wait_until(lambda: said() or process.poll() is not None)
    found = said()
    return int(found[1]) if found else 0


@contextlib.contextmanager
def container(bundle):
    """The image's own settings; ordinary rights: its user, no capability, a read-only root."""
    name = f"clambda-{uuid.uuid4().hex[:12]}"
    with open(f"{bundle}/config.json") as file:
        config = json.load(file)
    config["process"].update(terminal=False, capabilities={}, noNewPrivileges=True)
    config["process"]["env"].append("PORT=0")
    config["root"]["readonly"] = True
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "network"]
    config["mounts"] = [m for m in config["mounts"] if m["destination"] != "/sys"
                        and not m["destination"].startswith("/sys/")]
    with open(f"{bundle}/config.json", "w") as file:
        json.dump(config, file)
    runc = ["runc", "--root", f"{bundle}/state"]
    with open(f"{bundle}/output", "wb") as output:
        process = subprocess.Popen([*runc, "run", "--bundle", bundle, name], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT)
    try:
        yield told_port(process, f"{bundle}/output")
    finally:
        subprocess.run([*runc, "kill", name, "KILL"], capture_output=True)
        process.wait()
        subprocess.run([*runc, "delete", "--force", name], capture_output=True)


def answered_by_http(bundle):
    try:
        with container(bundle) as port:
            return post(port, EVENT)
    except OSError as fault:
        with open(f"{bundle}/output") as output:
            return repr(fault), output.read()


def test_run():
    if os.geteuid() != 0:
        return skip("only root unpacks and runs images")
    made(path("stacked"), "--base", path("plain"), "--tag", "top", "--file", __file__)
    for folder, tag in ((path("plain"), "latest"), (path("stacked"), "top")):
        bundle, what = unpack(folder, tag), os.path.basename(folder)
        check(f"run: {what} answers Lambda", answered_in_chroot(bundle), [("response", EVENT)])
        check(f"run: {what} answers HTTP", answered_by_http(bundle), (200, EVENT))


# ---- bases ----------------------------------------------------------------------------------------------------


def base(name, arch=NATIVE, **more):
    layout = Layout(path(name))
    return layout, layout.image([layout.layer({"etc/os-release": name.encode()})], arch, **more)


def test_base():
    layout, image = base("base", config={
        "Env": ["PATH=/base/bin", "LAMBDA_TASK_ROOT=/elsewhere", "OWN=1"], "User": "1000:1000", "Labels": {"a": "b"},
        "Entrypoint": ["/old"], "Cmd": ["old"], "WorkingDir": "/old", "StopSignal": "SIGINT"})
    layout.index(tagged(image, "one"))
    made(path("on-base"), "--base", path("base"))
    image = Image(path("on-base"))
    check("base: inherited", [image.config[k] for k in ("User", "Labels", "StopSignal")],
          ["1000:1000", {"a": "b"}, "SIGINT"])
    check("base: replaced", [image.config[k] for k in ("Entrypoint", "Cmd", "WorkingDir")],
          [["/var/runtime/bootstrap"], ["raw_echo"], "/var/task"])
    check("base: variables", image.config["Env"][:4],
          ["PATH=/base/bin", "OWN=1", "LAMBDA_TASK_ROOT=/var/task", "LAMBDA_RUNTIME_DIR=/var/runtime"])
    check("base: layers, sums, steps", [len(image.layers), len(image.document["rootfs"]["diff_ids"]),
                                        len(image.document["history"])], [2, 2, 2])
    check("base: only our files", sorted(n for n in image.top() if "." in n or n.startswith("etc")),
          ["var/task/raw_echo.so"])
    check("base: in its own layout", made(path("base"), "--base", f"{path('base')}:one").code, 0)
    check("base: beside it", Image(path("base")).tags, ["one", "latest"])
    os.rename(path("on-base"), path("on:base"))
    made(path("on-colon"), "--base", path("on:base"))
    layout, image = base("no-history", history=False)
    layout.index(image)
    made(path("no-steps"), "--base", path("no-history"))
    check("base: no steps where there were none", "history" in Image(path("no-steps")).document, False)


def test_platforms():
    layout = Layout(path("platforms"))
    images = {}
    for arch in ("amd64", "arm64", "s390x"):
        images[arch] = layout.image([layout.layer({"arch": arch.encode()})], arch)
    attestation = platform(images["s390x"], "unknown", system="unknown")
    entries = [platform(images[arch], arch, "v8" if arch == "arm64" else None) for arch in images] + [attestation]
    nested = layout.blob({"schemaVersion": 2, "mediaType": layouts.INDEX, "manifests": entries}, layouts.INDEX)
    layout.index(tagged(nested, "multi"), tagged(images["s390x"], "other"))
    made(path("on-multi"), "--base", path("platforms") + ":multi")
    check("platforms: ours", Image(path("on-multi")).document["architecture"], NATIVE)
    layout.index(*entries)
    made(path("on-flat"), "--base", path("platforms"))
    static = bytearray(layouts.read(os.path.dirname(HOSTILE), os.path.basename(HOSTILE)))
    struct.pack_into("<H", static, MACHINE_AT, OTHER_MACHINE)
    program = write("other-bootstrap", bytes(static))
    os.chmod(program, 0o755)
    made(path("on-other"), "--base", path("platforms"), "--bootstrap", program, handlers=())
    check("platforms: another", Image(path("on-other")).document["architecture"], OTHER)
    check("platforms: no command without a handler", "Cmd" in Image(path("on-other")).config, False)
    made(path("static"), "--bootstrap", program, handlers=())
    check("platforms: static from nothing", Image(path("static")).document["architecture"], OTHER)
    dynamic = bytearray(layouts.read(BUILD, "bin/bootstrap"))
    struct.pack_into("<H", dynamic, MACHINE_AT, OTHER_MACHINE)
    result = package("--image-dir", path("never"), "--bootstrap", write("dynamic", bytes(dynamic)), handlers=())
    check("platforms: libraries of another", (result.code, "build on an image for " + OTHER_ARCH in result.err,
                                              os.path.exists(path("never"))), (2, True, False))


def test_docker_types():
    layout = Layout(path("docker"))
    zstd = layout.blob(b"whatever zstd makes", layouts.ZSTD)
    layers = [layout.layer({"a": b"1"}, layouts.DOCKER_GZIP), (zstd, "sha256:" + "0" * 64)]
    image = layout.image(layers, NATIVE, manifest_type=layouts.DOCKER_MANIFEST, config_type=layouts.DOCKER_CONFIG)
    listed = layout.blob({"schemaVersion": 2, "mediaType": layouts.DOCKER_LIST,
                          "manifests": [platform(image, NATIVE)]}, layouts.DOCKER_LIST)
    layout.index(tagged(listed, "v1"))
    made(path("on-docker"), "--base", path("docker") + ":v1")
    image = Image(path("on-docker"))
    check("docker: OCI's names", [layer["mediaType"] for layer in image.manifest["layers"]],
          [layouts.GZIP, layouts.ZSTD, layouts.GZIP])
    check("docker: bytes as they were", image.layers[1], b"whatever zstd makes")


def test_umoci():
    folder = path("umoci")
    for words in (["init", "--layout", folder], ["new", "--image", f"{folder}:bare"],
                  ["config", "--image", f"{folder}:bare", "--config.env", "FROM=umoci"]):
        check(f"umoci: {words[0]}", subprocess.run(["umoci", *words], capture_output=True).returncode, 0)
    made(path("on-umoci"), "--base", f"{folder}:bare")
    check("umoci: inherited", "FROM=umoci" in Image(path("on-umoci")).config["Env"], True)
    check("umoci: reads ours", subprocess.run(["umoci", "stat", "--image", f"{path('on-umoci')}:latest"],
                                              capture_output=True).returncode, 0)


def damaged(change):
    """A base of one image, changed by change(layout, entry, manifest), which gives its index's entries."""
    def make(folder):
        layout = Layout(folder)
        entry = layout.image([layout.layer({"a": b"1"})], NATIVE)
        manifest = json.loads(layouts.read(folder, entry["digest"]))
        entries = change(layout, entry, manifest)
        layout.index(*([entry] if entries is None else entries))
    return make


def again(layout, entry, manifest, **change):
    """The entry of the image with other members in its manifest."""
    return [layout.blob({**manifest, **change}, layouts.MANIFEST)]


def with_digest(text):
    return damaged(lambda _, entry, __: [{**entry, "digest": text}])


def replaced_blob(data):
    return damaged(lambda layout, entry, _: layout.file("blobs/sha256/" + entry["digest"][7:], data))


def linked(layout, entry, manifest):
    name = f"{layout.folder}/blobs/sha256/{entry['digest'][7:]}"
    os.rename(name, f"{layout.folder}/../linked-away")
    os.symlink("../../../linked-away", name)


def piped(layout, entry, manifest):
    name = f"{layout.folder}/blobs/sha256/{entry['digest'][7:]}"
    os.unlink(name)
    os.mkfifo(name)


def folder_linked(layout, entry, manifest):
    os.rename(f"{layout.folder}/blobs", f"{layout.folder}/../moved-blobs")
    os.symlink("../moved-blobs", f"{layout.folder}/blobs")


def layer_changed(**change):
    return damaged(lambda layout, entry, m: again(layout, entry, m, layers=[{**m["layers"][0], **change}]))


def truncated_layer(layout, entry, manifest):
    layout.file("blobs/sha256/" + manifest["layers"][0]["digest"][7:], b"short")


def flipped_layer(layout, entry, manifest):
    name = manifest["layers"][0]["digest"]
    data = bytearray(layouts.read(layout.folder, name))
    data[-1] ^= 1
    layout.file("blobs/sha256/" + name[7:], bytes(data))


def nested(depth):
    def change(layout, entry, manifest):
        for _ in range(depth):
            entry = layout.blob({"manifests": [entry]}, layouts.INDEX)
        return [entry]
    return damaged(change)


def configured(**document):
    def make(folder):
        layout = Layout(folder)
        layout.index(layout.image([layout.layer({"a": b"1"})], NATIVE, document=document))
    return make


HOSTILE_BASES = [
    ("no folder", lambda folder: None, "", "there is no folder"),
    ("an empty folder", os.makedirs, "", "is no OCI image layout"),
    ("another version", damaged(lambda layout, *_: layout.file("oci-layout", {"imageLayoutVersion": "2.0"})), "",
     "names no version 1"),
    ("an index that is no JSON", damaged(lambda layout, *_: os.remove(layout.folder + "/oci-layout")), "",
     "'oci-layout' is missing"),
    ("no images", damaged(lambda *_: []), "", "has no image"),
    ("another tag", damaged(lambda _, entry, __: [tagged(entry, "v1"), tagged(entry, "\x1b[31mred")]), ":v2",
     "its tags: v1, ?[31mred"),
    ("two that fit", damaged(lambda _, entry, __: [tagged(entry, "v1"), tagged(entry, "v2")]), "",
     "name one as DIR:TAG"),
    ("other platforms", damaged(lambda _, entry, __: [platform(entry, "s390x"), platform(entry, "arm", "v7")]), "",
     "it is for: linux/s390x, linux/arm/v7"),
    ("another architecture", configured(architecture="s390x"), "", "the image is for s390x"),
    ("another system", configured(os="windows"), "", "is not for linux"),
    ("too few diff_ids", configured(rootfs={"type": "layers", "diff_ids": []}), "", "0 diff_ids for 1 layers"),
    ("a diff_id that is none", configured(rootfs={"diff_ids": ["x"]}), "", "a diff_id that is no sha256"),
    ("a process that is none", configured(config=[]), "", "'config' is not an object"),
    *((f"a {key} of another kind", configured(config={key: value}), "", f"the configuration's '{key}' is not a")
      for key, value in (("User", 1000), ("Env", ["A=1", 2]), ("Labels", []))),
    ("a digest with a path", with_digest("sha256:../../../../../../etc/passwd"), "", "is no digest"),
    ("a digest of another kind", with_digest("sha512:" + "0" * 128), "", "is no digest"),
    ("a digest in upper case", with_digest("sha256:" + "A" * 64), "", "is no digest"),
    ("a digest that is too long", with_digest("sha256:" + "a" * 64 + "/x"), "", "is no digest"),
    ("no digest", damaged(lambda *_: [{"size": 1}]), "", "has no digest"),
    ("no size", damaged(lambda _, entry, __: [{"digest": entry["digest"]}]), "", "has no size"),
    ("a negative size", damaged(lambda _, entry, __: [{**entry, "size": -1}]), "", "has no size"),
    ("a manifest that is too large", damaged(lambda _, entry, __: [{**entry, "size": 9 << 20}]), "", "the most is"),
    ("a missing blob", with_digest("sha256:" + "a" * 64), "", "is missing"),
    ("a blob of other bytes", replaced_blob(b"{}"), "", "where"),
    ("a blob that is a link", damaged(linked), "", "is a link"),
    ("a blob that is a pipe", damaged(piped), "", "no regular file"),
    ("blobs that are a link", damaged(folder_linked), "", "has no folder blobs/sha256"),
    ("a manifest without layers", damaged(lambda *a: again(*a, layers=None)), "", "no list of layers"),
    ("too many layers", damaged(lambda layout, entry, m: again(layout, entry, m, layers=m["layers"] * 127)), "",
     "the most is 126"),
    ("a layer of another type", layer_changed(mediaType="application/x\n"), "", "of the unknown type"),
    ("a layer elsewhere", layer_changed(urls=["http://127.0.0.1/"]), "", "lies elsewhere"),
    ("a layer that is too large", layer_changed(size=11 << 30), "", "the most is"),
    ("a layer of another size", layer_changed(size=3), "", "where 3 were told"),
    ("a truncated layer", damaged(truncated_layer), "", "has 5 bytes"),
    ("a flipped bit in a layer", damaged(flipped_layer), "", "is damaged"),
    ("indexes too deep", nested(9), "", "more than 4 deep"),
    ("a number that is not exact", configured(config={"x": 9007199254740993}), "", "beyond 2^53"),
]


def test_hostile():
    for number, (what, make, tag, message) in enumerate(HOSTILE_BASES):
        folder, target = path(f"hostile-{number}"), path(f"hostile-{number}-target")
        make(folder)
        result = package("--image-dir", target, "--base", folder + tag)
        check(f"hostile: {what}", (result.code, result.err if message not in result.err else "", "\x1b" in result.err),
              (2, "", False))
        check(f"hostile: {what}: nothing is left", os.path.exists(target), False)


# ---- killed ---------------------------------------------------------------------------------------------------


def test_killed():
    folder = path("killed")
    made(folder)
    before = Image(folder).digest
    with open(path("large"), "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
    words = [CLAMBDA, "package", HANDLER, "--image-dir", folder, "--file", path("large")]
    for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: process.poll() is not None or os.path.exists(f"{folder}/.clambda-new")
                   and os.stat(f"{folder}/.clambda-new").st_size > 1 << 20)
        process.send_signal(number)
        name = signal.Signals(number).name
        check(f"killed: by {name}", process.wait(), code)
        check(f"killed: {name}: the image is as it was", Image(folder).digest, before)
        check(f"killed: {name}: a file is left", os.path.exists(f"{folder}/.clambda-new"), number == signal.SIGKILL)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{folder}/.clambda-new")
    write("killed/.clambda-new", "left")
    made(folder, "--tag", "next")
    check("killed: the next one cleans up", sorted(os.listdir(folder)), ["blobs", "index.json", "oci-layout"])
    os.makedirs(path("begun"))
    write("begun/.clambda-new", "left")
    made(path("begun"))


def test_beside():
    """Writers of one layout wait for each other."""
    folder, tags = path("beside"), [f"t{i}" for i in range(6)]
    processes = [subprocess.Popen([CLAMBDA, "package", HANDLER, "--image-dir", folder, "--tag", tag],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for tag in tags]
    check("beside: all are done", [process.wait() for process in processes], [0] * len(tags))
    check("beside: all tags are there", sorted(Image(folder, "t0").tags), tags)


def test_script():
    script = write("script", "#!/bin/sh\n")
    os.chmod(script, 0o755)
    result = package("--image-dir", path("scripted"), "--bootstrap", script, handlers=())
    check("script: from nothing", (result.code, "is a script" in result.err), (2, True))
    made(path("scripted"), "--base", path("plain"), "--bootstrap", script, "--handler", "f.g", handlers=())
    check("script: on a base", Image(path("scripted")).config["Cmd"], ["f.g"])


for test in (test_content, test_same, test_names, test_tags, test_usage, test_folders, test_skopeo, test_registry,
             test_run, test_base, test_platforms, test_docker_types, test_umoci, test_hostile, test_killed,
             test_beside, test_script):
    test()
finish()
