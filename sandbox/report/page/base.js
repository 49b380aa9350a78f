/* SPDX-License-Identifier: Apache-2.0 */
"use strict";
/* Nothing from the data is ever given to the parser of HTML: text nodes only. */

const SVG = "http://www.w3.org/2000/svg";
/* Control characters, and those that are not seen or turn the direction of writing. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/* What is counted; a replay through rules counts messages. */
const NOUN = {one: "event", One: "Event", many: "events"};

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
        if (typeof value === "function") node.addEventListener(name, value);
        else if (value !== null && value !== undefined && value !== false)
            node.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat())
        if (child !== null && child !== undefined && child !== "")
            node.append(child);
    return node;
}

function el(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

/* Text with what cannot be seen made visible. */
function addText(node, text) {
    let from = 0;
    for (const match of text.matchAll(HIDDEN)) {
        if (match.index > from) node.append(text.slice(from, match.index));
        const code = match[0].charCodeAt(0);
        const shown = code < 256 ? "\\x" + code.toString(16).padStart(2, "0") : "\\u" + code.toString(16).padStart(4, "0");
        node.append(el("span", {class: "control"}, shown));
        from = match.index + match[0].length;
    }
    if (from < text.length) node.append(text.slice(from));
    return node;
}

function textOf(tag, attributes, text) {
    return addText(el(tag, attributes), text);
}

const whole = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

function number(value, digits = 3) {
    if (value === null || value === undefined) return "\u2013";
    if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
    if (Math.abs(value) >= 1000) return whole.format(value);
    return String(Number(value.toPrecision(digits)));
}

function time(us) {
    if (us === null || us === undefined) return "\u2013";
    if (us < 1000) return number(us) + " \u00b5s";
    if (us < 1e6) return number(us / 1000) + " ms";
    if (us < 120e6) return number(us / 1e6) + " s";
    return number(us / 60e6) + " min";
}

function bytes(count) {
    if (count < 1024) return `${count} B`;
    return count < 1048576 ? `${number(count / 1024)} KB` : `${number(count / 1048576)} MB`;
}

function change(before, now) {
    if (!before || now === null || now === undefined) return "\u2013";
    const percent = (now / before - 1) * 100;
    if (percent >= 1000) return "\u00d7 " + number(now / before, 3);
    return (percent > 0 ? "+" : percent < 0 ? "\u2212" : "\u00b1") + number(Math.abs(percent), 2) + " %";
}

function plural(count, one, many) {
    return `${whole.format(count)} ${count === 1 ? one : many || one + "s"}`;
}

function copyByHand(text) {
    const area = el("textarea", {class: "hidden", "aria-hidden": "true"});
    area.value = text;
    document.body.append(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch (e) { done = false; }
    area.remove();
    return done;
}

async function copy(button, text) {
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch (e) { done = copyByHand(text); }
    button.focus();
    button.textContent = done ? "Copied" : "Not allowed";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

function command(text, what) {
    const button = el("button", {type: "button", "aria-live": "polite", "aria-label": `Copy ${what}`}, "Copy");
    button.addEventListener("click", () => { button.removeAttribute("aria-label"); copy(button, text); });
    return el("div", {class: "command"}, textOf("code", {}, text), button);
}

function section(title, id, ...children) {
    return el("section", {class: "card", id, "aria-labelledby": id + "-title"},
              el("h2", {id: id + "-title"}, title), ...children);
}

/* rows: [[cell...]...]; a cell is a text or a node, the first one heads its row */
function table(caption, head, rows, classes) {
    const body = rows.map((row, i) => el("tr", {class: classes && classes[i]}, row.map((cell, column) =>
        column === 0 ? el("th", {scope: "row"}, cell) : cell instanceof Node && cell.tagName === "TD" ? cell : el("td", {}, cell))));
    return el("div", {class: "scroll", tabindex: "0", role: "group", "aria-label": caption},
              el("table", {}, el("caption", {class: "hidden"}, caption),
                 el("thead", {}, el("tr", {}, head.map(text => el("th", {scope: "col"}, text)))), el("tbody", {}, body)));
}

/* render(width) is called now and whenever the width changes. */
function responsive(box, render) {
    let width = 0;
    const update = () => {
        const now = Math.round(box.clientWidth);
        if (now > 0 && now !== width) { width = now; render(width); }
    };
    new ResizeObserver(update).observe(box);
    requestAnimationFrame(update);
}
