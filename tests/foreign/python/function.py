# SPDX-License-Identifier: Apache-2.0
"""A Python function on the official runtime interface client, to be run in the sandbox as it would be
uploaded: echoes its event with the number of invocations that this process has seen."""
import os

seen = 0


def handler(event, context):
    global seen
    seen += 1
    do = event.get("do")
    if do == "fail":
        raise ValueError("asked to fail")
    if do == "panic":
        raise SystemExit("asked to panic")
    if do == "exit":
        os._exit(3)
    print("seen", seen)
    return {
        "event": event,
        "seen": seen,
        "function": context.function_name,
        "hasId": len(context.aws_request_id) == 36,
        "remaining": context.get_remaining_time_in_millis() > 0,
    }
