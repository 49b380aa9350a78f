# SPDX-License-Identifier: Apache-2.0
"""Patterns and events: a table by hand, and pairs at random from a seed.

What our rules and AWS's engine are known to see differently is in DIFFER with the reason, and is left
out of what is made at random."""
import json
import random

# pattern, event, verdict: 1 matches, 0 not, ! refused. By EventBridge's pages (patterns, arrays, null
# values) and the README of Event Ruler.
TABLE = [
    ('{"a":["x"]}', '{"a":"x"}', "1"),
    ('{"a":["x"]}', '{"a":"X"}', "0"),
    ('{"a":["x"]}', '{"a":["y",["x"]]}', "1"),
    ('{"a":["x"]}', '{"a":{"x":1}}', "0"),
    ('{"a":[""]}', '{"a":""}', "1"),
    ('{"a":[""]}', '{"a":null}', "0"),
    ('{"a":[null]}', '{"a":null}', "1"),
    ('{"a":[null]}', '{}', "0"),
    ('{"a":[true]}', '{"a":"true"}', "0"),
    ('{"a":[5]}', '{"a":"5"}', "0"),
    ('{"a":["\\u0078"]}', '{"a":"x"}', "1"),
    ('{"a":["x"]}', '{"\\u0061":"\\u0078"}', "1"),
    ('{"a":[{"prefix":"ab"}]}', '{"a":"abc"}', "1"),
    ('{"a":[{"prefix":"ab"}]}', '{"a":5}', "0"),
    ('{"a":[{"prefix":{"equals-ignore-case":"AB"}}]}', '{"a":"abc"}', "1"),
    ('{"a":[{"suffix":{"equals-ignore-case":"ÄB"}}]}', '{"a":"xäb"}', "1"),
    ('{"a":[{"suffix":""}]}', '{"a":""}', "1"),
    ('{"a":[{"wildcard":"a*b*c"}]}', '{"a":"abbc"}', "1"),
    ('{"a":[{"wildcard":"a*a"}]}', '{"a":"a"}', "0"),
    ('{"a":[{"wildcard":"*"}]}', '{"a":""}', "1"),
    ('{"a":[{"wildcard":"a\\\\*"}]}', '{"a":"a*"}', "1"),
    ('{"a":[{"wildcard":"a\\\\*"}]}', '{"a":"ab"}', "0"),
    ('{"a":[{"wildcard":"a**"}]}', '{"a":"a"}', "!"),
    ('{"a":[{"wildcard":"a\\\\b"}]}', '{"a":"a"}', "!"),
    ('{"a":[{"anything-but":"x"}]}', '{"a":null}', "1"),
    ('{"a":[{"anything-but":"x"}]}', '{}', "0"),
    ('{"a":[{"anything-but":"x"}]}', '{"a":[]}', "0"),
    ('{"a":[{"anything-but":["x","y"]}]}', '{"a":["x","z"]}', "1"),
    ('{"a":[{"anything-but":5}]}', '{"a":5.0}', "0"),
    ('{"a":[{"anything-but":["x",5]}]}', '{"a":1}', "!"),
    ('{"a":[{"anything-but":[]}]}', '{"a":1}', "!"),
    ('{"a":[{"anything-but":{"prefix":["x","y"]}}]}', '{"a":"yz"}', "0"),
    ('{"a":[{"anything-but":{"wildcard":"x*z"}}]}', '{"a":"xyz"}', "0"),
    ('{"a":[{"anything-but":{"equals-ignore-case":["X"]}}]}', '{"a":"x"}', "0"),
    ('{"a":[{"anything-but":{"prefix":""}}]}', '{"a":"x"}', "!"),
    ('{"a":[{"numeric":["=",300]}]}', '{"a":3e2}', "1"),
    ('{"a":[{"numeric":[">",0,"<=",5]}]}', '{"a":5}', "1"),
    ('{"a":[{"numeric":[">",0,"<=",5]}]}', '{"a":0}', "0"),
    ('{"a":[{"numeric":[">",0]}]}', '{"a":"5"}', "0"),
    ('{"a":[{"numeric":["<",5,">",1]}]}', '{"a":4}', "!"),
    ('{"a":[{"numeric":[">",5,"<",5]}]}', '{"a":5}', "!"),
    ('{"a":[{"numeric":[]}]}', '{"a":5}', "!"),
    ('{"a":[{"numeric":["=",123456789012345678901234567890]}]}', '{"a":5}', "!"),
    ('{"a":[{"cidr":"10.0.0.5/24"}]}', '{"a":"10.0.0.255"}', "1"),
    ('{"a":[{"cidr":"10.0.0.0/24"}]}', '{"a":"10.0.1.0"}', "0"),
    ('{"a":[{"cidr":"10.0.0.0/32"}]}', '{"a":"10.0.0.0"}', "!"),
    ('{"a":[{"cidr":"10.0.0.0"}]}', '{"a":"10.0.0.0"}', "!"),
    ('{"a":[{"cidr":"fe80::/10"}]}', '{"a":"febf::1"}', "1"),
    ('{"a":[{"exists":true}]}', '{"a":null}', "1"),
    ('{"a":[{"exists":true}]}', '{"a":{"b":1}}', "0"),
    ('{"a":[{"exists":false}]}', '{"a":{"b":1}}', "1"),
    ('{"a":[{"exists":false}]}', '{"a":[]}', "1"),
    ('{"a":[{"exists":false},1]}', '{"a":1}', "1"),
    ('{"a":[{"exists":false},1]}', '{"a":2}', "0"),
    ('{"a":{"x":[{"exists":false}]}}', '{"a":[{"x":1},{"y":1}]}', "0"),
    ('{"a":{"b":[1],"x":[{"exists":false}]}}', '{"a":[{"x":1},{"b":1}]}', "1"),
    ('{"a":{"x":[1],"b":[{"exists":false}]}}', '{"a":[{"b":1},{"x":1}]}', "0"),
    ('{"a":{"b":[1],"c":[2]}}', '{"a":[{"b":1},{"c":2}]}', "0"),
    ('{"a":{"b":[1],"c":[2]}}', '{"a":[{"b":1},{"b":1,"c":2}]}', "1"),
    ('{"a":{"b":[1],"c":[2]}}', '{"a":[[{"b":1}],[{"b":1,"c":2}]]}', "1"),
    ('{"a":{"b":[1]},"$or":[{"a":{"c":[2]}},{"d":[3]}]}', '{"a":[{"b":1},{"c":2}]}', "0"),
    ('{"a":[1],"a":[2]}', '{"a":1}', "0"),
    ('{"a":{"b":[1]},"a":{"c":[2]}}', '{"a":{"c":2}}', "0"),
    ('{"a":[1],"$or":[{"a":[2]},{"b":[3]}]}', '{"a":2}', "1"),
    ('{"$or":[{"a":[2]},{"b":[3]}],"a":[1]}', '{"a":2}', "0"),
    ('{"c":[1],"$or":[{"a":[2]},{"b":[3],"$or":[{"d":[4]},{"e":[5]}]}]}', '{"c":1,"b":3,"e":5}', "1"),
    ('{"c":[1],"$or":[{"a":[2]},{"b":[3],"$or":[{"d":[4]},{"e":[5]}]}]}', '{"c":1,"b":3}', "0"),
    ('{"x":{"$or":[{"a":[2]},{"b":[3]}]}}', '{"x":{"b":3}}', "1"),
    ('{"$or":{"a":[2]}}', '{"$or":{"a":2}}', "1"),
    ('{"$or":[{"prefix":"x"},{"suffix":"y"}]}', '{"$or":"ay"}', "1"),
    ('{"$or":[{"a":[2]}]}', '{"a":2}', "!"),
    ('{"$or":[]}', '{"a":2}', "!"),
    ('{}', '{"a":2}', "!"),
    ('{"a":{}}', '{"a":2}', "!"),
    ('{"a":[]}', '{"a":2}', "!"),
    ('{"a":"x"}', '{"a":"x"}', "!"),
    ('{"a":[["x"]]}', '{"a":"x"}', "!"),
    ('{"a":[{}]}', '{"a":"x"}', "!"),
    ('{"a":[{"foo":1}]}', '{"a":"x"}', "!"),
    ('{"a":[{"prefix":"a","suffix":"b"}]}', '{"a":"ab"}', "!"),
    ('{"a":[{"exists":"true"}]}', '{"a":"x"}', "!"),
    ('["a"]', '{"a":"x"}', "!"),
]

# The same with their verdict, and why it is another.
DIFFER = [
    ('{"a":[300]}', '{"a":300.0}', "0", "1",
     "EventBridge's page of patterns: numbers are compared as text; the engine compares values"),
    ('{"a":[{"cidr":"0.0.0.0/0"}]}', '{"a":"::1"}', "0", "1",
     "the engine compares the digits of addresses of different lengths"),
    ('{"a":[{"cidr":"10.0.0.0/1"}]}', '{"a":5}', "0", "1",
     "the engine takes the digits that it makes of numbers for those of addresses"),
    ('{"b":["x"],"b":{"c":["x"]}}', '{"b":[["x"],{"c":"x"}]}', "1", "0",
     "a name with a list and with members, and an array with arrays: we look for both apart"),
    ('{"a":[{"wildcard":"*b"},{"equals-ignore-case":"b"}]}', '{"a":"xyz"}', "0", "1",
     "the engine's machine for the two together takes any string"),
    ('{"a":[{"anything-but":{"prefix":[]}}],"a":[1]}', '{"a":1}', "!", "1",
     "the engine sees an empty list here only when it is used"),
    ('{"a":["10.0.0.1"]}', '{"a":"10.0.0.01"}', "0", "1",
     "the engine takes equal strings for addresses; no page says so"),
    ('{"a.b":["x"]}', '{"a":{"b":"x"}}', "0", "1",
     "the engine joins names by points; its README warns not to rely on that"),
    ('{"a":{"b":[1],"c":[2]}}', '{"a":{"b":1},"a":{"c":2}}', "0", "1",
     "members of one name: the engine adds them up, we look at each"),
    ('{"a":[{"equals-ignore-case":"ß"}]}', '{"a":"SS"}', "0", "1",
     "we know the cases of single letters"),
    ('{"a":["x"]} more', '{"a":"x"}', "!", "1", "a pattern is one JSON document"),
    ('{"a":[{"exactly":"x"}]}', '{"a":"x"}', "!", "1", "no page of EventBridge or Lambda has it"),
]

NAMES = ["a", "b", "c", "d-e", "é", "B"]
TEXTS = ["", "a", "b", "ab", "abc", "aab", "aBc", "b*a", "bab", "é", "É", "Ünï", "a\\b", "true", "5"]
PARTS = ["a", "b", "ab", "c", "É", "*", "\\\\", "\\*"]
PLAIN_NUMBERS = ["0", "1", "-1", "5", "0.5", "-2.25", "300", "1234567890123"]
OTHER_NUMBERS = ["5.0", "3e2", "3E+2", "-0", "0.50", "50e-2", "1e20", "1e-7"]
V4 = ["10.0.0.0", "10.0.0.255", "10.0.1.0", "9.255.255.255", "127.0.0.1"]
V6 = ["::", "::1", "fe80::1", "febf::1", "fec0::", "2001:db8::5"]


class Members(list):
    """Those of an object, by twos."""


def collect(members, path, lists, objects):
    for name, value in members:
        if isinstance(value, Members):
            objects.add(path + (name,))
            collect(value, path + (name,), lists, objects)
        elif name == "$or":
            for branch in value:
                collect(branch, path, lists, objects)
        else:
            lists.add(path + (name,))


def is_mixed(pattern):
    """Has a name both a list and members?"""
    lists, objects = set(), set()
    collect(json.loads(pattern, object_pairs_hook=Members), (), lists, objects)
    return bool(lists & objects)


class Maker:
    """Pairs from a seed. A value of an event is a dict, a list, or the text of a scalar; what a pattern
    says of it is likely to be true, so that verdicts are of both kinds."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def likely(self, chance):
        return self.r.random() < chance

    def begin(self):
        self.numbers = PLAIN_NUMBERS if self.likely(0.5) else PLAIN_NUMBERS + OTHER_NUMBERS
        self.exact = self.numbers is PLAIN_NUMBERS
        self.addresses = V4 if self.likely(0.5) else V6

    def write(self, value):
        if isinstance(value, dict):
            return self.object((name, self.write(v)) for name, v in value.items())
        return self.listed(map(self.write, value)) if isinstance(value, list) else value

    def object(self, members):
        return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"

    def listed(self, values):
        return "[" + ",".join(values) + "]"

    def text(self):
        if self.likely(0.1):
            return json.dumps(self.r.choice(self.addresses))
        return json.dumps(self.r.choice(TEXTS), ensure_ascii=self.likely(0.5))

    def number(self):
        return self.r.choice(self.numbers)

    def scalar(self):
        kind = self.r.random()
        if kind < 0.55:
            return self.text()
        return self.number() if kind < 0.85 else self.r.choice(["null", "true", "false"])

    def event(self, depth=3):
        return {name: self.value(depth - 1) for name in self.r.sample(NAMES, self.r.randint(0, 4))}

    def value(self, depth):
        kind = self.r.random()
        if depth <= 0 or kind < 0.45:
            return self.scalar()
        if kind < 0.7:
            return self.event(depth)
        return [self.value(depth - 1) for _ in range(self.r.randint(0, 3))]

    def wildcard(self, hint=None):
        if hint is None or self.likely(0.3):
            parts = self.r.choices(PARTS, k=self.r.randint(0, 4))
            return json.dumps("".join(parts)).replace("**", "*" if self.likely(0.9) else "**")
        text, at = json.loads(hint), self.r.randint(0, 3)
        end = at + self.r.randint(0, 2)
        kept = [part.replace("\\", "\\\\").replace("*", "\\*") for part in (text[:at], text[end:])]
        return json.dumps("*".join(kept))

    def numeric(self, hint=None):
        low = hint if hint and self.likely(0.5) else self.number()
        if self.likely(0.6):
            return f'["{self.r.choice(["=", "<", "<=", ">", ">="])}",{low}]'
        low, high = sorted([low, self.number()], key=float)
        if self.likely(0.05):
            low, high = high, low
        return f'["{self.r.choice([">", ">="])}",{low},"{self.r.choice(["<", "<="])}",{high}]'

    def cidr(self):
        least, most = (8, 31) if self.addresses is V4 else (16, 127)
        bits = self.r.randint(least, most + self.likely(0.1))
        return json.dumps(f"{self.r.choice(self.addresses)}/{bits}")

    def some(self, make):
        return make() if self.likely(0.5) else self.listed([make() for _ in range(self.r.randint(1, 3))])

    def anything_but(self):
        name = self.r.choice(["", "", "prefix", "suffix", "equals-ignore-case", "wildcard"])
        if name:
            return self.object([(name, self.some(self.wildcard if name == "wildcard" else self.text))])
        return self.some(self.text if self.likely(0.6) else self.number)

    def affix(self, name, hint):
        text = self.text()
        if hint and self.likely(0.7):
            text, at = json.loads(hint), self.r.randint(0, 2)
            text = json.dumps(text[:at] if name == "prefix" else text[len(text) - min(at, len(text)):])
        return text if self.likely(0.6) else self.object(
            [("equals-ignore-case", text.upper() if "\\" not in text else text)])

    def operator(self, hint):
        string = hint if hint and hint[0] == '"' else None
        number = hint if hint and hint[0] in "-0123456789" else None
        makers = {
            "prefix": lambda: self.affix("prefix", string), "suffix": lambda: self.affix("suffix", string),
            "equals-ignore-case": self.text, "wildcard": lambda: self.wildcard(string),
            "numeric": lambda: self.numeric(number), "cidr": self.cidr,
            "exists": lambda: "true" if self.likely(0.6) else "false", "anything-but": self.anything_but}
        names = list(makers) + ["exists", "anything-but"]
        names += ["wildcard", "prefix", "suffix"] * 2 if string else ["numeric"] * 4 if number else []
        name = self.r.choice(names)
        return self.object([(name, makers[name]())])

    def test(self, hint):
        if self.likely(0.6):
            return self.operator(hint)
        value = hint if hint and self.likely(0.7) else self.scalar()
        return value if self.exact or value[0] not in "-0123456789" else '"a"'

    def one_of(self, value):
        """An element of a list, or of those in it."""
        while isinstance(value, list):
            value = self.r.choice(value) if value else None
        return value

    def pattern(self, hint, depth=3):
        hint = hint if isinstance(hint, dict) else {}
        known = list(hint) if hint and self.likely(0.85) else NAMES
        members = []
        for _ in range(self.r.randint(1, 2)):
            name = self.r.choice(known)
            members.append((name, self.part(self.one_of(hint.get(name)), depth - 1)))
        if depth > 1 and self.likely(0.2):
            either = [self.pattern(hint, depth - 1) for _ in range(self.r.randint(2, 3))]
            members.insert(self.r.randint(0, len(members)), ("$or", self.listed(either)))
        return self.object(members)

    def part(self, hint, depth):
        if depth > 0 and self.likely(0.8 if isinstance(hint, dict) else 0.1):
            return self.pattern(hint, depth)
        hint = hint if isinstance(hint, str) else None
        while True:
            tests = self.listed([self.test(hint) for _ in range(self.r.randint(1, 3))])
            if "wildcard" not in tests or "ignore-case" not in tests: # see DIFFER
                return tests

    def spoil(self, pattern):
        """Something of it is taken away or put in another place."""
        at = self.r.randrange(len(pattern))
        end = min(len(pattern), at + self.r.randint(1, 4))
        return pattern[:at] + self.r.choice(["", "[", "{}", "1", '""', "null", pattern[:3]]) + pattern[end:]

    def pair(self):
        while True:
            self.begin()
            event = self.event()
            pattern = self.pattern(event)
            if not is_mixed(pattern):
                return pattern, self.write(event)
