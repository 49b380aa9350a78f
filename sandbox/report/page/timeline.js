/* SPDX-License-Identifier: Apache-2.0 */
/* Environments over time: one row each, its spans side by side. */
const SPAN_NAMES = {init: "init", invoke: "invocation", failed: "failed invocation", frozen: "frozen"};
const ORDER = ["frozen", "init", "invoke", "failed"]; /* later ones are drawn over earlier ones */
const AXIS = 24;

function groupRows(spans) {
    const rows = [];
    for (const s of spans) (rows[s.row] = rows[s.row] || []).push(s);
    return rows.filter(Boolean).map(list => {
        list.sort((a, b) => a.begin_us - b.begin_us || a.end_us - b.end_us);
        return {list, name: `${list[0].environment}`, baseline: list[0].baseline,
                begin: list[0].begin_us, end: Math.max(...list.map(s => s.end_us))};
    });
}

class Timeline {
    constructor(data) {
        this.rows = groupRows(data.spans);
        this.end = Math.max(1, ...this.rows.map(r => r.end));
        this.from = 0;
        this.to = this.end;
        this.row = 0;
        this.span = -1;
        this.width = 0;
        this.pitch = this.rows.length <= 12 ? 24 : this.rows.length <= 32 ? 17 : 13;
        this.axis = el("div", {class: "axis-box"});
        this.box = el("div", {class: "timeline", tabindex: "0", role: "application", "aria-label": "Timeline of environments",
                              "aria-describedby": "timeline-help"});
        this.told = el("output", {"aria-live": "polite"});
        this.box.addEventListener("keydown", event => this.onKey(event));
        this.box.addEventListener("pointermove", event => this.onPointer(event));
        this.box.addEventListener("pointerdown", event => this.onPointer(event));
    }

    label(row) {
        return (row.baseline ? "baseline " : this.width > 560 ? "environment " : "") + row.name;
    }

    left() {
        return this.width > 560 ? 112 : this.rows.some(r => r.baseline) ? 74 : 30;
    }

    x(us) {
        return this.left() + (us - this.from) / (this.to - this.from) * (this.width - this.left() - 8);
    }

    render() {
        if (!this.width) return;
        const height = this.rows.length * this.pitch + 8;
        const svg = draw("svg", {viewBox: `0 0 ${this.width} ${height}`, height, "aria-hidden": "true"});
        svg.append(draw("clipPath", {id: "timeline-clip"}, draw("rect", {x: this.left(), y: 0, width: this.width - this.left() - 4, height})));
        const bars = draw("g", {"clip-path": "url(#timeline-clip)"});
        this.rows.forEach((row, i) => this.renderRow(svg, bars, row, i));
        svg.append(bars);
        this.box.replaceChildren(svg);
        this.renderAxis();
    }

    renderRow(svg, bars, row, i) {
        const y = 4 + i * this.pitch, tall = this.pitch - 4;
        svg.append(draw("text", {x: 6, y: y + tall / 2 + 4}, this.label(row)));
        bars.append(draw("rect", {class: "alive", x: this.x(row.begin), y: y + tall / 2 - 1, height: 2, width: Math.max(1, this.x(row.end) - this.x(row.begin))}));
        for (const kind of ORDER)
            for (const s of row.list)
                if (s.kind === kind && s.end_us >= this.from && s.begin_us <= this.to) this.renderSpan(bars, s, y, tall);
        const chosen = i === this.row && row.list[this.span];
        if (chosen)
            bars.append(draw("rect", {class: "chosen", x: this.x(chosen.begin_us) - 1, y, height: tall,
                                      width: Math.max(3, this.x(chosen.end_us) - this.x(chosen.begin_us) + 2)}));
    }

    renderSpan(bars, s, y, tall) {
        const begin = Math.max(this.x(s.begin_us), 0), end = Math.min(this.x(s.end_us), this.width);
        const low = s.kind === "frozen" ? tall / 3 : s.kind === "init" ? 3 : 1;
        bars.append(draw("rect", {class: s.kind, x: begin, y: y + low, width: Math.max(1.2, end - begin - .4), height: tall - 2 * low, rx: 1, opacity: this.opacity(s)}));
    }

    /* Of several drawn as one: how much of the time they take. */
    opacity(s) {
        return s.count > 1 ? (.3 + .7 * Math.min(1, s.busy_us / Math.max(1, s.end_us - s.begin_us))).toFixed(2) : null;
    }

    renderAxis() {
        const svg = draw("svg", {viewBox: `0 0 ${this.width} ${AXIS}`, height: AXIS, "aria-hidden": "true"});
        const scale = {least: this.from, most: this.to, log: false};
        for (const us of ticks(scale, Math.max(2, (this.width - this.left()) / 120))) {
            const x = this.x(us), text = time(us);
            if (x + text.length * 7 > this.width) continue;
            svg.append(draw("line", {class: "axis", x1: x, x2: x, y1: AXIS - 6, y2: AXIS}), draw("text", {x: x + 3, y: AXIS - 9}, text));
        }
        this.axis.replaceChildren(svg);
    }

    show(from, to) {
        const wide = Math.min(this.end, Math.max(to - from, Math.min(this.end, 20)));
        this.from = Math.max(0, Math.min(from, this.end - wide));
        this.to = this.from + wide;
        this.render();
    }

    zoom(factor) {
        const chosen = this.span >= 0 && this.rows[this.row].list[this.span];
        const middle = chosen ? (chosen.begin_us + chosen.end_us) / 2 : (this.from + this.to) / 2;
        const half = (this.to - this.from) * factor / 2;
        this.show(middle - half, middle + half);
    }

    pan(part) {
        const by = (this.to - this.from) * part;
        this.show(this.from + by, this.to + by);
    }

    choose(row, span) {
        this.row = Math.max(0, Math.min(row, this.rows.length - 1));
        const list = this.rows[this.row].list;
        this.span = Math.max(0, Math.min(span, list.length - 1));
        const s = list[this.span];
        this.told.textContent = `${this.rows[this.row].baseline ? "Baseline, environment" : "Environment"} ${s.environment}: ` +
            (s.count > 1 ? `${plural(s.count, SPAN_NAMES[s.kind])}, ` : `${SPAN_NAMES[s.kind]}, `) +
            `${time(s.begin_us)} to ${time(s.end_us)}` + (s.count > 1 ? `, busy for ${time(s.busy_us)} of it` : ` (${time(s.busy_us)})`);
        if (s.end_us < this.from || s.begin_us > this.to) this.pan((s.begin_us - (this.from + this.to) / 2) / (this.to - this.from));
        else this.render();
    }

    /* In another row: the span nearest to where the last one was. */
    chooseRow(row) {
        const last = this.rows[this.row].list[Math.max(0, this.span)];
        row = Math.max(0, Math.min(row, this.rows.length - 1));
        const list = this.rows[row].list;
        let best = 0;
        list.forEach((s, i) => { if (Math.abs(s.begin_us - last.begin_us) < Math.abs(list[best].begin_us - last.begin_us)) best = i; });
        this.choose(row, best);
    }

    onKey(event) {
        const keys = {
            ArrowRight: () => this.choose(this.row, this.span + 1), ArrowLeft: () => this.choose(this.row, this.span - 1),
            ArrowDown: () => this.chooseRow(this.row + 1), ArrowUp: () => this.chooseRow(this.row - 1),
            "+": () => this.zoom(.5), "=": () => this.zoom(.5), "-": () => this.zoom(2), "0": () => this.show(0, this.end),
        };
        if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
    }

    onPointer(event) {
        const box = this.box.getBoundingClientRect();
        const row = Math.floor((event.clientY - box.top + this.box.scrollTop - 4) / this.pitch), x = event.clientX - box.left;
        if (!this.rows[row]) return;
        let best = -1;
        this.rows[row].list.forEach((s, i) => {
            if (x >= this.x(s.begin_us) - 2 && x <= Math.max(this.x(s.end_us), this.x(s.begin_us) + 2)) best = i;
        });
        if (best >= 0 && (row !== this.row || best !== this.span)) this.choose(row, best);
    }
}

function timelineTable(rows) {
    const count = (row, ...kinds) => row.list.filter(s => kinds.includes(s.kind)).reduce((sum, s) => sum + s.count, 0);
    return el("details", {}, el("summary", {}, "As a table"), table("Environments", ["environment", "from", "to", "inits", "invocations", "failed"],
        rows.map(row => [row.name + (row.baseline ? " (baseline)" : ""), time(row.begin), time(row.end), whole.format(count(row, "init")),
                         whole.format(count(row, "invoke", "failed")), whole.format(count(row, "failed"))])));
}

function timeline(data) {
    if (!data.spans.length) return null;
    const t = new Timeline(data);
    const button = (text, label, act) => el("button", {type: "button", "aria-label": label, click: act}, text);
    const tools = el("div", {class: "tools"},
        el("ul", {class: "legend"}, [["init", "init"], ["invoke", "invocation"], ["failed", "failed"], ["frozen", "waiting or frozen"]].map(([kind, text]) =>
            el("li", {}, el("span", {class: "swatch " + kind, "aria-hidden": "true"}), " " + text))),
        button("\u2212", "Zoom out", () => t.zoom(2)), button("+", "Zoom in", () => t.zoom(.5)),
        button("\u2190", "Earlier", () => t.pan(-.5)), button("\u2192", "Later", () => t.pan(.5)), button("All", "Show all of the time", () => t.show(0, t.end)));
    const merged = data.span_step_us ? ` Spans that begin within the same ${time(data.span_step_us)} are drawn as one, the paler the less of the time they take.` : "";
    responsive(t.box, width => { t.width = width; t.render(); });
    return section("Environments", "timeline", tools, t.axis, t.box, t.told,
        el("p", {class: "dim", id: "timeline-help"}, `Arrow keys choose a span, + and \u2212 zoom, 0 shows all.${merged}`), timelineTable(t.rows));
}
