# SPDX-License-Identifier: Apache-2.0
"""What the checks share: files of the tree, findings, and the proof that a check can fail.

A check is a function check(tree) that yields findings (path, line, text). run() first gives it small
trees with seeded violations, each of which it must find, and one clean tree in which it must find
nothing; then the real tree. Exit 0, 1 (findings, or a check that is blind), 77 (skipped).
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED_FOLDERS = {".git", "__pycache__", "target", "node_modules"}


def wanted(root):
    """What git tracks or would take, or None outside a checkout: what is ignored is nobody's source."""
    if not (root / ".git").exists() or not shutil.which("git"):
        return None
    done = subprocess.run(["git", "-C", root, "ls-files", "-coz", "--exclude-standard"],
                          capture_output=True, text=True)
    return set(done.stdout.split("\0")) if done.returncode == 0 else None


class Skip(Exception):
    """The check cannot run here; the text says why."""


class Tree:
    """A source tree, and what was built from it (None in seeded trees)."""

    def __init__(self, root, build=None, deps=None):
        self.root = pathlib.Path(root).resolve()
        self.build = pathlib.Path(build).resolve() if build else None
        self.deps = pathlib.Path(deps) if deps else None

    def files(self, *suffixes):
        """Paths relative to the root, sorted; all files without suffixes."""
        found = []
        for folder, names, files in os.walk(self.root):
            top = pathlib.Path(folder) == self.root
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS
                        and not (top and n.startswith("build"))]
            found += [(pathlib.Path(folder) / f).relative_to(self.root) for f in files
                      if not suffixes or f.endswith(suffixes)]
        listed = wanted(self.root)
        return sorted(p for p in found if (listed is None or str(p) in listed)
                      and (self.root / p).is_file())

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return self.text(path).split("\n")


def skip_or_fail(reason):
    print(f"skipped: {reason}")
    return 1 if os.environ.get("SANDBOX_MUST_WORK") == "1" else 77


def seeded_tree(folder, files):
    for name, text in files.items():
        text, mode = text if isinstance(text, tuple) else (text, 0o644)
        path = pathlib.Path(folder) / name
        if text is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
    return Tree(folder)


def prove(check, clean, seeds):
    """The seeds that the check does not find, as texts."""
    blind = []
    for name, files, want in [("clean", {}, None)] + [(w, f, w) for f, w in seeds]:
        with tempfile.TemporaryDirectory(prefix="clambda-check-") as folder:
            found = [text for _, _, text in check(seeded_tree(folder, {**clean, **files}))]
        if want is None and found:
            blind.append(f"complains about a clean tree: {found[0]}")
        elif want is not None and not any(want in text for text in found):
            blind.append(f"does not find the seeded '{name}' (found {found})")
    return blind


def run(check, clean, seeds):
    """clean: {path: text or (text, mode)}; seeds: list of (files likewise, part of the finding).
    A text of None takes the file away."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--root", required=True, help="source tree")
    parser.add_argument("--build", help="build tree")
    parser.add_argument("--deps", help="folder with the static libraries' headers")
    args = parser.parse_args()
    try:
        blind = prove(check, clean, seeds)
        for text in blind:
            print(f"this check is blind: {text}")
        found = list(check(Tree(args.root, args.build, args.deps)))
    except Skip as reason:
        return skip_or_fail(reason)
    for path, line, text in found:
        print(f"{path}:{line}: {text}")
    print(f"{len(seeds)} seeded violations tried, {len(found)} findings")
    return 1 if blind or found else 0
