# SPDX-License-Identifier: Apache-2.0
"""Failures, log lines, batches, events that nobody takes."""
import base64
import json
import re

import harness
from harness import error_of, has, has_not, response_of, run, same, test
from runtime_api import Reply


@test("answers")
def failures():
    result = run("fails", [Reply(b"typed"), Reply(b"untyped"), Reply(b"odd"), Reply(b"large")])
    same(error_of(result), {"errorMessage": 'nothing in "typed"\nat all', "errorType": "EmptyBody",
                            "stackTrace": [], "requestId": "id-1"})
    kinds = [p.headers["lambda-runtime-function-error-type"] for p in result.posts]
    same(kinds, ["Function.EmptyBody", "Function.HandlerFailed", "Function.HandlerFailed",
                 "Function.ResponseSizeTooLarge"])
    same(error_of(result, 1)["errorMessage"], "the handler returned 7")
    same(error_of(result, 2)["errorType"], "my odd-type\r\nX-Injected: 1")
    has_not(result.posts[2].headers, "x-injected")
    has(result.err, "\tid-1\tERROR\tEmptyBody: nothing in \"typed\"\rat all\n")


@test("answers")
def large_answers():
    """An answer that cannot be sent is never taken for none, unless another one replaces it."""
    result = run("fails", [Reply(b"unchecked"), Reply(b"corrected"), Reply(b"x")])
    same(error_of(result)["errorType"], "Function.ResponseSizeTooLarge")
    same(response_of(result, 1), b"1")
    same(response_of(result, 2), b"null")


@test("answers")
def programs_end_with_their_pipe():
    """SIGPIPE, which the bootstrap does without, is as usual in what a handler runs."""
    same(response_of(run("fails", [Reply(b"pipe")])), b"")


@test("answers")
def one_process_answers():
    """The child of a handler that forks ends when it returns: it neither posts nor polls."""
    result = run("fails", [Reply(b"fork"), Reply(b"x")])
    same([p.body for p in result.posts], [b'"parent"', b"null"])


@test("answers")
def without_memory():
    """A failure is posted by a process that cannot allocate any more."""
    if harness.options.sanitized:
        return
    result = run("fails", [Reply(b"memory")])
    same(error_of(result)["errorType"], "Runtime.OutOfMemory")
    same(result.posts[0].headers["lambda-runtime-function-error-type"], "Function.Hungry")


@test("answers")
def logs():
    result = run("fails", [Reply(b"a"), Reply(b"b", id="id-2")])
    same([p.body for p in result.posts], [b"null", b"null"])
    same(result.out, "printed a without a newlineprinted b without a newline")
    lines = result.err.splitlines()
    shape = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tid-1\tINFO\tinfo a$")
    if not any(shape.match(line) for line in lines):
        raise AssertionError("no line of that shape in %r" % result.err)
    has(result.err, "\tid-2\tINFO\tinfo b\rnext\n")
    has_not(result.err, "debug")
    has(run("fails", [Reply(b"a")], env={"AWS_LAMBDA_LOG_LEVEL": "debug"}).err, "\tDEBUG\tdebug a\n")
    has_not(run("fails", [Reply(b"a")], env={"AWS_LAMBDA_LOG_LEVEL": "WARN"}).err, "info")
    has(run("fails", [Reply(b"a")], env={"AWS_LAMBDA_LOG_LEVEL": "LOUD"}).err, "'LOUD' is none of")


def sqs(*messages):
    return json.dumps({"Records": [
        {"messageId": "m%d" % i, "body": body, "eventSource": "aws:sqs",
         "attributes": {"MessageGroupId": group, "SequenceNumber": str(i + 1)} if group else {}}
        for i, (body, group) in enumerate(messages)]}).encode()


def failed_ids(result, index=0):
    return [item["itemIdentifier"]
            for item in json.loads(response_of(result, index))["batchItemFailures"]]


@test("answers")
def batches():
    result = run("batches", [
        Reply(sqs(("a", None), ("b", None))),
        Reply(sqs(("a", None), ("fail", None), ("b", None))),
        Reply(sqs(("fail", "g"), ("a", "g"), ("b", "h"))),
        Reply(sqs(("fail", None), ("fail", None)))])
    same(failed_ids(result, 0), [])
    same(failed_ids(result, 1), ["m1"])
    same(failed_ids(result, 2), ["m0", "m1"])
    same(error_of(result, 3)["errorType"], "BadMessage")
    has(result.err, "record 1 (m1) failed: BadMessage: cannot take m1")
    result = run("batches", [Reply(sqs(("a", None), ("fail", None), ("b", None)))],
                 env={"LAMBDA_PARTIAL_FAILURES": "off"})
    same(error_of(result)["errorMessage"], "cannot take m1")


@test("answers")
def streams():
    records = [{"eventSource": "aws:kinesis", "kinesis": {
        "sequenceNumber": str(i), "data": base64.b64encode(data).decode()}}
        for i, data in enumerate((b"ok", b"fail", b"fail"))]
    result = run("batches", [Reply(json.dumps({"Records": records}).encode())])
    same(failed_ids(result), ["1"])
    one = {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a+b%2Fc"}}}]}
    result = run("batches", [Reply(json.dumps(one).encode())])
    same(error_of(result)["errorMessage"], "cannot take 'a b/c'")


@test("answers")
def unknown_events():
    result = run("batches", [Reply(b'{"detail-type":"Order","source":"shop"}'), Reply(b"{"),
                             Reply(b'{"Records":[{"eventSource":"aws:sqs"}')])
    first = error_of(result)
    same(first["errorType"], "Runtime.NoHandlerForEvent")
    has(first["errorMessage"], "'Order', 'shop'")
    has(first["errorMessage"], "this module takes: ")
    same(error_of(result, 1)["errorType"], "Runtime.UnmarshalError")
    has(error_of(result, 1)["errorMessage"], "line 1, column 2")
    same(error_of(result, 2)["errorType"], "Runtime.UnmarshalError")
