/* SPDX-License-Identifier: Apache-2.0 */
function verdict(data) {
    if (data.differs) return ["bad", data.chaos ? "\u2717 Failed" : "\u2717 Different"];
    if (data.interrupted) return ["unsure", "Unfinished"];
    if (data.chaos) return ["good", "\u2713 Passed"];
    return data.totals.equal ? ["good", "\u2713 Same"] : ["unsure", "Nothing compared"];
}

function header(data) {
    const [kind, text] = verdict(data), name = data.function || "a function";
    document.title = `${text.replace(/^\W+/, "")}: replay of ${name}`;
    const against = data.chaos ? ["with and without faults"] : data.baseline ? ["compared with ", textOf("code", {}, data.baseline)] : ["compared with the recorded answers"];
    if (data.source) against.push(", through the rules of ", textOf("code", {}, data.source));
    return [el("div", {class: "title"}, addText(el("h1", {}, "Replay of "), name), el("span", {class: "badge " + kind}, text)),
            el("p", {class: "dim"}, against, data.began ? `, ${data.began.replace("T", " ").replace("Z", " UTC")}` : "", data.interrupted ? "; interrupted: the rest was not run" : ""),
            data.command ? command(data.command, "the command of this replay") : null];
}

function tiles(data) {
    const t = data.totals, seconds = data.took_us / 1e6;
    const rows = [];
    if (data.chaos) rows.push(["", data.chaos.rounds, data.chaos.rounds === 1 ? "round" : "rounds"]);
    if (t.done || !data.chaos) rows.push(["", t.done, t.done === 1 ? NOUN.one : NOUN.many], [t.equal ? "good" : "", t.equal, "equal"], [t.differing ? "bad" : "", t.differing, t.differing === 1 ? "differs" : "differ"]);
    if (t.not_compared) rows.push(["unsure", t.not_compared, "not compared"]);
    if (t.failed) rows.push(["unsure", t.failed, t.failed === 1 ? "error" : "errors"]);
    if (t.timed_out) rows.push(["unsure", t.timed_out, "timed out"]);
    rows.push(["", time(data.took_us), "in all"]);
    if (seconds > 0 && t.done) rows.push(["", number(t.done / seconds), NOUN.many + "/s"]);
    rows.push(["", data.environments, data.environments === 1 ? "environment" : "environments"]);
    return el("ul", {class: "tiles", "aria-label": "Totals"}, rows.map(([kind, value, name]) =>
        el("li", {class: kind}, el("b", {}, typeof value === "number" ? whole.format(value) : value), el("span", {}, name))));
}

function findings(data) {
    const kinds = {failed: "bad", unsure: "unsure", passed: "good"}, left = data.findings_left_out;
    if (!data.findings.length && !left) return null;
    return section("Findings", "findings", el("ul", {class: "findings"}, data.findings.map(f =>
        el("li", {}, el("span", {class: "badge " + kinds[f.state]}, f.state), el("div", {}, textOf("strong", {}, f.name), textOf("span", {}, ": " + f.text))))),
        left ? el("p", {class: "cut"}, `${plural(left, "more finding")} not shown.`) : null);
}

function power(data) {
    if (!data.power.length) return null;
    const rows = data.power.map(p => [`${whole.format(p.memory_mb)} MB`, time(p.p50_us), time(p.p99_us), `${number(p.max_memory_mb)} MB`,
                                      `$${number(p.dollars_per_million)}`, el("td", {class: "wide"}, p.cheapest ? "cheapest that is fast enough" : p.meets ? "fast enough" : "too slow")]);
    return section("Memory sizes", "power", table("Memory sizes", ["size", "median", "99 %", "memory used", "a million", ""], rows,
                                                  data.power.map(p => p.cheapest ? "best" : null)));
}

function slowest(data) {
    if (data.slowest.length < 2) return null;
    return section("Slowest", "slowest", table(`Slowest ${NOUN.many}`, [NOUN.one, "now", "before", "change", ""], data.slowest.map(s =>
        [whole.format(s.number), time(s.duration_us), time(s.duration_before_us), change(s.duration_before_us, s.duration_us), textOf("td", {class: "wide"}, s.source)])));
}

function main() {
    const data = JSON.parse(document.getElementById("data").textContent);
    if (data.counted === "messages") Object.assign(NOUN, {one: "message", One: "Message", many: "messages"});
    document.getElementById("header").append(...header(data).filter(Boolean));
    document.getElementById("main").append(...[tiles(data), chaos(data), findings(data), messages(data), differences(data), charts(data), timeline(data), power(data), slowest(data)].filter(Boolean));
    if (!document.getElementById("differences"))
        document.querySelector(".skip").replaceWith(el("a", {class: "skip", href: "#messages"}, "Skip to the messages"));
    document.getElementById("footer").append(`clambda ${data.version || ""}`);
}

main();
