# SPDX-License-Identifier: Apache-2.0
"""A made-up report's page in the browser, and what is asked of every page."""
import os
import pathlib
import urllib.parse

from harness import check, reports

HELPERS = (pathlib.Path(__file__).parent / "inspect.js").read_text()
READY = "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
NARROW, WIDE = 400, 1280


def ask(page, expression, *arguments):
    return page.run(f"{HELPERS}; return {expression}", *arguments)


def holds(page, expression):
    """Whether it does, now or in one of the next frames."""
    return page.run("const end = performance.now() + 60000; return new Promise(done => {"
                    f"const look = () => {expression} ? done(true) : performance.now() > end ? done(false) : requestAnimationFrame(look);"
                    "look(); })")


def show(page, kind, width=WIDE, colours="light"):
    page.size(width, 900)
    page.colours(colours)
    page.open("file://" + urllib.parse.quote(os.path.join(reports(kind), "report.html")))
    page.run(READY)


def check_quiet(page, kind):
    """No message of the browser, and nothing asked for but the file itself."""
    check(f"{kind}: no message in the console", page.log("browser"), [])
    check(f"{kind}: no request but for the file", {url.rsplit("/", 1)[-1] for url in page.requests()} - {"data:,", ","},
          {"report.html"})


def tab_to(page, wanted, most=60):
    for count in range(1, most):
        page.press("Tab")
        now = ask(page, "focused()")
        if not now["ring"]:
            check(f"the focus is seen on {now}", False)
        if wanted(now):
            return count
    return None


def nameless(nodes):
    """Roles of what takes the focus and has no name for a screen reader."""
    found = []
    for node in nodes:
        focusable = any(p["name"] == "focusable" and p["value"].get("value") for p in node.get("properties", []))
        role = node.get("role", {}).get("value")
        if focusable and role != "RootWebArea" and not node.get("name", {}).get("value"):
            found.append(role)
    return found
