# SPDX-License-Identifier: Apache-2.0
"""Who includes whom: an #include or a CMake link to a higher layer is a finding."""
import re
import subprocess
import sys

import tree

# layer: the layers that it may include besides itself; some have no folder yet.
LAYERS = {
    "runtime/include": (),
    "runtime/base": (),
    "runtime/decode": ("base", "include"),
    "runtime/rapi": ("base",),
    "runtime/core": ("include", "base", "decode", "rapi"),
    "sandbox/jail": ("base",),
    "sandbox/env": ("base", "jail"),
    "sandbox/pattern": ("base",),
    "sandbox/mapping": ("base", "pattern"),
    "sandbox/simulate": ("base", "mapping"),
    "sandbox/api": ("base", "env"),
    "sandbox/source": ("base", "env", "mapping"),
    "sandbox/trace": ("base", "mapping"),
    "sandbox/compare": ("base", "trace"),
    "sandbox/report": ("base", "simulate", "trace", "compare"),
    "sandbox/pack": ("base",),
    "sandbox/deploy": ("base", "pack"),
    "sandbox/gateway": ("base", "env", "api"),
    "sandbox/launch": ("base", "jail", "env", "api", "trace", "pack", "deploy"),
    "sandbox/replay": ("base", "jail", "env", "pattern", "mapping", "simulate", "trace", "compare", "report",
                       "launch"),
    "sandbox/cmd": ("base", "jail", "env", "source", "pack", "deploy", "launch", "replay"),
    "examples": ("include",),
}
NAMES = {layer.split("/")[-1]: layer for layer in LAYERS if "/" in layer}

# Headers of libraries: the files that may include them.
LIBRARIES = {
    "cJSON.h": r"runtime/base/json\.c",
    "curl/": r"runtime/rapi/\w+\.c",
    "seccomp.h": r"sandbox/jail/\w+\.c",
    "sys/capability.h": r"sandbox/jail/\w+\.c",
    "microhttpd.h": r"sandbox/api/\w+\.[ch]",
    "uv.h": r"sandbox/(env|api|source|gateway|launch|replay|cmd)/\w+\.[ch]",
    "archive.h": r"sandbox/(pack|deploy)/\w+\.c",
    "archive_entry.h": r"sandbox/(pack|deploy)/\w+\.c",
    "zlib.h": r"sandbox/(trace|deploy)/\w+\.c",
    "libelf.h": r"sandbox/deploy/\w+\.c",
    "gelf.h": r"sandbox/deploy/\w+\.[ch]",
    "lambda.h": r"runtime/(include|decode|core)/.*|examples/.*",
    "lambda/": r"runtime/(include|decode|core)/.*|examples/.*",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LAYER_CALL = re.compile(r"clambda_layer\(\s*(\w+)(.*?)\)", re.S)
LIBC_PACKAGES = ("libc6-dev", "linux-libc-dev", "libgcc-12-dev", "libstdc++-12-dev")


def libc_headers():
    """Headers of the C and C++ libraries and the kernel; None where there is no dpkg."""
    headers = set()
    try:
        for package in LIBC_PACKAGES:
            out = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True)
            headers.update(re.findall(r"/include/(?:c\+\+/\d+/|\S+-linux-gnu/)?(\S+)", out.stdout))
    except FileNotFoundError:
        return None
    return headers or None


def layer_of(path):
    return next((layer for layer in LAYERS if str(path).startswith(layer + "/")), None)


def judge_quoted(layer, name):
    if layer == "examples":
        return None if "/" not in name else f'"{name}" is not for handlers'
    folder = name.split("/")[0]
    if layer == "runtime/include" and name == "../lambda.h":
        return None
    if name == "lambda.h" or folder == "lambda":
        folder = "include"
    elif "/" not in name:
        return f'"{name}" does not name its folder'
    if folder not in NAMES:
        return f'"{name}": no layer is called "{folder}"'
    if NAMES[folder] != layer and folder not in LAYERS[layer]:
        return f'upward include: {layer} may not include "{name}"'
    return None


def judge_system(path, name, libc):
    for prefix, allowed in LIBRARIES.items():
        if name == prefix or (prefix.endswith("/") and name.startswith(prefix)):
            ok = re.fullmatch(allowed, str(path))
            return None if ok else f"<{name}> is not for this file"
    if libc is not None and name not in libc:
        return f"<{name}> is neither of the C library nor in the table of libraries"
    return None


def check_includes(source, libc):
    for path in source.files(".c", ".h", ".cc", ".cpp", ".inc"):
        layer = layer_of(path)
        if layer is None:
            continue
        for number, line in enumerate(source.lines(path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted = match[1] == '"'
            text = judge_quoted(layer, match[2]) if quoted else judge_system(path, match[2], libc)
            if text:
                yield path, number, text


def check_links(source):
    for path in source.files("CMakeLists.txt"):
        text = source.text(path)
        for call in LAYER_CALL.finditer(text):
            layer = NAMES.get(call[1])
            if layer is None or layer != str(path.parent) or "LINK" not in call[2]:
                continue
            line = text.count("\n", 0, call.start()) + 1
            for word in call[2].split("LINK")[1].split():
                if word in NAMES and word not in LAYERS[layer]:
                    yield path, line, f"upward link: {layer} may not link {word}"


def check(source):
    libc = libc_headers()
    yield from check_includes(source, libc)
    yield from check_links(source)


CLEAN = {
    "runtime/base/a.c": '#include "base/a.h"\n#include <stdio.h>\n',
    "runtime/base/json.c": "#include <cJSON.h>\n",
    "runtime/decode/d.c": '#include <lambda.h>\n#include "base/a.h"\n',
    "sandbox/cmd/c.c": '#include "jail/j.h"\n',
    "sandbox/env/CMakeLists.txt": "clambda_layer(env SOURCES a.c LINK base jail)\n",
}
SEEDS = [
    ({"runtime/base/b.c": '#include "decode/d.h"\n'}, "upward include: runtime/base"),
    ({"sandbox/jail/j.c": '#include "env/channel.h"\n'}, "upward include: sandbox/jail"),
    ({"sandbox/env/e.h": '#include "core/loop.h"\n'}, "upward include: sandbox/env"),
    ({"runtime/core/c.c": '#include "jail/jail.h"\n'}, "upward include: runtime/core"),
    ({"runtime/base/b.c": "#include <lambda.h>\n"}, "<lambda.h> is not for this file"),
    ({"runtime/rapi/b.c": '#include "lambda/sqs.h"\n'}, "upward include: runtime/rapi"),
    ({"runtime/decode/o.c": "#include <cJSON.h>\n"}, "<cJSON.h> is not for this file"),
    ({"runtime/rapi/conn.h": "#include <curl/curl.h>\n"}, "<curl/curl.h> is not for this file"),
    ({"runtime/base/b.c": "#include <glib.h>\n"}, "<glib.h> is neither"),
    ({"runtime/base/b.c": '#include "a.h"\n'}, "does not name its folder"),
    ({"sandbox/jail/CMakeLists.txt": "clambda_layer(jail SOURCES a.c LINK base env)\n"},
     "upward link"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
