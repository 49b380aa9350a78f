#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Filter patterns, ours against AWS's own open rule engine: test_patterns.py PROGRAM BUILD-FOLDER [SEED].

PROGRAM reads a pattern and an event from two lines each and says what our rules make of them;
Patterns.java does so with Event Ruler, the library behind EventBridge."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

import patterns

HERE = os.path.dirname(os.path.abspath(__file__))
MUST = os.environ.get("SANDBOX_MUST_WORK") == "1"
PAIRS, SPOILED = 8000, 1500
TOLD = 10  # differences that are printed
DOWNLOADS = (0, 10, 30)  # seconds before each try: what a registry cannot do now it can do later
AGAIN = 40  # times that the engine is asked about a difference
JARS = {
    "event-ruler-2.1.0.jar":
        "0de916a30048f996f129d05eb3dc6871c89a462f1377c876fd2d34f2e04152fe",
    "fastdoubleparser-2.0.1.jar":
        "4242e2335299026524d331355a6cd75abdc38c8fed4402f25b5c7ce9d7668cc1",
    "jackson-annotations-2.22.jar":
        "21ddb598807d3a51a876704eb979d9296e1c6a6f47ab1826ff88c6d6a127a2d0",
    "jackson-core-2.22.2.jar":
        "ff167a6317be15895706c26668f45b898efe40ab8780970658210fe1393d52a6",
    "jackson-databind-2.22.2.jar":
        "d0da14c12b16b5d54719aa172d83b542ff4abeb8b0fb7db476fde8ceece760ca",
    "jsr305-3.0.2.jar":
        "766ad2a0783f2687962c8ad74ceecc38a28b9f72a2d085ee438b7813e928d0c7",
}


def skip(reason):
    print(reason)
    sys.exit(1 if MUST else 77)


def hash_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def have_jars(folder):
    return all(os.path.exists(f"{folder}/{name}") for name in JARS)


def get_jars(folder):
    """The engine and what it needs; kept in the build folder."""
    if not have_jars(folder):
        if not shutil.which("mvn"):
            skip("mvn is not installed")
        for pause_s in DOWNLOADS:
            time.sleep(pause_s)
            done = subprocess.run(
                ["mvn", "-q", "-B", "-f", f"{HERE}/pom.xml", f"-Dmaven.repo.local={folder}/repository", "-U",
                 "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
                 f"-DoutputDirectory={folder}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode == 0:
                break
        shutil.rmtree(f"{folder}/repository", ignore_errors=True)
        if done.returncode or not have_jars(folder):
            print(done.stdout[-1500:])
            skip("Event Ruler could not be had")
    for name, want in JARS.items():
        got = hash_of(f"{folder}/{name}")
        if got != want:
            os.unlink(f"{folder}/{name}")
            sys.exit(f"not ok - {name}: its SHA-256 is {got}, not {want}")
    return ":".join(f"{folder}/{name}" for name in JARS)


def verdicts(command, pairs):
    text = "".join(f"{pattern}\n{event}\n" for pattern, event in pairs)
    done = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    lines = done.stdout.decode(errors="replace").split("\n")[:-1]
    if done.returncode or len(lines) != len(pairs):
        print(done.stderr.decode(errors="replace")[-1500:])
        sys.exit(f"not ok - {command[0]} ended with {done.returncode} after {len(lines)} of {len(pairs)} pairs")
    return lines


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def make_pairs(seed):
    """Pairs, and some whose pattern is likely to be refused; it stays JSON: the engine does not look at
    what stands behind a pattern."""
    maker = patterns.Maker(seed)
    pairs = [maker.pair() for _ in range(PAIRS)]
    while len(pairs) < PAIRS + SPOILED:
        pattern, event = maker.pair()
        pattern = pattern if "cidr" in pattern else maker.spoil(pattern)
        if is_json(pattern) and not ('but":{' in pattern and ":[]" in pattern):  # see DIFFER
            pairs.append((pattern, event))
    return pairs


def is_same(row, our, their):
    want, want_theirs = row[2:]
    return our[:1] == (want or their[:1]) and their[:1] == (want_theirs or their[:1])


def ask_again(engine, rows, ours, differ):
    """What of it is left when the engine is asked again. It contradicts itself about a few in a hundred
    thousand pairs (a text, a number and a suffix or wildcard in one list): now 1, now 0, in one process."""
    asked = differ[:TOLD]
    again = verdicts(engine, [rows[i][:2] for i in asked for _ in range(AGAIN)])
    left = []
    for k, i in enumerate(asked):
        theirs = again[k * AGAIN:(k + 1) * AGAIN]
        if any(is_same(rows[i], ours[i], their) for their in theirs):
            print(f"# the engine contradicts itself about {rows[i][0]} and {rows[i][1]}")
        else:
            left.append(i)
    return left + differ[TOLD:]


def compare(what, rows, ours, theirs, engine):
    """rows: (pattern, event, our verdict or None, theirs or None)."""
    differ = [i for i, row in enumerate(rows) if not is_same(row, ours[i], theirs[i])]
    if differ:
        differ = ask_again(engine, rows, ours, differ)
    for i in differ[:TOLD]:
        pattern, event, want, want_theirs = rows[i]
        print(f"not ok - {what}: {pattern}\n#   event  {event}\n#   ours   {ours[i]}\n#   theirs {theirs[i]}"
              f"\n#   wanted {want} {want_theirs}")
    if not differ:
        print(f"ok - {what}: {len(rows)} pairs")
    return len(differ)


def main():
    program, build = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if not shutil.which("java") or not shutil.which("javac"):
        skip("java and javac are not installed")
    os.makedirs(build, exist_ok=True)
    engine = ["java", "-XX:TieredStopAtLevel=1", "-cp", get_jars(os.path.abspath(build)), f"{HERE}/Patterns.java"]
    table = [(p, e, v, v) for p, e, v in patterns.TABLE] + [(p, e, v, t) for p, e, v, t, _ in patterns.DIFFER]
    rows = table + [(p, e, None, None) for p, e in make_pairs(seed)]
    pairs = [row[:2] for row in rows]
    ours, theirs = verdicts([program], pairs), verdicts(engine, pairs)
    wrong = compare("table", table, ours, theirs, engine)
    wrong += compare(f"seed {seed}", rows[len(table):], ours[len(table):], theirs[len(table):], engine)
    counts = {v: sum(t[:1] == v for t in theirs) for v in "10!"}
    print(f"# theirs: {counts}")
    if min(counts.values()) < SPOILED // 10:
        sys.exit("not ok - what is made at random is too much of one kind")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
