/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions, from their quantiles. */
const HEIGHT = 210, LEFT = 8, RIGHT = 8, TOP = 54, BOTTOM = 26, BINS = 56;
const FEW = 8; /* fewer measurements make no picture */

/* The part of the measurements that are below x. */
function below(q, x) {
    const last = q.length - 1;
    if (x <= q[0]) return 0;
    if (x > q[last]) return 1;
    let low = 0, high = last;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (q[middle] < x) low = middle; else high = middle;
    }
    return (low + (x - q[low]) / (q[high] - q[low])) / last;
}

/* A few that took very long would leave no room for all others. */
function findCap(sets, marks, most) {
    const cap = Math.max(...sets.map(s => s.p90 * 2.5), ...marks);
    return most > cap * 1.5 ? cap : null;
}

function makeScale(sets, marks, measure) {
    let least = Math.min(...sets.map(s => s.least), ...marks), most = Math.max(...sets.map(s => s.most), ...marks);
    const cap = findCap(sets, marks, most);
    if (cap) most = cap;
    const log = !measure.integral && least > 0 && most / least > 12;
    if (measure.integral) { least = Math.floor(least) - .5; most = Math.ceil(most) + .5; }
    else if (log) { least /= 1.1; most *= 1.1; }
    else { const pad = (most - least) * .04 || most * .05 || 1; least = Math.max(0, least - pad); most += pad; }
    const to = log ? Math.log : x => x, from = log ? Math.exp : x => x;
    const a = to(least), b = to(most);
    let bins = BINS;
    if (measure.integral && most - least <= BINS) bins = Math.round(most - least);
    const edges = Array.from({length: bins + 1}, (_, i) => from(a + (b - a) * i / bins));
    return {least, most, log, edges, cap: cap ? most : null, part: x => (to(Math.max(x, least)) - a) / (b - a)};
}

function ticks(scale, count) {
    const found = [];
    if (scale.log) {
        const steps = Math.log10(scale.most / scale.least) > 2.5 ? [1] : [1, 2, 5];
        for (let k = Math.floor(Math.log10(scale.least)); k <= Math.log10(scale.most); k++)
            for (const step of steps) found.push(step * 10 ** k);
    } else {
        const raw = (scale.most - scale.least) / count, power = 10 ** Math.floor(Math.log10(raw));
        const step = [1, 2, 5, 10].map(s => s * power).find(s => s >= raw);
        for (let x = Math.ceil(scale.least / step) * step; x <= scale.most; x += step) found.push(x);
    }
    return found.filter(x => x >= scale.least && x <= scale.most);
}

function outline(heights, x, base, unit) {
    let path = `M${x(0)},${base}`;
    heights.forEach((h, i) => { path += `V${(base - h * unit).toFixed(1)}H${x(i + 1)}`; });
    return path + `V${base}`;
}

/* Labels of vertical lines stand in rows of their own, on the side that has room. */
function verticals(svg, lines, at, width, base) {
    lines.forEach((line, row) => {
        const x = at(line.value), y = 13 + row * 16, right = x < width / 2;
        svg.append(draw("line", {class: line.kind, x1: x, x2: x, y1: y + 3, y2: base}),
                   draw("text", {class: line.label, x: right ? x + 5 : x - 5, y, "text-anchor": right ? "start" : "end"}, line.text));
    });
}

function drawChart(box, measure, width) {
    const {before, now, budget} = measure, sets = [before, now].filter(Boolean), lines = [];
    const limit = budget && before ? before.p50 * budget : null;
    if (before) lines.push({kind: "median-before", label: "", value: before.p50, text: `median before ${measure.show(before.p50)}`});
    if (now) lines.push({kind: "median-now", label: "label-now", value: now.p50, text: `median now ${measure.show(now.p50)}`});
    if (limit) lines.push({kind: "budget", label: "label-budget", value: limit, text: `budget ${measure.show(limit)}`});
    const scale = makeScale(sets, limit ? [limit] : [], measure), base = HEIGHT - BOTTOM;
    const at = x => LEFT + scale.part(x) * (width - LEFT - RIGHT);
    const parts = sets.map(s => scale.edges.slice(1).map((edge, i, all) =>
        (i === all.length - 1 && !scale.cap ? 1 : below(s.quantiles, edge)) - (i ? below(s.quantiles, scale.edges[i]) : 0)));
    const unit = (base - TOP) / Math.max(...parts.flat(), 1e-9);
    const svg = draw("svg", {viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": measure.summary});
    parts.forEach((heights, i) => svg.append(draw("path", {
        class: sets[i] === now ? "area-now" : "area-before", d: outline(heights, k => at(scale.edges[k]).toFixed(1), base, unit)})));
    svg.append(draw("line", {class: "axis", x1: LEFT, x2: width - RIGHT, y1: base, y2: base}));
    let free = 0;
    for (const x of ticks(scale, Math.max(3, width / 80))) {
        const text = measure.show(x), half = text.length * 3.6, place = at(x);
        if (place - half < free || place + half > width) continue;
        free = place + half + 10;
        svg.append(draw("line", {class: "axis", x1: place, x2: place, y1: base, y2: base + 5}),
                   draw("text", {x: place, y: base + 19, "text-anchor": "middle"}, text));
    }
    verticals(svg, lines, at, width, base);
    const beyond = s => `${number((1 - below(s.quantiles, scale.cap)) * 100, 2)} %`;
    const note = scale.cap && el("p", {class: "dim note"}, `Beyond the right edge (${measure.show(scale.cap)}): ` +
        [before && `before ${beyond(before)}`, now && `now ${beyond(now)}`].filter(Boolean).join(", ") + ".");
    box.replaceChildren(svg, ...(note ? [note] : []));
}

function measureRow(name, kind, s, show) {
    const head = el("span", {}, el("span", {class: "swatch " + kind, "aria-hidden": "true"}), name);
    return [head, show(s.p50), show(s.p90), show(s.p99), show(s.most)];
}

function chartCard(title, id, measure) {
    const {before, now, show} = measure, rows = [];
    if (before) rows.push(measureRow("before", "before", before, show));
    if (now) rows.push(measureRow("now", "now", now, show));
    if (before && now) rows.push(["change", change(before.p50, now.p50), change(before.p90, now.p90), change(before.p99, now.p99), change(before.most, now.most)]);
    measure.summary = `Distribution of ${title.toLowerCase()}: ` + [before && `before, median ${show(before.p50)}`, now && `now, median ${show(now.p50)}`].filter(Boolean).join("; ");
    const counts = [before && `${plural(before.count, "measurement")} before`, now && (before ? `${whole.format(now.count)} now` : plural(now.count, "measurement"))].filter(Boolean).join(", ");
    const box = el("div", {class: "chart"}), many = [before, now].some(s => s && s.count >= FEW);
    if (many) responsive(box, width => drawChart(box, measure, width));
    return section(title, id, box, table(title, ["", "median", "90 %", "99 %", "most"], rows),
        el("p", {class: "dim note"}, counts + "."));
}

function charts(data) {
    const kinds = [["Duration", "duration", "duration_us", time, false], ["Memory", "memory", "memory_mb", mb => number(mb) + " MB", true],
                   ["Init", "init", "init_us", time, false]];
    const cards = [];
    for (const [title, id, key, show, integral] of kinds) {
        const m = data.measurements[key];
        if (m.before || m.now) cards.push(chartCard(title, id, {...m, show, integral}));
    }
    return cards.length ? el("div", {class: "charts"}, cards) : null;
}
