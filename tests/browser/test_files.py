#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other reports, as their readers take them: JUnit, JSON with the members that REPORT.md has, text of a width."""
import json
import pathlib
import re
import unicodedata
import xml.etree.ElementTree as ElementTree

from harness import check, finish, reports

PAGE = pathlib.Path(__file__).parent.parent.parent / "sandbox/report/REPORT.md"
KINDS = ("hostile", "large", "same", "raw", "none", "messages", "chaos", "passed", "crowd")
# What the schemas in use agree on: attributes that must be there, others, children in their order.
JUNIT = {
    "testsuites": ({"tests", "failures"}, {"errors", "time", "name"}, ["testsuite"]),
    "testsuite": ({"name", "tests", "failures", "errors", "time", "timestamp", "hostname"}, {"skipped"},
                  ["properties", "testcase"]),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname", "time"}, set(), ["skipped", "error", "failure"]),
    "failure": ({"type", "message"}, set(), []),
    "error": ({"type", "message"}, set(), []),
    "skipped": ({"message"}, set(), []),
}


def wrong_in(element):
    must, may, children = JUNIT.get(element.tag, (set(), set(), []))
    names = set(element.attrib)
    order = [children.index(c.tag) if c.tag in children else -1 for c in element]
    if element.tag not in JUNIT or must - names or names - must - may or -1 in order or order != sorted(order):
        yield element.tag, sorted(names), [c.tag for c in element]
    for child in element:
        yield from wrong_in(child)


def check_xml(kind, folder, data):
    tree = ElementTree.parse(f"{folder}/report.xml").getroot()
    check(f"{kind}: XML of JUnit's form", list(wrong_in(tree)), [])
    suite = tree.find("testsuite")
    cases = suite.findall("testcase")
    counted = [len(cases)] + [sum(c.find(tag) is not None for c in cases) for tag in ("failure", "error", "skipped")]
    check(f"{kind}: its counts", [int(suite.get(n)) for n in ("tests", "failures", "errors", "skipped")], counted)
    events = [c for c in cases if c.get("classname") == data["counted"]]
    kept = len(data["differences"])
    check(f"{kind}: a case for each difference, and one for the rest", len(events), kept + (data["totals"]["done"] > kept))
    if data["counted"] == "messages":
        plain = [d["request_id"].isascii() and d["request_id"].isprintable() for d in data["differences"]]
        check(f"{kind}: which message it is", all(d["request_id"] in c.get("name") for d, c, p in zip(data["differences"], events, plain) if p))
    check(f"{kind}: what chaos found", [c.find("failure") is not None for c in cases if c.get("classname") == "chaos"],
          [data["chaos"]["found"]] if data["chaos"] else [])
    check(f"{kind}: the replay's end", [c.find("error") is not None for c in cases if c.get("classname") == "replay"],
          [data["interrupted"]])
    texts = "".join(c.findtext("failure", "") for c in cases)
    check(f"{kind}: no control characters", re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe\uffff]", texts), [])
    if kept:
        check(f"{kind}: what differs", "/items/1/price\n" in texts and "- 3.25\n" in texts and "+ 3.52\n" in texts)
        check(f"{kind}: how to repeat it", data["differences"][0]["command"] in events[0].findtext("failure"))


def members_of(value, found):
    for key, child in value.items() if isinstance(value, dict) else ():
        found.add(key)
        members_of(child, found)
    for child in value if isinstance(value, list) else ():
        members_of(child, found)
    return found


def check_json(kind, data):
    totals = data["totals"]
    check(f"{kind}: the sum of totals", totals["equal"] + totals["differing"] + totals["not_compared"], totals["done"])
    check(f"{kind}: those that are left out", data["differences_left_out"], totals["differing"] - len(data["differences"]))
    numbers = [d["number"] for d in data["differences"]]
    check(f"{kind}: by number", numbers, sorted(numbers))
    cut = [t for d in data["differences"] for t in (d["event"], d["expected"], d["got"], d["got_log"]) if t and t["cut"]]
    check(f"{kind}: what is cut is longer", all(t["bytes"] > len(t["text"].encode()) for t in cut))
    for h in data["histories"]:
        marks = [mark for message in h["kept"] for mark in message["marks"]]
        check(f"{kind}, {h['title']}: counts", [sum(h["ends"].values()), len(h["kept"]) + h["messages_left_out"]],
              [h["messages"]] * 2)
        check(f"{kind}, {h['title']}: limits", [len(h["kept"]) <= 2000, len(h["calls"]) <= 4000, len(marks) <= 20000],
              [True] * 3)
        check(f"{kind}, {h['title']}: times", all(0 <= m["at_ms"] <= m.get("until_ms", m["at_ms"]) for m in marks))
    check(f"{kind}: spans", [len(data["spans"]) <= 4096, all(s["begin_us"] <= s["end_us"] for s in data["spans"])], [True, True])


def check_page():
    """REPORT.md has each member, and no other."""
    written = set()
    for kind in KINDS:
        with open(f"{reports(kind)}/report.json", encoding="utf-8") as file:
            members_of(json.load(file), written)
    text = PAGE.read_text(encoding="utf-8")
    values = {"changed", "gone", "added", "status", "success", "error", "timeout", "unknown", "passed", "failed", "unsure",
              "init", "invoke", "frozen", "null", "calm", "events"}
    named = {name for name in re.findall(r"`([a-z][a-z0-9_]+)`", text)} - (values - written)
    check("REPORT.md names all members", sorted(written - named), [])
    check("and only these", sorted(named - written), [])


def columns(line):
    return sum(0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def check_text(kind, folder, data):
    text = pathlib.Path(folder, "report.txt").read_text(encoding="utf-8")
    colour = pathlib.Path(folder, "colour.txt").read_text(encoding="utf-8")
    wide = [line for line in text.split("\n") if columns(line) > 100]
    check(f"{kind}: lines of 100 columns", wide, [])
    check(f"{kind}: colour is all that differs", re.sub("\x1b\\[[0-9;]*m", "", colour) == text)
    check(f"{kind}: no control characters", re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2067]", text), [])
    verdict = text.rstrip("\n").split("\n")[-1].split()[0]
    good = "PASSED" if data["chaos"] else "SAME" if data["totals"]["equal"] else "DONE"
    bad = "FAILED" if data["chaos"] else "DIFFERENT"
    check(f"{kind}: the last line is the verdict", verdict,
          bad if data["differs"] else "UNFINISHED" if data["interrupted"] else good)
    for h in data["histories"]:
        check(f"{kind}, {h['title']}: a line of counts", f"history   {h['title']}: {h['messages']} message" in text)
    if data["differences"]:
        repeat = re.search(r"^repeat    ((?:.*\\\n)*.*)", text, re.M)[1]
        check(f"{kind}: the command is whole", re.sub(r" \\\n +", " ", repeat), data["differences"][0]["command"])


for name in KINDS:
    place = reports(name)
    with open(f"{place}/report.json", encoding="utf-8") as report:
        document = json.load(report)
    check_xml(name, place, document)
    check_json(name, document)
    check_text(name, place, document)
check_page()
finish()
