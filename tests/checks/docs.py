# SPDX-License-Identifier: Apache-2.0
"""The three descriptions of the command line agree; links and file names in pages are real.

--help is made from the option tables; the manual page and README.md are written by hand. Every
command and option of one must be in the other two. In README.md the section "The command line" counts.
A command block that follows the line <!-- run --> is run by the check named "readme".
"""
import os
import re
import shutil
import subprocess
import sys

import tree

MANUAL = "sandbox/cmd/clambda.1"
README = "README.md"
OPTION = re.compile(r"(?<![\w/-])(--[a-z][a-z0-9-]+)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[\s|])(?:\S*/)?clambda ([a-z]+)\b")


def option_names(text):
    return set(OPTION.findall(text))


def plain_manual(text):
    """troff without its escapes: '\\-' is a hyphen, font changes are nothing."""
    return re.sub(r"\\f.|\\&", "", text.replace("\\-", "-"))


def section(text, title):
    match = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    return match[1] if match else ""


def check_options(helps, manual, readme):
    """helps: {command: its --help}, "" is the overview."""
    known = set().union(*(option_names(text) for text in helps.values()))
    for where, names in ((MANUAL, option_names(manual)), (README, option_names(readme))):
        for name in sorted(known - names):
            yield where, 1, f"does not name {name}, which --help has"
        for name in sorted(names - known):
            yield where, 1, f"names {name}, which no --help has"


def check_commands(helps, manual, readme):
    commands = {name for name in helps if name}
    for where, text in ((MANUAL, manual), (README, readme)):
        for name in sorted(commands):
            if not re.search(rf"\b{name}\b", text):
                yield where, 1, f"does not name the command {name}"
    for match in COMMAND.finditer("\n".join(re.findall(r"```.*?```", readme, re.S))):
        if match[1] not in commands:
            yield README, 1, f"names the command clambda {match[1]}, which --help has not"


def helps_of(clambda):
    """Runs the command's own help."""
    def output(*args):
        done = subprocess.run([clambda, *args], capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"clambda {' '.join(args)} exits {done.returncode}: {done.stderr}")
        return done.stdout

    helps = {"": output("--help")}
    for name in re.findall(r"^  ([a-z]+) ", helps[""], re.M):
        helps[name] = output(name, "--help")
    return helps


def check_links(source):
    for path in source.files(".md"):
        text = re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), source.text(path), flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            for link in LINK.findall(line):
                target = link.split("#")[0]
                if re.match(r"[a-z]+:", link) or not target:
                    continue
                if not (source.root / path.parent / target).exists():
                    yield path, number, f"link to '{link}', which does not exist"


def check_table(source):
    """'to change X, open Y': the files in the second column exist."""
    text = source.text(README)
    for row in re.findall(r"^\|(.*)\|$", section(text, "To change something"), re.M):
        cells = row.split("|")
        for name in re.findall(r"`([^`]+)`", cells[-1]):
            if "NAME" in name or "SOURCE" in name:
                name = name[:re.search("NAME|SOURCE", name).start()].rpartition("/")[0]
            if not (source.root / name).exists():
                line = text.count("\n", 0, text.index(row)) + 1
                yield README, line, f"names '{name}', which does not exist"


def check_manual(source):
    """What the manual page's own tool complains about."""
    if not shutil.which("man"):
        return
    done = subprocess.run(["man", "--warnings", "-l", str(source.root / MANUAL)],
                          capture_output=True, text=True, env={**os.environ, "MANWIDTH": "100",
                                                               "LC_ALL": "C.UTF-8"})
    for line in done.stderr.strip().split("\n"):
        if line:
            yield MANUAL, 1, f"man: {line}"


def check(source):
    if not (source.root / README).exists():
        yield README, 1, "is missing"
        return
    yield from check_links(source)
    yield from check_table(source)
    yield from check_manual(source)
    if source.build:
        helps = helps_of(source.build / "bin" / "clambda")
    else:
        helps = {"": source.text("help")}
        helps.update({name: source.text("help") for name in re.findall(r"^  ([a-z]+) ", helps[""])})
    manual = plain_manual(source.text(MANUAL))
    readme = section(source.text(README), "The command line")
    yield from check_options(helps, manual, readme)
    yield from check_commands(helps, manual, readme)


HEAD = ".TH C 1\n.SH NAME\nc \\- d\n"
PAGE = "# c\n\n## The command line\n\n```\nclambda invoke F --memory MB\n```\n\n"
CHANGE = "## To change something\n\n| x | y |\n|---|---|\n| a | `help` |\n"
CLEAN = {"help": "  invoke  --memory MB", MANUAL: HEAD + ".B invoke \\-\\-memory\n", README: PAGE + CHANGE}
SEEDS = [
    ({MANUAL: HEAD + ".B invoke\n"}, "does not name --memory"),
    ({MANUAL: HEAD + ".QQ x\n.B invoke \\-\\-memory\n"}, "man: "),
    ({README: PAGE.replace("--memory", "--mem") + CHANGE}, "names --mem, which no --help"),
    ({README: PAGE.replace("invoke", "run") + CHANGE}, "does not name the command invoke"),
    ({README: PAGE.replace("F --memory", "F --memory\nclambda dance invoke") + CHANGE},
     "clambda dance"),
    ({README: PAGE + CHANGE.replace("`help`", "`sandbox/none.c`")}, "names 'sandbox/none.c'"),
    ({README: PAGE + CHANGE + "[x](docs/none.md)\n"}, "link to 'docs/none.md'"),
]

if __name__ == "__main__":
    sys.exit(tree.run(check, CLEAN, SEEDS))
