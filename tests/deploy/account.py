# SPDX-License-Identifier: Apache-2.0
"""An AWS account on loopback: moto's server, and in front of its CloudFormation the SAM translator, which AWS runs
there. Run by the validators' Python; the first line that it prints is its address. It ends with its standard input."""
import logging
import os
import sys
import urllib.parse

from moto.cloudformation import models, responses
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from translate import translate


def translated(function):
    def call(backend, *positional, **named):
        named["template"] = translate(named["template"], named["parameters"])
        return function(backend, *positional, **named)
    return call


def uploaded(url, account_id, partition):
    """moto takes the bucket from the host's name, which a loopback address has not."""
    bucket, key = urllib.parse.urlparse(url).path.lstrip("/").split("/", 1)
    return s3_backends[account_id][partition].get_object(bucket, key).value.decode()


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    responses.get_stack_from_s3_url = uploaded
    for name in ("create_stack", "create_change_set"):
        changed = translated(getattr(models.CloudFormationBackend, name))
        setattr(models.CloudFormationBackend, name, changed)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    os._exit(0)


main()
