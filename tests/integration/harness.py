# SPDX-License-Identifier: Apache-2.0
"""What the groups of test_runtime.py share: the list of tests, the options, comparisons."""
import json

from runtime_api import Reply

groups = {}
options = None  # of the command line, set by test_runtime.py
runner = None


def test(group):
    def add(function):
        groups.setdefault(group, []).append(function)
        return function
    return add


def run(*args, **kwargs):
    """Runner.run with the bootstrap and the handlers of the command line."""
    return runner.run(*args, **kwargs)


def same(got, want):
    if got != want:
        raise AssertionError("got %.600r, expected %.600r" % (got, want))


def has(text, part):
    if part not in text:
        raise AssertionError("%.3000r is without %r" % (text, part))


def has_not(text, part):
    if part in text:
        raise AssertionError("%.3000r has %r" % (text, part))


def response_of(result, index=0):
    post = result.posts[index]
    same(post.path.rsplit("/", 1)[1], "response")
    return post.body


def error_of(result, index=0):
    post = result.posts[index]
    same(post.path.rsplit("/", 1)[1], "error")
    return json.loads(post.body)


def remote_error(status, kind, text="no"):
    body = json.dumps({"errorMessage": text, "errorType": kind}).encode()
    return Reply(body, status, plain=True)
