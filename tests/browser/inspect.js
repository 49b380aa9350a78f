/* SPDX-License-Identifier: Apache-2.0 */
/* What the test asks a page about itself. */
function colourOf(text) {
    const parts = text.match(/[\d.]+/g).map(Number);
    return parts.length > 3 ? parts : [...parts, 1];
}

function over(top, under) {
    return [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
}

function luminance(colour) {
    const [r, g, b] = colour.slice(0, 3).map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
}

function backOf(element) {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(colourOf(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
}

function isShown(element) {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({visibilityProperty: true}) && box.right > 0;
}

function contrast(front, back) {
    const [a, b] = [luminance(over(front, back)), luminance(back)].sort((x, y) => y - x);
    return (a + .05) / (b + .05);
}

/* [number of texts, those whose contrast is below least] */
function lowContrast(least) {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), low = new Set();
    let seen = 0;
    for (let node; (node = walker.nextNode());) {
        const element = node.parentElement;
        if (!node.data.trim() || !isShown(element)) continue;
        const style = getComputedStyle(element), front = colourOf(element instanceof SVGElement ? style.fill : style.color);
        const ratio = contrast(front, backOf(element));
        seen++;
        if (ratio < least) low.add(`${element.tagName}.${element.getAttribute("class")} ${ratio.toFixed(2)}`);
    }
    for (const input of document.querySelectorAll("input")) {
        const ratio = contrast(colourOf(getComputedStyle(input, "::placeholder").color), backOf(input));
        if (ratio < least) low.add(`placeholder ${ratio.toFixed(2)}`);
    }
    return [seen, [...low]];
}

/* What is wider than the page and is in no box that scrolls. */
function tooWide() {
    const wide = [];
    for (const element of document.body.querySelectorAll("*")) {
        if (element.getBoundingClientRect().right <= innerWidth + .5 || !isShown(element)) continue;
        if (!element.closest(".scroll, .skip, .hidden, pre, .timeline")) wide.push(`${element.tagName}.${element.getAttribute("class")}`);
    }
    return wide.slice(0, 5).concat(document.documentElement.scrollWidth > innerWidth ? ["document"] : []);
}

function focused() {
    const e = document.activeElement, style = getComputedStyle(e);
    return {tag: e.tagName, text: e.textContent.slice(0, 60), id: e.id, label: e.getAttribute("aria-label"),
            ring: e.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
}

function shownDifferences() {
    return [...document.querySelectorAll("details.difference")].filter(d => !d.hidden).map(d => d.querySelector(".number").textContent);
}
