#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report's page in Chromium without network: nothing of a hostile trace is run, no request leaves, everything
works by keyboard, in light and dark, on narrow screens and on paper."""
import base64

import webdriver
from harness import check, finish, skip
from pages import NARROW, READY, WIDE, ask, check_quiet, nameless, show, tab_to

def open_differences(page, count):
    page.run("[...document.querySelectorAll('details.difference')].slice(0, arguments[0]).forEach(d => d.open = true)",
             count)
    page.run(READY)


def check_hostile(page):
    show(page, "hostile")
    open_differences(page, 40)
    check("the title is the page's own", ask(page, "document.title"), "Different: replay of build/examples/orders <b>.so")
    check("no element of the trace", ask(page, "[document.scripts.length, document.querySelectorAll('img, iframe, object, "
                                         "embed, form, [onload], [onerror], main b[onload]').length]"), [2, 0])
    text = ask(page, "document.getElementById('differences').textContent")
    for part in ("</script><script>document.title='owned'</script>", "<svg onload=", "\u0645\u0631\u062d\u0628\u0627",
                 "\U0001f600", "\\u202e", "\\x1b[31m", "\\x00", "\\u2067", "/new~1one~0", "9007199254740993"):
        check(f"shown as text: {part}", part in text)
    check("nothing turns the direction", any(c in text for c in "\u202e\u2067\u202a\x1b\x00"), False)
    check("a cut text is told", "Cut: 64 KB of 1 MB are shown." in text)
    check("bytes that are not UTF-8 are told", "Not UTF-8" in text)
    check("a marked value", ask(page, "[...document.querySelectorAll('mark.old')].some(m => m.textContent === '3.25') && "
                                "[...document.querySelectorAll('mark.new')].some(m => m.textContent === '3.52')"))
    check_quiet(page, "hostile")


def check_policy(page):
    """What if something had come in: the browser itself refuses it."""
    ran = page.run("""
        const s = document.createElement('script');
        s.textContent = "document.title = 'owned'";
        document.body.append(s);
        const style = document.createElement('style');
        style.textContent = 'h1 { display: none }';
        document.head.append(style);
        const i = new Image();
        const image = new Promise(done => { i.onload = () => done('loaded'); i.onerror = () => done('refused'); });
        i.src = 'https://example.com/x.png';
        const fetched = fetch('https://example.com/').then(() => 'fetched', () => 'refused');
        return Promise.all([image, fetched]).then(all => [...all, document.title.startsWith('Different'),
            getComputedStyle(document.querySelector('h1')).display]);""")
    check("the policy refuses scripts, styles, images and requests", ran, ["refused", "refused", True, "block"])
    check("and says so", sum("Content Security Policy" in m["message"] for m in page.log("browser")) >= 4)
    page.requests()


def check_keyboard(page):
    show(page, "hostile")
    check("Tab comes to the link over everything first", tab_to(page, lambda f: f["text"].startswith("Skip"), 2), 1)
    check("then to the copy button", tab_to(page, lambda f: f["tag"] == "BUTTON", 2), 1)
    check("and to the first difference", tab_to(page, lambda f: f["tag"] == "SUMMARY") is not None)
    page.press("Enter")
    page.run(READY)
    check("Enter opens it", ask(page, "document.activeElement.parentElement.open && "
                                "document.activeElement.parentElement.querySelector('pre') !== null"))
    check("Tab goes into it", tab_to(page, lambda f: f["tag"] == "BUTTON" and "event 6 again" in (f["label"] or ""), 4) is not None)
    page.devtools("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.run("window.said = new Promise(done => new MutationObserver(() => done(document.activeElement.textContent))"
             ".observe(document.activeElement, {childList: true}))")
    page.press("Enter")
    said = page.run("return window.said")  # it says something else two seconds later
    copied = page.run("return navigator.clipboard.readText()")
    check("Enter copies the command", copied, "clambda replay --only 6 'build/examples/orders <b>.so' 'traces/last night.jsonl'")
    check("and says so", said, "Copied")
    page.press("Shift")
    check("the order of focus is that of the page", ask(page, "document.querySelectorAll('[tabindex]:not([tabindex=\"0\"])').length"), 0)


def check_filter(page):
    show(page, "hostile")
    check("the first ones are shown", len(ask(page, "shownDifferences()")), 20)
    page.run("document.getElementById('filter').focus()")
    page.press("NEW~1one")
    check("the filter finds a pointer", ask(page, "shownDifferences()"), [f"Event {n}" for n in (18, 54, 90, 126, 162, 198, 234)])
    check("and tells how many", ask(page, "document.querySelector('.tools [role=status]').textContent"), "7 of 40 match")
    page.run("const i = document.getElementById('filter'); i.value = 'nothing has this'; i.dispatchEvent(new Event('input'))")
    check("or that there is none", ask(page, "[shownDifferences().length, document.querySelector('.tools [role=status]').textContent]"),
          [0, "0 of 40 match"])
    page.run("const i = document.getElementById('filter'); i.value = ''; i.dispatchEvent(new Event('input'));"
             "document.getElementById('more').focus()")
    page.press("Enter")
    check("the button shows all", ask(page, "[shownDifferences().length, document.activeElement.tagName]"), [40, "SUMMARY"])


def check_timeline(page):
    show(page, "hostile")
    told = "document.querySelector('output').textContent"
    page.run("document.querySelector('.timeline').focus()")
    page.press("Right")
    check("an arrow chooses a span", ask(page, told).startswith("Environment 0: init, "))
    page.press("Right", "Right")
    check("and the next ones", ask(page, told).startswith("Environment 0: frozen, "))
    page.press("Down")
    check("and another environment's", ask(page, told).startswith("Environment 1: "))
    count = "document.querySelectorAll('.timeline rect').length"
    before = ask(page, count)
    page.press("+", "+", "+")
    check("+ shows less time", ask(page, count) < before)
    page.press("0")
    check("0 shows all", ask(page, count), before)
    page.run("document.querySelector('[aria-label=\"Zoom in\"]').click()")
    check("a button does the same", ask(page, count) < before)
    check("the table says the same", ask(page, "document.querySelectorAll('#timeline tbody tr').length"), 4)


def check_names(page):
    """What a screen reader is told: everything that takes the focus has a name."""
    open_differences(page, 2)
    nodes = page.devtools("Accessibility.getFullAXTree")["nodes"]
    check("everything that takes the focus has a name", nameless(nodes), [])
    roles = {node.get("role", {}).get("value") for node in nodes}
    check("roles", {"banner", "main", "contentinfo", "heading", "searchbox", "application", "table"} - roles, set())
    pictures = [n["name"]["value"] for n in nodes if n.get("role", {}).get("value") in ("image", "img") and not n["ignored"]]
    check("pictures are told in words", [p.split(":")[0] for p in pictures], ["Distribution of duration", "Distribution of memory"])


def check_colours(page):
    backs = {}
    for colours in ("light", "dark"):
        for width in (WIDE, NARROW):
            show(page, "hostile", width, colours)
            open_differences(page, 8)
            check(f"{colours}, {width}: nothing is too wide", ask(page, "tooWide()"), [])
            seen, low = ask(page, "lowContrast(4.5)")
            check(f"{colours}, {width}: {seen} texts have contrast", [seen > 300, low], [True, []])
        backs[colours] = ask(page, "getComputedStyle(document.body).backgroundColor")
    check("light and dark differ", backs["light"] != backs["dark"])
    check("with a low limit, the check of contrast finds something", ask(page, "lowContrast(22)")[1] != [])


def check_print(page):
    show(page, "hostile")
    pdf = base64.b64decode(page.devtools("Page.printToPDF", printBackground=True)["data"])
    check("it prints", [pdf[:5], len(pdf) > 20000], [b"%PDF-", True])
    page.run("dispatchEvent(new Event('beforeprint'))")
    check("with what differs", ask(page, "document.querySelectorAll('details.difference[open] .body').length"), 20)
    page.run("dispatchEvent(new Event('afterprint'))")
    check("and is as before then", ask(page, "document.querySelectorAll('details.difference[open]').length"), 0)


def check_others(page):
    for kind, title, count in (("large", "Different", 500), ("same", "Same", 0), ("raw", "Unfinished", 0), ("none", "Unfinished", 0)):
        show(page, kind, NARROW)
        check(f"{kind}: the verdict", ask(page, "document.title").split(":")[0], title)
        check(f"{kind}: the differences", ask(page, "document.querySelectorAll('details.difference').length"), count)
        check(f"{kind}: nothing is too wide", ask(page, "tooWide()"), [])
        check_quiet(page, kind)
        if kind == "large":
            check("64 environments have a row each", ask(page, "document.querySelectorAll('.timeline text').length"), 64)


if webdriver.missing():
    skip(f"'{webdriver.missing()}' is not installed (tests/deps installs it)")
with webdriver.browser() as browser:
    browser.offline()
    browser.open("about:blank")
    browser.requests()  # those of the browser's own first page
    for test in (check_hostile, check_policy, check_keyboard, check_filter, check_timeline, check_names, check_colours,
                 check_print, check_others):
        test(browser)
finish()
