#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages on the virtual clock, in Chromium: the axis is readable when retries take hours and deliveries
milliseconds, filter and keyboard work, hostile names are text, thousands of rows are no burden."""
import json
import os

import webdriver
from harness import check, finish, reports, skip
from pages import NARROW, READY, WIDE, ask, check_quiet, holds, nameless, show, tab_to

HOSTILE = ("</script><img src=x onerror=alert(1)>", "\\u202egpj.exe\\x1b[31m", "no \\x01 UTF-8")
SHOWN = "[...document.querySelectorAll('details.message')].filter(d => !d.hidden)"
TOLD = "document.querySelector('#messages output').textContent"
STATUS = "document.querySelector('#messages [role=status]').textContent"


def histories(kind):
    with open(os.path.join(reports(kind), "report.json"), encoding="utf-8") as file:
        return json.load(file)["histories"]


def choose(page, identity, value):
    page.run("const s = document.getElementById(arguments[0]); s.value = arguments[1];"
             "s.dispatchEvent(new Event('change')); s.dispatchEvent(new Event('input'))", identity, value)
    page.run(READY)


def check_hostile(page):
    show(page, "messages")
    page.run(f"{SHOWN}.forEach(d => d.open = true)")
    page.run(READY)
    text = ask(page, "document.getElementById('messages').textContent")
    for part in (*HOSTILE, "<b>no</b>", "{\"batchItemFailures\":[{\"itemIdentifier\":\"</script>\"}]}", "not in the batch: </script>"):
        check(f"shown as text: {part}", part in text)
    check("nothing turns the direction", any(c in text for c in "\u202e\u2067\x1b\x01"), False)
    check("no element of the trace", ask(page, "[document.scripts.length, document.querySelectorAll('img, iframe, #messages b').length]"), [2, 0])
    check("a long name is cut", "\u2026" in text)
    check("the counted things are messages", ask(page, "document.querySelector('.tiles').textContent").startswith("240messages"))
    check("one is a message", ask(page, "tiles({totals: {done: 1}}).textContent").startswith("1messages"), False)
    check("what became of all", "in the dead-letter queue" in ask(page, "document.querySelector('#messages p:not(.dim)').textContent"))
    check("differences are of messages", ask(page, "document.querySelector('.difference .number').textContent"), "Message 6")
    check_quiet(page, "messages")


def check_axis(page):
    """Six hours and 120 ms in one picture."""
    for width in (WIDE, NARROW):
        show(page, "messages", width)
        page.run("document.querySelector('#messages .messages').scrollIntoView({behavior: 'instant'})")
        page.run(READY)
        wide, boxes, breaks = ask(page, """[document.querySelector('.measure').clientWidth,
            [...document.querySelector('details.message .strip svg').querySelectorAll('.delivery')].map(r => [+r.getAttribute('x'), +r.getAttribute('width')]),
            document.querySelector('details.message .strip svg').querySelectorAll('.break').length]""")
        check(f"{width}: deliveries hours apart are apart", [len(boxes), all(b[0] > a[0] + a[1] for a, b in zip(boxes, boxes[1:]))], [3, True])
        check(f"{width}: and are seen, inside of the picture", [all(b[1] >= 4 for b in boxes), boxes[-1][0] + boxes[-1][1] <= wide], [True, True])
        check(f"{width}: the end is a shape", ask(page, "document.querySelectorAll('details.message .strip')[0].querySelectorAll('.dlq, path.lost, .done').length"), 1)
        check(f"{width}: idle time is left out", breaks >= 3)
        check(f"{width}: and told", ask(page, "[...document.querySelectorAll('.left-out')].some(t => t.textContent === '2 h')"))
        labels = ask(page, "[...document.querySelectorAll('.measure text:not(.left-out)')].map(t => [t.getBoundingClientRect().left, t.getBoundingClientRect().right])")
        labels.sort()
        check(f"{width}: labels do not touch", len(labels) > 2 and all(a[1] < b[0] for a, b in zip(labels, labels[1:])))


def check_filter(page):
    show(page, "messages")
    history = histories("messages")[0]
    check("the first ones are shown", ask(page, f"{SHOWN}.length"), 50)
    for end, count in history["ends"].items():
        choose(page, "message-end", end)
        check(f"filter by end: {end}", [ask(page, f"{SHOWN}.length"), ask(page, STATUS)], [min(count, 50), f"{count} of 60 match"])
    choose(page, "message-end", "retried")
    retried = sum(m["retries"] > 0 or m["deliveries"] > 1 for m in history["kept"])
    check("filter by retries", ask(page, STATUS), f"{retried} of 60 match")
    choose(page, "message-end", "")
    choose(page, "message-name", "ORDER-000")
    names = ask(page, f"{SHOWN}.map(d => d.querySelector('.name').textContent)")
    check("filter by name", names, [f"order-000{n}" for n in (1, 3, 4, 5, 6, 7, 9)])
    choose(page, "message-name", "nothing has this")
    check("or that there is none", [ask(page, f"{SHOWN}.length"), ask(page, STATUS)], [0, "0 of 60 match"])
    choose(page, "message-name", "")
    page.run("document.getElementById('more-messages').focus()")
    page.press("Enter")
    check("the button shows all", ask(page, f"[{SHOWN}.length, document.activeElement.querySelector('.name').textContent]"), [60, "order-0051"])


def check_keyboard(page):
    show(page, "messages")
    page.run("document.getElementById('message-name').focus()")
    check("Tab comes to the first message", [tab_to(page, lambda f: f["tag"] == "SUMMARY"), ask(page, "document.activeElement.querySelector('.name').textContent")],
          [1, "order-0001"])
    page.press("Right")
    check("an arrow chooses what happened first", ask(page, TOLD), "order-0001 +0:00.000: arrived")
    page.press("Right")
    check("and what happened then", ask(page, TOLD), "order-0001 +0:01.200: invocation 1 with 4 others: named as failed, 120 ms")
    check("it is marked", ask(page, "document.querySelectorAll('.messages .chosen').length"), 1)
    page.press("Down", "Right")
    check("the next message", ask(page, TOLD).startswith("</script><img src=x onerror=alert(1)> +0:00.020: arrived"))
    check("has the only mark", ask(page, "document.querySelectorAll('.messages .chosen').length"), 1)
    page.press("Up", "Enter")
    page.run(READY)
    rows = ask(page, "[...document.querySelectorAll('details.message')][0].querySelectorAll('tbody tr').length")
    check("Enter opens the table of all of it", rows, len(histories("messages")[0]["kept"][0]["marks"]))
    page.run("""const s = document.querySelectorAll('details.message .strip')[3], box = s.getBoundingClientRect(), d = s.querySelector('.delivery').getBoundingClientRect();
        s.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX: d.left + d.width / 3, clientY: box.top + 5}))""")
    check("the pointer does the same", ask(page, TOLD).startswith("order-0004 +0:01.200: invocation 1 with 4 others: not named"))


def check_crowd(page):
    show(page, "messages")
    check("dots are not spoken of where there are none", "dotted" in ask(page, "document.getElementById('messages-help').textContent"), False)
    show(page, "crowd")
    check("dots in a band are explained", "dotted, things happened" in ask(page, "document.getElementById('messages-help').textContent"))
    check("those that are left out are told", "500 more messages: counted, but not kept." in ask(page, "document.getElementById('messages').textContent"))
    page.run("document.getElementById('more-messages').click()")
    page.run(READY)
    count = "document.querySelectorAll('.messages .strip svg').length"
    check("2,000 rows, drawn when they are seen", [ask(page, f"{SHOWN}.length"), 0 < ask(page, count) < 200], [2000, True])
    page.run(f"{SHOWN}[1990].scrollIntoView({{behavior: 'instant'}})")
    check("at the end, too", holds(page, f"{SHOWN}[1990].querySelector('svg') !== null"))
    choose(page, "message-end", "retried")
    check("a filter over all of them", ask(page, STATUS), "229 of 2,000 match")
    choose(page, "message-name", "order-0006")
    page.run(f"{SHOWN}[0].open = true")
    page.run(READY)
    check("what is not kept of one message is told", [ask(page, f"{SHOWN}[0].querySelectorAll('tbody tr').length"),
          ask(page, f"{SHOWN}[0].querySelectorAll('tbody tr')[150].textContent")], [201, "\u2026103 things more: counted, but not kept"])
    check("and its end is", ask(page, f"{SHOWN}[0].querySelector('tbody tr:last-child').textContent").endswith("done"))
    check_quiet(page, "crowd")


def check_chaos(page):
    show(page, "chaos")
    check("the verdict", ask(page, "document.title").split(":")[0], "Failed")
    check("the smallest history comes first", ask(page, "[document.getElementById('history').selectedOptions[0].text, document.querySelector('.message .name').textContent]"),
          ["smallest", "order-0001"])
    check("what became of the copy", ask(page, "document.querySelector('#messages p:not(.dim)').textContent").startswith(
        "1 message: 1 done, a later copy of it lost."))
    text = ask(page, "document.getElementById('chaos').textContent")
    check("seeds of 64 bits are whole", "18446744073709551610" in text and "seed 18446744073709551613 fails" in text)
    check("how to repeat it", ask(page, "document.querySelector('#chaos .command code').textContent").endswith("--source sqs:batch=10 --chaos duplicate=1.1"))
    check("what is wrong", "first \"</script>\", then an error: \\u202e" in ask(page, "document.getElementById('findings').textContent"))
    choose(page, "history", "0")
    check("another history", ask(page, "document.querySelector('#messages p:not(.dim)').textContent").startswith("1 message: 1 done."))
    check("the link over everything leads to what there is", ask(page, "document.querySelector(document.querySelector('.skip').getAttribute('href')) !== null"))
    check_quiet(page, "chaos")
    show(page, "passed", NARROW)
    check("chaos that finds nothing", [ask(page, "document.title").split(":")[0], ask(page, "tooWide()")], ["Passed", []])
    check_quiet(page, "passed")


def check_looks(page):
    for kind in ("messages", "chaos"):
        for colours in ("light", "dark"):
            for width in (WIDE, NARROW):
                show(page, kind, width, colours)
                page.run(f"{SHOWN}.slice(0, 12).forEach(d => d.open = true); {SHOWN}[0].querySelector('summary').focus()")
                page.press("Right")
                page.run(READY)
                check(f"{kind}, {colours}, {width}: nothing is too wide", ask(page, "tooWide()"), [])
                seen, low = ask(page, "lowContrast(4.5)")
                check(f"{kind}, {colours}, {width}: {seen} texts have contrast", low, [])
        nodes = page.devtools("Accessibility.getFullAXTree")["nodes"]
        check(f"{kind}: everything that takes the focus has a name", nameless(nodes), [])


if webdriver.missing():
    skip(f"'{webdriver.missing()}' is not installed (tests/deps installs it)")
with webdriver.browser() as browser:
    browser.offline()
    browser.open("about:blank")
    browser.requests()  # those of the browser's own first page
    for test in (check_hostile, check_axis, check_filter, check_keyboard, check_crowd, check_chaos, check_looks):
        test(browser)
finish()
