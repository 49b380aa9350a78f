/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on the virtual clock: one row each. What it holds is made when it is seen, or opened. */
const ENDS = {done: "done", filtered: "filtered", dead_letter_queue: "dead-letter queue", lost: "lost", open: "open"};
const END_KINDS = {done: "good", filtered: "plain", dead_letter_queue: "bad", lost: "bad", open: "unsure"};
const STRIP = 26, MIDDLE = 14, ROWS = 50;
/* What is drawn at a place, by name; shapes differ so that colours are not needed. */
const SHAPES = {
    arrived: "M-1,-8h2v16h-2z",
    done: "M0,-5a5,5 0 1,1 0,10a5,5 0 1,1 0,-10z",
    filtered: "M0,-5l5,5l-5,5l-5,-5z",
    dlq: "M-5,-5h10v10h-10z",
    lost: "M-5,-3l2,-2l3,3l3,-3l2,2l-3,3l3,3l-2,2l-3,-3l-3,3l-2,-2l3,-3z",
    split: "M-4,-8h2v16h-2zM2,-8h2v16h-2z",
    fault: "M-5,-12h10l-5,7z",
    note: "M-3,-12h6v6h-6z",
};

function outcomeOf(mark) {
    if (!mark.status) return "open";
    if (mark.status === "partial") return mark.failed ? "error" : "success";
    return mark.status;
}

function callOf(history, mark) {
    history.byNumber = history.byNumber || new Map(history.calls.map(c => [c.number, c]));
    return history.byNumber.get(mark.invocation);
}

/* In words: [what, more about it] */
function wordsOfMark(history, mark) {
    const call = mark.invocation ? callOf(history, mark) : null;
    const invocation = mark.invocation ? `invocation ${mark.invocation}` : "";
    switch (mark.kind) {
    case "invoked": {
        const took = duration((mark.until_ms ?? mark.at_ms) - mark.at_ms), of = call && call.messages > 1 ? ` with ${plural(call.messages - 1, "other")}` : "";
        const status = !mark.status ? "no answer" : mark.status === "partial" ? (mark.failed ? "named as failed" : "not named as failed") : mark.status;
        return [`${invocation}${call && call.attempt > 1 ? `, attempt ${call.attempt}` : ""}${of}: ${status}`, mark.ran === false ? "the function did not get it" : took];
    }
    case "retried": return ["comes again", `not before ${clock(mark.until_ms ?? mark.at_ms)}`];
    case "fault": return [`chaos: ${mark.fault}`, invocation];
    case "note": return ["note", mark.note || ""];
    case "given up": return [`given up: ${mark.dead_letter ? `to the ${ENDS.dead_letter_queue}` : "lost"}`, mark.reason || ""];
    default: return [mark.kind, mark.kind === "split" ? `${invocation}: the batch goes on as two` : ""];
    }
}

/* One message's line. */
class Strip {
    constructor(row, view) {
        this.row = row;
        this.view = view;
        this.mark = -1;
        this.box = el("div", {class: "strip"});
        this.box.addEventListener("pointermove", event => this.onPointer(event));
    }

    line(svg, from, to, name) {
        const a = this.view.axis.x(from), b = this.view.axis.x(to);
        if (b > a) svg.append(draw("line", {class: name, x1: a, x2: b, y1: MIDDLE, y2: MIDDLE}));
    }

    shape(svg, ms, shape, name) {
        svg.append(draw("path", {class: name || shape, d: SHAPES[shape], transform: `translate(${this.view.axis.x(ms).toFixed(1)},${MIDDLE})`}));
    }

    delivery(svg, mark) {
        const x = this.view.axis.x(mark.at_ms), wide = Math.max(4, this.view.axis.x(mark.until_ms ?? mark.at_ms) - x), outcome = outcomeOf(mark);
        svg.append(draw("rect", {class: "delivery " + outcome, x, y: MIDDLE - 6, width: wide, height: 12, rx: 2}));
        if (["error", "refused", "timeout"].includes(outcome)) svg.append(draw("path", {class: "slash", d: `M${x},${MIDDLE + 6}l${Math.min(wide, 12)},-12`}));
    }

    /* Its end stands among the marks, unless that one was left out. */
    ends(svg) {
        const m = this.row.data, shapes = {done: "done", filtered: "filtered", dead_letter_queue: "dlq", lost: "lost"};
        for (const mark of m.marks) {
            const end = mark.kind !== "given up" ? mark.kind : mark.dead_letter ? "dead_letter_queue" : "lost";
            if (["done", "filtered", "given up"].includes(mark.kind)) this.shape(svg, mark.at_ms, shapes[end]);
        }
        if (m.marks_left_out && shapes[m.end]) this.shape(svg, m.end_ms, shapes[m.end]);
    }

    render() {
        const {width, axis} = this.view, marks = this.row.data.marks;
        if (!width) return;
        const svg = draw("svg", {viewBox: `0 0 ${width} ${STRIP}`, height: STRIP, "aria-hidden": "true"});
        for (const b of axis.breaks) svg.append(draw("rect", {class: "break", x: b.x, y: 0, width: BREAK, height: STRIP}));
        const last = Math.max(this.row.data.end_ms, ...marks.map(m => m.until_ms ?? m.at_ms));
        this.line(svg, marks.length ? marks[0].at_ms : 0, last, "wait");
        const unkept = marks[this.row.data.left_out_after];
        if (unkept) this.line(svg, marks[this.row.data.left_out_after - 1].at_ms, unkept.at_ms, "unkept");
        for (const mark of marks) if (mark.kind === "retried") this.line(svg, mark.at_ms, mark.until_ms ?? mark.at_ms, "again");
        for (const mark of marks) if (mark.kind === "invoked") this.delivery(svg, mark);
        for (const mark of marks) if (["arrived", "split", "fault", "note"].includes(mark.kind)) this.shape(svg, mark.at_ms, mark.kind);
        this.ends(svg);
        const chosen = marks[this.mark];
        if (chosen) svg.append(draw("rect", {class: "chosen", x: axis.x(chosen.at_ms) - 5, y: 1, rx: 3, height: STRIP - 2,
                                             width: (chosen.kind === "invoked" ? Math.max(4, axis.x(chosen.until_ms ?? chosen.at_ms) - axis.x(chosen.at_ms)) : 0) + 10}));
        this.box.replaceChildren(svg);
    }

    choose(index) {
        const marks = this.row.data.marks;
        if (!marks.length) return;
        this.view.forget(this);
        this.mark = Math.max(0, Math.min(index, marks.length - 1));
        const mark = marks[this.mark], [what, more] = wordsOfMark(this.view.history, mark);
        this.view.told.replaceChildren(textOf("span", {}, `${this.row.data.name} ${clock(mark.at_ms)}: ${what}${more ? ", " + more : ""}`));
        this.render();
    }

    onPointer(event) {
        const x = event.clientX - this.box.getBoundingClientRect().left, axis = this.view.axis;
        let best = -1, nearest = 9;
        this.row.data.marks.forEach((mark, i) => {
            const from = axis.x(mark.at_ms), to = mark.kind === "invoked" ? Math.max(from + 4, axis.x(mark.until_ms ?? mark.at_ms)) : from;
            const away = x < from ? from - x : x > to ? x - to : 0;
            if (away < nearest) { nearest = away; best = i; }
        });
        if (best >= 0 && (best !== this.mark || this.view.last !== this)) this.choose(best);
    }
}

function answerOf(history, mark) {
    const call = mark.kind === "invoked" && callOf(history, mark);
    if (!call || !call.answer || !call.answer.text) return null;
    return textOf("code", {class: "answer"}, call.answer.text + (call.answer.cut ? "\u2026" : ""));
}

function messageBody(history, m) {
    const rows = m.marks.flatMap((mark, i) => {
        const [what, more] = wordsOfMark(history, mark), cell = textOf("td", {class: "wide"}, more), answer = answerOf(history, mark);
        if (answer) cell.append(" ", answer);
        const row = [clock(mark.at_ms), textOf("td", {class: "wide"}, what), cell];
        return m.marks_left_out && i === m.left_out_after ? [["\u2026", textOf("td", {class: "wide"}, `${plural(m.marks_left_out, "thing")} more: counted, but not kept`), ""], row] : [row];
    });
    return el("div", {class: "body"}, m.finding ? el("p", {}, el("span", {class: "badge bad"}, "finding"), " ", textOf("span", {}, m.finding)) : null,
        el("p", {class: "dim"}, `${plural(m.deliveries, "delivery", "deliveries")}; ${ENDS[m.end]} at ${clock(m.end_ms)}`, m.reason ? textOf("span", {}, ` (${m.reason})`) : null, "."),
        table("What happened to the message", ["virtual time", "what", ""], rows));
}

function countsOf(m) {
    const counts = [plural(m.deliveries, "delivery", "deliveries")];
    if (m.retries) counts.push(plural(m.retries, "retry", "retries"));
    if (m.faults) counts.push(plural(m.faults, "fault"));
    return counts.join(", ");
}

function messageRow(view, m) {
    const row = {data: m};
    row.strip = new Strip(row, view);
    row.summary = el("summary", {}, el("span", {class: "who"}, textOf("span", {class: "name", title: null}, m.name),
        el("span", {class: "badge " + END_KINDS[m.end]}, ENDS[m.end]), m.finding ? el("span", {class: "badge bad"}, "finding") : null,
        el("span", {class: "from"}, countsOf(m))), row.strip.box);
    row.node = el("details", {class: "message"}, row.summary);
    row.node.row = row;
    row.node.addEventListener("toggle", () => {
        if (row.node.open && !row.node.querySelector(".body")) row.node.append(messageBody(view.history, m));
    });
    return row;
}

const choices = () => [["", "all messages", () => true], ["finding", "with a finding", m => m.finding], ["retried", "delivered more than once", m => m.deliveries > 1 || m.retries],
                ["fault", "touched by a fault", m => m.faults], ...Object.entries(ENDS).map(([end, text]) => [end, text, m => m.end === end])];

/* Paper cannot be scrolled: all that is shown is drawn. */
function drawForPrint(current) {
    addEventListener("beforeprint", () => { for (const row of current().rows) if (!row.node.hidden) row.strip.render(); });
}

/* All of one history. */
class Messages {
    constructor(history) {
        this.history = history;
        this.width = 0;
        this.all = false;
        this.last = null;
        this.axis = new VirtualAxis(history.kept);
        this.told = el("output", {"aria-live": "polite"});
        this.scale = el("div", {class: "strip"});
        this.rows = history.kept.map(m => messageRow(this, m));
        this.list = el("div", {class: "messages", role: "group", "aria-label": "Messages", "aria-describedby": "messages-help"}, this.rows.map(row => row.node));
        this.more = el("button", {type: "button", id: "more-messages", click: () => this.showAll()}, "");
        this.status = el("span", {class: "dim", role: "status"}, "");
        this.list.addEventListener("keydown", event => this.onKey(event));
        this.seen = new IntersectionObserver(entries => this.onSeen(entries), {rootMargin: "300px"});
        for (const row of this.rows) this.seen.observe(row.strip.box);
    }

    onSeen(entries) {
        for (const e of entries) {
            const row = e.target.closest("details").row;
            row.near = e.isIntersecting;
            if (row.near) row.strip.render();
        }
    }

    resize(width) {
        this.width = width;
        this.axis.layout(width);
        this.scale.replaceChildren(this.axis.draw(width));
        for (const row of this.rows) if (row.near) row.strip.render();
    }

    forget(strip) {
        const last = this.last;
        this.last = strip;
        if (!last || last === strip) return;
        last.mark = -1;
        last.render();
    }

    filter(kind, text) {
        const wanted = choices().find(w => w[0] === kind)[2], want = text.trim().toLowerCase();
        let found = 0;
        for (const row of this.rows) {
            const fits = wanted(row.data) && (!want || row.data.name.toLowerCase().includes(want));
            row.node.hidden = !fits || (!this.all && found >= ROWS);
            found += fits ? 1 : 0;
        }
        this.asked = [kind, text];
        this.status.textContent = kind || want ? `${whole.format(found)} of ${whole.format(this.rows.length)} match` : "";
        this.more.hidden = this.all || found <= ROWS;
        this.more.textContent = `Show all ${whole.format(found)}`;
    }

    showAll() {
        const next = this.rows.find((row, i) => row.node.hidden && i > 0);
        this.all = true;
        this.filter(...this.asked);
        const first = next && !next.node.hidden ? next : this.rows.find(row => !row.node.hidden);
        if (first) first.summary.focus();
    }

    move(row, by) {
        const shown = this.rows.filter(r => !r.node.hidden), to = shown[shown.indexOf(row) + by];
        if (to) to.summary.focus();
    }

    onKey(event) {
        const node = event.target.tagName === "SUMMARY" && event.target.parentElement, row = node && node.row;
        if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
        const keys = {ArrowRight: () => row.strip.choose(row.strip.mark + 1), ArrowLeft: () => row.strip.choose(row.strip.mark - 1),
                      ArrowDown: () => this.move(row, 1), ArrowUp: () => this.move(row, -1)};
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
    }
}

function legend() {
    const shape = (name, text) => el("li", {}, draw("svg", {class: "key", viewBox: "-8 -13 16 22", "aria-hidden": "true"}, draw("path", {class: name, d: SHAPES[name]})), " " + text);
    const bar = (name, text) => el("li", {}, draw("svg", {class: "key", viewBox: "0 0 16 22", "aria-hidden": "true"}, draw("rect", {class: "delivery " + name, x: 1, y: 5, width: 14, height: 12, rx: 2}),
        name === "error" ? draw("path", {class: "slash", d: "M1,17l12,-12"}) : null), " " + text);
    return el("ul", {class: "legend"}, shape("arrived", "arrival"), bar("success", "delivery"), bar("error", "failed"), bar("throttled", "throttled"), bar("lost", "answer lost"),
        shape("split", "split"), shape("fault", "fault"), shape("note", "note"), shape("done", "done"), shape("filtered", "filtered"), shape("dlq", ENDS.dead_letter_queue), shape("lost", "lost"));
}

function sumsOf(h) {
    const where = end => (end === "dead_letter_queue" ? "in the " : "") + ENDS[end];
    const ends = Object.keys(ENDS).filter(end => h.ends[end]).map(end => `${whole.format(h.ends[end])} ${where(end)}`);
    const copies = Object.entries(h.copies).filter(([, count]) => count)
        .map(([end, count]) => `${count > 1 ? `later copies of ${whole.format(count)}` : `a later copy of ${h.ends.done === 1 ? "it" : "one"}`} ${where(end)}`);
    const parts = [`${plural(h.deliveries, "delivery", "deliveries")} in ${plural(h.invocations, "invocation")}`];
    if (h.retries) parts.push(plural(h.retries, "retry", "retries"));
    if (h.splits) parts.push(plural(h.splits, "split"));
    if (h.faults) parts.push(plural(h.faults, "fault"));
    return el("p", {}, `${plural(h.messages, "message")}: ${ends.concat(copies).join(", ") || "none"}. `,
              el("span", {class: "dim"}, `${parts.join(", ")}; ${duration(h.took_ms)} on the virtual clock.`));
}

function messages(data) {
    if (!data.histories.length) return null;
    ENDS.dead_letter_queue = data.histories[0].given_up_to; /* the settings are the same for all */
    const place = el("div", {}), lane = el("div", {class: "lane"}, el("span", {class: "who"}, el("span", {class: "from"}, "virtual time")), el("div", {class: "measure"}));
    const option = ([value, text]) => textOf("option", {value}, text);
    const which = el("select", {id: "history"}, data.histories.map((h, i) => option([i, h.title])));
    const ends = el("select", {id: "message-end"}, choices().map(option)), name = el("input", {type: "search", id: "message-name", placeholder: "name\u2026", autocomplete: "off", spellcheck: "false"});
    let view = null;
    const filter = () => view.filter(ends.value, name.value);
    const show = index => {
        const h = data.histories[index];
        if (view) view.seen.disconnect();
        view = new Messages(h);
        lane.lastChild.replaceChildren(view.scale);
        place.replaceChildren(...[sumsOf(h), el("div", {class: "sticky"}, lane, view.told), view.list, view.more,
            h.messages_left_out ? el("p", {class: "cut"}, `${plural(h.messages_left_out, "more message")}: counted, but not kept.`) : null].filter(Boolean));
        tools.lastChild.replaceChildren(view.status);
        filter();
        if (lane.lastChild.clientWidth) view.resize(Math.round(lane.lastChild.clientWidth));
    };
    const tools = el("div", {class: "tools"}, data.histories.length > 1 ? el("span", {class: "choice"}, el("label", {for: "history"}, "History"), which) : null,
        el("span", {class: "choice"}, el("label", {for: "message-end"}, "Show"), ends), el("div", {class: "filter"}, el("label", {for: "message-name"}, "Name"), name), el("span", {}));
    which.value = String(data.chaos && data.chaos.found ? data.histories.length - 1 : 0);
    show(Number(which.value));
    drawForPrint(() => view);
    which.addEventListener("change", () => show(Number(which.value)));
    ends.addEventListener("change", filter);
    name.addEventListener("input", filter);
    responsive(lane.lastChild, width => view.resize(width));
    const unkept = data.histories.some(h => h.kept.some(m => m.marks_left_out)) ? "; where a line is dotted, things happened that are counted, but not kept" : "";
    return section("Messages", "messages", tools, legend(), el("p", {class: "dim", id: "messages-help"},
        `Grey bands are time in which nothing happens${unkept}; how long it is stands above them. Left and right arrows choose what happened to a message, up and down another message; Enter shows all of it.`), place);
}

function chaos(data) {
    const c = data.chaos;
    if (!c) return null;
    const seeds = c.seed === null ? "" : ` from seed ${c.seed}`, size = `${plural(c.smallest_messages, "message")}, ${plural(c.smallest_faults, "fault")}`;
    const badge = el("span", {class: "badge " + (c.found ? "bad" : "good")}, c.found ? "found" : "nothing found");
    return section("Chaos", "chaos", el("p", {}, badge, ` ${plural(c.rounds, "round")}${seeds}`, c.failing_seed === null ? "." : `; seed ${c.failing_seed} fails.`),
        c.found ? el("p", {}, `${c.smallest ? "The smallest history that still fails" : "The round that fails, with faults"}: ${size}`, c.faults_given ? [": ", textOf("code", {}, c.faults_given)] : null,
            c.smallest ? [c.same ? "; all of " : "; its events are in ", textOf("code", {}, c.smallest)] : null,
            !c.minimal ? `. ${c.smallest ? "The search was ended: a" : "A"} smaller one may fail, too.` : c.same ? ", nothing smaller fails." : ".") : null,
        c.command ? command(c.command, "the command that repeats it") : null);
}
