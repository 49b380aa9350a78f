# SPDX-License-Identifier: Apache-2.0
"""OCI image layouts made by hand, right or wrong in any place."""
import gzip
import hashlib
import io
import json
import os
import tarfile

OCI, DOCKER = "application/vnd.oci.image.", "application/vnd.docker."
INDEX, MANIFEST, CONFIG = f"{OCI}index.v1+json", f"{OCI}manifest.v1+json", f"{OCI}config.v1+json"
TAR, GZIP, ZSTD = f"{OCI}layer.v1.tar", f"{OCI}layer.v1.tar+gzip", f"{OCI}layer.v1.tar+zstd"
DOCKER_LIST = f"{DOCKER}distribution.manifest.list.v2+json"
DOCKER_MANIFEST = f"{DOCKER}distribution.manifest.v2+json"
DOCKER_CONFIG, DOCKER_GZIP = f"{DOCKER}container.image.v1+json", f"{DOCKER}image.rootfs.diff.tar.gzip"
TAG = "org.opencontainers.image.ref.name"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(files):
    """files: name to content"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Layout:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(f"{folder}/blobs/sha256")
        self.file("oci-layout", {"imageLayoutVersion": "1.0.0"})

    def file(self, name, content):
        with open(f"{self.folder}/{name}", "wb") as file:
            file.write(content if isinstance(content, bytes) else json.dumps(content).encode())

    def blob(self, content, media_type, **more):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        name = digest(data)
        self.file("blobs/sha256/" + name[7:], data)
        return {"mediaType": media_type, "digest": name, "size": len(data), **more}

    def layer(self, files, media_type=GZIP):
        """Gives descriptor and diff_id."""
        plain = tar(files)
        packed = gzip.compress(plain, mtime=0) if media_type in (GZIP, DOCKER_GZIP) else plain
        return self.blob(packed, media_type), digest(plain)

    def image(self, layers, arch="amd64", config=None, history=True, manifest_type=MANIFEST, config_type=CONFIG,
              document=None, **more):
        """Gives the manifest's descriptor. layers: what layer() gives. document: members of the
        configuration that are others. more: of the descriptor."""
        about = {"architecture": arch, "os": "linux", "config": config or {},
                 "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]}}
        if history:
            about["history"] = [{"created_by": "test"} for _ in layers]
        about.update(document or {})
        return self.blob({"schemaVersion": 2, "mediaType": manifest_type, "config": self.blob(about, config_type),
                          "layers": [layer for layer, _ in layers]}, manifest_type, **more)

    def index(self, *entries, **more):
        self.file("index.json", {"schemaVersion": 2, "manifests": list(entries), **more})
        return self.folder


def tagged(entry, tag):
    return {**entry, "annotations": {TAG: tag}}


def platform(entry, arch, variant=None, system="linux"):
    about = {"os": system, "architecture": arch}
    if variant:
        about["variant"] = variant
    return {**entry, "platform": about}


def read(folder, name):
    """A blob by its digest, or a file by its name."""
    name = f"blobs/sha256/{name[7:]}" if name.startswith("sha256:") else name
    with open(f"{folder}/{name}", "rb") as file:
        return file.read()


class Image:
    """An image of a layout, taken apart; every sum is compared."""

    def __init__(self, folder, tag="latest"):
        self.folder = folder
        entries = json.loads(read(folder, "index.json"))["manifests"]
        self.tags = [entry["annotations"][TAG] for entry in entries if "annotations" in entry]
        self.entry = next(entry for entry in entries if entry.get("annotations", {}).get(TAG) == tag)
        self.digest = self.entry["digest"]
        self.manifest = json.loads(self.blob(self.entry))
        self.document = json.loads(self.blob(self.manifest["config"]))
        self.config = self.document["config"]
        self.layers = [self.blob(layer) for layer in self.manifest["layers"]]

    def blob(self, descriptor):
        data = read(self.folder, descriptor["digest"])
        assert (digest(data), len(data)) == (descriptor["digest"], descriptor["size"]), descriptor
        return data

    def top(self):
        """The last layer's members by name."""
        plain = gzip.decompress(self.layers[-1])
        assert digest(plain) == self.document["rootfs"]["diff_ids"][-1]
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            return {member.name: member for member in archive.getmembers()}
