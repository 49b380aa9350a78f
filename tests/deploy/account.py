# SPDX-License-Identifier: Apache-2.0
"""An AWS account on loopback: moto's server, and in front of its CloudFormation the SAM translator, which AWS runs
there. Run by the validators' Python; the first line that it prints is its address. It ends with its standard input."""
import json
import logging
import os
import sys
import urllib.parse

import boto3
from moto.cloudformation import models, responses
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

REGION = os.environ["AWS_DEFAULT_REGION"]


class Policies(ManagedPolicyLoader):
    """The managed policies that SAM's templates name, which the translator would ask AWS for."""

    def __init__(self):
        super().__init__(boto3.client("iam", region_name=REGION))

    def load(self):
        return {}


def translate(template, parameters):
    """CloudFormation's template out of SAM's."""
    parsed = yaml_parse(template)
    if parsed.get("Transform") != "AWS::Serverless-2016-10-31":
        return template
    values = {"AWS::Region": REGION, "AWS::Partition": "aws", **parameters}
    return json.dumps(transform(parsed, values, Policies()))


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
