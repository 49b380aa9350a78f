#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""On a terminal nothing that a function prints drives it; in a pipe every byte arrives as it was."""
import os
import pty
import re
import select
import subprocess
import time

from harness import CLAMBDA, check, finish, function, need_sandbox, write

PATIENCE_S = 60
QUERY = b"\x1b[6n"
REPLY = b"\x1b[24;80R"
TEXTS = {
    "clipboard": b"\x1b]52;c;cm0gLXJmIH4=\x07",
    "title": b"\x1b]0;root@host\x07\x1b]2;x\x1b\\",
    "clear": b"\x1b[2J\x1b[H\x1b[3J\x1bc",
    "query": QUERY + b"\x1b[c\x1b[5n\x1b]11;?\x07\x1bP$qm\x1b\\\x05",
    "forged line": b"x\r\x1b[1A\x1b[2KEND RequestId: done",
    "backspace": b"password\x08\x08\x08\x7f\x7f\x0b\x0c\x0e",
    "c1 as bytes": b"a\x9b6n\x9d52;c;eA==\x9cb\x80\x9f",
    "c1 as utf-8": b"a\xc2\x9b6n\xc2\x9d0;x\xc2\x9cb\xc2\x85",
    "cut character": b"\xe2\x9b\x1b[6n\xf0\x9b",
    "direction": "a\u202eb\u202ac\u2066d\u2069e\u202cf".encode(),
}
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def on_terminal(event, colour, streams=("stdout", "stderr"), arguments=None):
    """What a terminal gets, and what it types back when it is asked."""
    master, slave = pty.openpty()
    environment = dict(os.environ, TERM="xterm", NO_COLOR="" if colour else "1")
    reader, writer = os.pipe()
    pipes = {name: slave if name in streams else writer for name in ("stdout", "stderr")}
    child = subprocess.Popen(arguments or [CLAMBDA, "invoke", function("fn"), "-e", event], stdin=slave,
                             env=environment, **pipes)
    os.close(slave)
    os.close(writer)
    got, other, typed = b"", b"", b""
    fds, end = {master, reader}, time.monotonic() + PATIENCE_S
    while fds and time.monotonic() < end:
        for fd in select.select(list(fds), [], [], 1)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                fds.discard(fd)
            elif fd == master:
                if QUERY in data or b"\x9b6n" in data:
                    typed += REPLY
                    os.write(master, REPLY)
                got += data
            else:
                other += data
    child.wait(timeout=PATIENCE_S)
    os.close(master)
    os.close(reader)
    return child.returncode, got, other, typed


def shown(data):
    """Without what a terminal's driver adds, and the colours of our own."""
    text = data.decode(errors="surrogateescape").replace("\r\n", "\n")
    return re.sub("\x1b\\[(?:2m|31m|0m)", "", text)


def visible(data):
    """What must be shown instead of it."""
    out = ""
    for char in data.decode(errors="surrogateescape"):
        code = ord(char)
        if 0xdc80 <= code <= 0xdcff:
            out += f"\\x{code - 0xdc00:02x}"
        elif code < 0x20 or code == 0x7f:
            out += f"\\x{code:02x}"
        else:
            out += f"\\u{code:04x}" if HARMFUL.match(char) else char
    return out


def check_function(name, text):
    event = write("event.json", '{"do":"raw","hex":"%s"}' % text.hex())
    for colour in (False, True):
        code, got, _, typed = on_terminal(event, colour)
        screen = shown(got)
        check(f"{name}: exit code", code, 0)
        check(f"{name}: nothing reaches the terminal", HARMFUL.findall(screen), [])
        check(f"{name}: two lines and the answer are shown", screen.count(visible(text) + "\n"), 3)
        check(f"{name}: no answer is typed", typed, b"")
        check(f"{name}: no escape without colour", colour or b"\x1b" not in got, True)
    done = subprocess.run([CLAMBDA, "invoke", function("fn"), "-e", event], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S)
    check(f"{name}: the answer in a pipe", done.stdout, text + b"\n")
    check(f"{name}: the lines in a pipe", done.stderr.count(text + b"\n"), 2)


def check_mixed():
    """One of both is a terminal: only that one is changed."""
    text = TEXTS["query"]
    event = write("event.json", '{"do":"raw","hex":"%s"}' % text.hex())
    _, got, other, typed = on_terminal(event, False, streams=("stderr",))
    check("the answer goes to a pipe", (other, visible(text) in shown(got), typed), (text + b"\n", True, b""))
    _, got, other, typed = on_terminal(event, False, streams=("stdout",))
    check("the log goes to a pipe", (other.count(text + b"\n"), shown(got), typed), (2, visible(text) + "\n", b""))


def check_names():
    """Of files, in messages."""
    rows = [["invoke", "no\x1b[6n\nclambda: done"], ["invoke", function("fn"), "-e", "no\x1b]0;x\x07"],
            ["invoke", function("fn"), "--memory", "\x1b[2J"], ["\x1b[6n"], ["event", "\u202es3"]]
    for arguments in rows:
        code, got, _, typed = on_terminal(None, False, arguments=[CLAMBDA, *arguments])
        check(f"{arguments!r}: exit code", code, 2)
        check(f"{arguments!r}: message", HARMFUL.findall(shown(got)), [])
        check(f"{arguments!r}: one line", shown(got).count("clambda: "), 1 + "\n".join(arguments).count("clambda: "))
        check(f"{arguments!r}: no answer is typed", typed, b"")


def check_ends():
    """The texts of a function that fails: its error document, and the log of one that dies."""
    bootstrap = "#!/bin/sh\nprintf '\\033[6n\\033]0;x\\007\\n\\302\\233c'\nexit 3\n"
    function("dies", bootstrap)
    event = write("event.json", "{}")
    code, got, _, typed = on_terminal(None, False, arguments=[CLAMBDA, "invoke", function("dies", bootstrap), "-e", event])
    check("a function that dies: exit code", code, 1)
    check("a function that dies: nothing reaches the terminal", HARMFUL.findall(shown(got)), [])
    check("a function that dies: its output is shown", r"\x1b[6n\x1b]0;x\x07" in shown(got), True)
    check("a function that dies: no answer is typed", typed, b"")


need_sandbox()
for what, raw in TEXTS.items():
    check_function(what, raw)
check_mixed()
check_names()
check_ends()
finish()
