/* SPDX-License-Identifier: Apache-2.0 */
/* The events that differ. What one holds is made when it is opened. */
const SHOWN = 20; /* without asking for more */
const TOKEN = /\s+|"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/y;

function keyOf(token) {
    let key = token;
    try { key = JSON.parse(token); } catch (e) { key = token.slice(1, -1); }
    return key.replace(/~/g, "~0").replace(/\//g, "~1");
}

/* JSON with line breaks, number by number as it was written; values whose pointer is in marks are
 * marked. What is no JSON, or was cut, ends as it is. */
class Pretty {
    constructor(node, marks) {
        this.node = node;
        this.marks = marks;
        this.stack = [];
        this.plain = "";
    }

    flush() {
        if (this.plain) addText(this.node, this.plain);
        this.plain = "";
    }

    pointer() {
        return this.stack.map(f => "/" + (f.array ? f.index : f.key)).join("");
    }

    begin() {
        const kind = this.marks.size ? this.marks.get(this.pointer()) : undefined;
        if (!kind) return null;
        this.flush();
        const mark = el("mark", {class: kind}), parent = this.node;
        parent.append(mark);
        this.node = mark;
        return parent;
    }

    finish(parent) {
        if (!parent) return;
        this.flush();
        this.node = parent;
    }

    line() {
        this.plain += "\n" + "  ".repeat(this.stack.length);
    }

    open(token, next) {
        const parent = this.begin();
        this.plain += token;
        this.stack.push({array: token === "[", index: 0, key: "", parent, isKey: token === "{"});
        if (next !== "}" && next !== "]") this.line();
    }

    close(token, last) {
        const frame = this.stack.pop();
        if (last !== "{" && last !== "[") this.line();
        this.plain += token;
        this.finish(frame.parent);
    }

    separator(token) {
        const top = this.stack[this.stack.length - 1];
        this.plain += token === ":" ? ": " : token;
        if (token === ":") { top.isKey = false; return; }
        top.index++;
        top.isKey = !top.array;
        this.line();
    }

    scalar(token) {
        const top = this.stack[this.stack.length - 1];
        if (top && top.isKey) { top.key = keyOf(token); this.plain += token; return; }
        const parent = this.begin();
        this.plain += token;
        this.finish(parent);
    }

    end(rest) {
        this.plain += rest;
        while (this.stack.length) this.finish(this.stack.pop().parent);
        this.flush();
    }
}

function tokens(text) {
    const list = [];
    TOKEN.lastIndex = 0;
    for (let match; TOKEN.lastIndex < text.length && (match = TOKEN.exec(text));)
        if (match[0].trim()) list.push({text: match[0], end: TOKEN.lastIndex});
    return list;
}

function addJson(node, text, marks) {
    const list = tokens(text), pretty = new Pretty(node, marks);
    let done = 0;
    for (let i = 0; i < list.length; i++) {
        const token = list[i].text;
        if ("{[".includes(token)) pretty.open(token, list[i + 1] && list[i + 1].text);
        else if (!pretty.stack.length && i > 0) break;
        else if ("}]".includes(token)) pretty.close(token, list[i - 1].text);
        else if (",:".includes(token)) pretty.separator(token);
        else pretty.scalar(token);
        done = list[i].end;
    }
    pretty.end(text.slice(done));
}

function block(title, text, marks) {
    if (!text) return null;
    const pre = el("pre", {tabindex: "0", role: "region", "aria-label": title});
    if (/^\s*[[{]/.test(text.text)) addJson(pre, text.text, marks || new Map());
    else addText(pre, text.text);
    const notes = [];
    if (text.bytes === 0) notes.push("Empty.");
    if (text.cut) notes.push(`Cut: ${bytes(new Blob([text.text]).size)} of ${bytes(text.bytes)} are shown.`);
    if (!text.utf8) notes.push("Not UTF-8: \ufffd stands for bytes that are not.");
    return el("div", {}, el("h3", {}, title), pre, notes.length ? el("p", {class: "cut"}, notes.join(" ")) : null);
}

/* Both texts with what they share before and behind left plain. */
function sides(expected, got) {
    if (expected === null || got === null) return [[expected, 0, 0], [got, 0, 0]].map(([t]) => t === null ? null : ["", t, ""]);
    const a = Array.from(expected), b = Array.from(got), most = Math.min(a.length, b.length);
    let head = 0, tail = 0;
    while (head < most && a[head] === b[head]) head++;
    while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
    return [a, b].map(t => [t.slice(0, head).join(""), t.slice(head, t.length - tail).join(""), t.slice(t.length - tail).join("")]);
}

function side(kind, sign, name, parts) {
    if (!parts) return null;
    const pre = el("pre", {});
    addText(pre, parts[0]);
    if (parts[1]) pre.append(textOf("b", {}, parts[1]));
    addText(pre, parts[2]);
    return el("div", {class: "side " + kind}, el("span", {class: "mono", "aria-hidden": "true"}, sign),
              el("div", {}, el("span", {class: "hidden"}, name + ": "), pre));
}

const KINDS = {changed: "changed", gone: "gone", added: "added", status: "another status"};

function itemOf(item) {
    const [expected, got] = sides(item.expected, item.got);
    return el("div", {class: "item"},
        el("div", {class: "pointer"}, textOf("code", {}, item.pointer || "the whole answer"), " ", el("span", {class: "dim"}, KINDS[item.kind])),
        side("old", "\u2212", "expected", expected), side("new", "+", "got", got));
}

function marksOf(d, kind, without) {
    return new Map(d.items.filter(i => i.kind !== without && i.kind !== "status").map(i => [i.pointer, kind]));
}

function bodyOf(d) {
    const more = d.count - d.items.length;
    const expected = block("Expected answer", d.expected, marksOf(d, "old", "added")), got = block("Answer now", d.got, marksOf(d, "new", "gone"));
    const logs = [block("Log before", d.expected_log), block("Log now", d.got_log)].filter(Boolean);
    return el("div", {class: "body"},
        el("h3", {}, plural(d.count, "difference")), d.items.map(itemOf),
        more > 0 ? el("p", {class: "cut"}, `${plural(more, "more difference is", "more differences are")} not shown.`) : null,
        el("p", {class: "dim"}, `Duration ${time(d.duration_us)}, before ${time(d.duration_before_us)}. Status ${d.got_status}, before ${d.expected_status}.`,
           d.request_id ? textOf("span", {}, ` Request ${d.request_id}.`) : null),
        el("h3", {}, `Run this ${NOUN.one} again`), command(d.command, `the command that runs ${NOUN.one} ${d.number} again`),
        el("div", {class: "pair"}, expected, got), block(NOUN.One, d.event), logs.length ? el("div", {class: "pair"}, logs) : null);
}

function statusOf(d) {
    if (d.got_status === d.expected_status) return null;
    return el("span", {class: "badge " + (d.got_status === "success" ? "unsure" : "bad")}, `${d.expected_status} \u2192 ${d.got_status}`);
}

function differenceOf(d) {
    const first = d.items[0], more = d.count > 1 ? ` and ${d.count - 1} more` : "";
    const place = el("span", {class: "place"}, first ? textOf("code", {}, first.pointer || "the whole answer") : null, more);
    const details = el("details", {class: "difference"}, el("summary", {},
        el("span", {class: "number"}, `${NOUN.One} ${d.number}`), statusOf(d), place, textOf("span", {class: "from"}, d.source)));
    details.fillBody = () => { if (!details.querySelector(".body")) details.append(bodyOf(d)); };
    details.addEventListener("toggle", () => { if (details.open) details.fillBody(); });
    return details;
}

function wordsOf(d) {
    return [`${NOUN.one} ${d.number}`, d.source, d.request_id, d.got_status, d.expected_status, ...d.items.map(i => i.pointer),
            ...[d.event, d.expected, d.got, d.expected_log, d.got_log].map(t => t && t.text)].filter(Boolean).join("\n").toLowerCase();
}

/* Which of the list are shown: what the filter wants, and of that the first ones at first. */
function filterBox(list) {
    let all = false;
    const told = el("span", {class: "dim", role: "status"}, "");
    const input = el("input", {type: "search", id: "filter", placeholder: "pointer, text, id\u2026", autocomplete: "off", spellcheck: "false"});
    const more = el("button", {type: "button", id: "more"}, "");
    const update = () => {
        const want = input.value.trim().toLowerCase();
        let found = 0;
        for (const one of list) {
            if (want) one.words = one.words || wordsOf(one.data);
            const fits = !want || one.words.includes(want);
            one.node.hidden = !fits || (!all && found >= SHOWN);
            found += fits;
        }
        told.textContent = want ? `${found} of ${list.length} match` : "";
        more.hidden = all || found <= SHOWN;
        more.textContent = `Show all ${found}`;
    };
    input.addEventListener("input", update);
    more.addEventListener("click", () => {
        const next = list.find(one => one.node.hidden);
        all = true;
        update();
        if (next && !next.node.hidden) next.node.querySelector("summary").focus();
    });
    update();
    return [el("div", {class: "tools"}, el("div", {class: "filter"}, el("label", {for: "filter"}, "Filter"), input), told), more];
}

/* Paper cannot be opened: the first ones are, while it is printed. */
function openForPrint(list) {
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = list.map(one => one.node).filter(node => !node.open && !node.hidden).slice(0, 50);
        for (const node of opened) { node.fillBody(); node.open = true; }
    });
    addEventListener("afterprint", () => { for (const node of opened) node.open = false; });
}

function differences(data) {
    if (data.chaos && !data.totals.done) return null;
    const list = data.differences.map(d => ({data: d, node: differenceOf(d)})), left = data.differences_left_out;
    openForPrint(list);
    if (list.length === 0 && left === 0)
        return section("Differences", "differences", el("p", {class: "dim"}, data.totals.equal ? "None: all answers that could be compared are the same." : "None: nothing was recorded to compare with."));
    const [tools, more] = filterBox(list);
    return section(`Differences (${whole.format(data.totals.differing)})`, "differences", tools, list.map(one => one.node), more,
        left ? el("p", {class: "cut"}, `${plural(left, `more ${NOUN.one} differs`, `more ${NOUN.many} differ`)}: counted, but not kept.`) : null);
}
