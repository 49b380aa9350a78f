/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual clock from left to right. Where nothing happens for long the axis is broken: retries
 * take hours, deliveries milliseconds. Between two breaks it is even, and the same everywhere. */
const BREAK = 16, PAD = 10; /* wide: of a break; before and behind what stands between two */
const DOMINANT = .05; /* a gap of this part of the rest leaves no room for the others */
const LEAST_GAP = 3; /* times the middle delivery: shorter ones are never left out */

const TALL = 40, FOOT = 29; /* of the axis: lengths of breaks, times, ticks */

const CLOCK = [["d", 86400000], ["h", 3600000], ["min", 60000], ["s", 1000]];

/* "+0:05.000", as the terminal has it */
function clock(ms, short) {
    const two = n => String(n).padStart(2, "0"), s = Math.floor(ms / 1000), days = Math.floor(s / 86400);
    const rest = short && ms % 1000 === 0 ? "" : "." + String(ms % 1000).padStart(3, "0");
    const hours = s >= 3600 ? `${Math.floor(s / 3600) % 24}:${two(Math.floor(s / 60) % 60)}` : `${Math.floor(s / 60)}`;
    return `+${days ? days + "d " : ""}${hours}:${two(s % 60)}${rest}`;
}

function duration(ms) {
    const unit = CLOCK.find(([, length]) => ms >= length);
    return unit ? `${number(ms / unit[1])} ${unit[0]}` : `${number(ms)} ms`;
}

function middleOf(values) {
    const sorted = values.sort((a, b) => a - b);
    return sorted.length ? sorted[sorted.length >> 1] : 0;
}

class VirtualAxis {
    constructor(messages) {
        const times = new Set([0]), lengths = [];
        for (const message of messages) {
            times.add(message.end_ms);
            for (const mark of message.marks) {
                times.add(mark.at_ms);
                if (mark.kind !== "invoked") continue;
                times.add(mark.until_ms ?? mark.at_ms);
                lengths.push((mark.until_ms ?? mark.at_ms) - mark.at_ms);
            }
        }
        this.times = [...times].sort((a, b) => a - b);
        this.least = LEAST_GAP * middleOf(lengths);
    }

    /* The gaps that are left out: none that is hardly longer than one that stays. */
    cuts(most) {
        const gaps = this.times.slice(1).map((to, i) => ({from: this.times[i], to, size: to - this.times[i]}));
        gaps.sort((a, b) => b.size - a.size || a.from - b.from);
        let rest = this.times[this.times.length - 1] - this.times[0], count = 0;
        const dominates = gap => gap && gap.size > this.least && gap.size > rest * DOMINANT;
        while (count < most && dominates(gaps[count])) rest -= gaps[count++].size;
        if (dominates(gaps[count]))
            while (count > 0 && gaps[count - 1].size < 2 * gaps[count].size) count--;
        return gaps.slice(0, count).sort((a, b) => a.from - b.from);
    }

    layout(width) {
        const cuts = this.cuts(Math.max(2, Math.floor(width / 48))), last = this.times[this.times.length - 1];
        const begins = [this.times[0], ...cuts.map(c => c.to)], ends = [...cuts.map(c => c.from), last];
        const sum = begins.reduce((total, from, i) => total + ends[i] - from, 0);
        const free = width - cuts.length * BREAK - begins.length * 2 * PAD;
        const scale = sum > 0 ? Math.max(0, free) / sum : 0, pad = PAD + (sum > 0 ? 0 : free / begins.length / 2);
        let at = 0;
        this.scale = scale;
        this.pieces = begins.map((from, i) => {
            const piece = {from, to: ends[i], left: at + pad, right: at + pad + (ends[i] - from) * scale, end: at + 2 * pad + (ends[i] - from) * scale};
            at = piece.end + BREAK;
            return piece;
        });
        this.breaks = cuts.map((c, i) => ({x: this.pieces[i].end, size: c.size}));
    }

    /* Times inside of a break stand in it. */
    x(ms) {
        let low = 0, high = this.pieces.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.pieces[middle].from <= ms) low = middle; else high = middle - 1;
        }
        const piece = this.pieces[low], next = this.pieces[low + 1];
        if (ms <= piece.to) return piece.left + (ms - piece.from) * this.scale;
        if (!next) return piece.right;
        return piece.right + (ms - piece.to) / (next.from - piece.to) * (next.left - piece.right);
    }

    /* Where labels may stand: where pieces begin, then inside of long ones. */
    places() {
        const inside = this.pieces.flatMap(p => {
            const count = Math.floor((p.right - p.left) / 150);
            return count > 0 && p.to > p.from ? ticks({least: 0, most: p.to - p.from, log: false}, count).filter(ms => ms > 0).map(ms => p.from + Math.round(ms)) : [];
        });
        return [...this.pieces.map(p => p.from), ...inside];
    }

    /* Lengths of what is left out, over the breaks. */
    drawBreaks(svg, width) {
        let free = 0;
        for (const b of this.breaks) {
            const text = duration(b.size), wide = text.length * 6.4, x = b.x + BREAK / 2;
            svg.append(draw("path", {class: "zigzag", d: `M${b.x + 2},${TALL}l4,-4l-3,-3l4,-4M${b.x + 8},${TALL}l4,-4l-3,-3l4,-4`}));
            if (x - wide / 2 < free || x + wide / 2 > width) continue;
            svg.append(draw("text", {class: "left-out", x, y: 10, "text-anchor": "middle"}, text));
            free = x + wide / 2 + 6;
        }
    }

    draw(width) {
        const svg = draw("svg", {viewBox: `0 0 ${width} ${TALL}`, height: TALL, "aria-hidden": "true"}), taken = [];
        this.drawBreaks(svg, width);
        for (const ms of this.places()) {
            const x = this.x(ms), text = clock(ms, true), wide = text.length * 7.4;
            const begin = Math.max(0, Math.min(x - wide / 2, width - wide)), end = begin + wide;
            svg.append(draw("line", {class: "axis", x1: x, x2: x, y1: FOOT + 3, y2: TALL}));
            if (taken.some(t => begin < t[1] + 6 && end + 6 > t[0])) continue;
            svg.append(draw("text", {x: begin, y: FOOT - 4}, text));
            taken.push([begin, end]);
        }
        return svg;
    }
}
