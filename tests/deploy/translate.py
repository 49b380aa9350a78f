# SPDX-License-Identifier: Apache-2.0
"""SAM's templates as CloudFormation's, by the translator that AWS runs. Needs the validators' packages.

    python3 translate.py FILE.yaml...    writes FILE.yaml.json for each; what it refuses is told on stdout"""
import json
import os
import re
import sys

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

REGION = os.environ["AWS_DEFAULT_REGION"]


class Policies(ManagedPolicyLoader):
    """The managed policies by name, which the translator would ask AWS for. No template here names one."""

    def __init__(self):
        super().__init__(boto3.client("iam", region_name=REGION))

    def load(self):
        return {}


def translate(template, parameters):
    parsed = yaml_parse(template)
    if parsed.get("Transform") != "AWS::Serverless-2016-10-31":
        return template
    values = {"AWS::Region": REGION, "AWS::Partition": "aws", **parameters}
    return json.dumps(transform(parsed, values, Policies()))


def main():
    for path in sys.argv[1:]:
        with open(path) as file:
            # what `sam package` writes there
            template = re.sub(r"(Uri: )(\S+\.zip)", r"\1s3://bucket/\2", file.read())
        try:
            translated = translate(template, {})
        except InvalidDocumentException as refused:
            print(f"{path}: {' '.join(cause.message for cause in refused.causes)}")
            continue
        with open(f"{path}.json", "w") as file:
            file.write(translated)


if __name__ == "__main__":
    main()
