#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Terraform configuration: its page's commands, each `terraform apply` of which goes to a program that validates
by the provider's schema and gives the plan's values.

test_terraform.py BUILD-FOLDER"""
import json
import re
import shutil
import subprocess
import sys
import tempfile

import page
import tools
from harness import broken, check, check_equal, check_package, failures, finish, released, sha256, skip

BUILD = sys.argv[1]
# file, what is changed to what, what is then said
BROKEN = [
    ("main.tf", r"batch_size ", "batchsize ", r'"batchsize" is not expected'),
    ("main.tf", r"memory_size +=.*", 'memory_size = "much"', r"a number is required"),
    ("main.tf", r"compatible_architectures +=.*", "compatible_architectures = var.architecture", r"(list|set) of string required"),
    ("main.tf", r"^  architectures +=.*", "architectures = var.architecture", r"(list|set) of string required"),
    ("main.tf", r"role +=.*function.arn\n", "", r'"role" is required'),
    ("main.tf", r"log_format +=.*\n", "", r'"log_format" is required'),
    ("main.tf", r"layers +=.*", "arn = var.name", r'"arn" is not expected'),
    ("main.tf", r"logging_config {", "logging {", r'"logging" are not expected'),
    ("main.tf", r"aws_sqs_queue.orders.arn", "aws_sqs_queue.order.arn", r'attribute named "order"'),
    ("main.tf", r"aws_sqs_queue.failed.arn", "aws_sqs_queue.failed.arm", r'attribute named "arm"'),
    ("main.tf", r"\[aws_iam_role_policy.function\]", "[aws_iam_role_policy.other]", r'attribute named "other"'),
    ("main.tf", r'"aws_lambda_function"', '"aws_lambda"', r"no resource type 'aws_lambda'"),
    ("main.tf", r"filebase64sha256\(var.package\)", "filesha256(var.package)", r'no function named "filesha256"'),
    ("main.tf", r'"failed"', '"orders"', r"is there twice"),
    ("main.tf", r"depends_on = .*\]", "depends_on = []\n  enabled = aws_sqs_queue", r"bool required"),
    ("variables.tf", r'default     = "x86_64"', 'default = "x86"', r"x86_64 or arm64"),
    ("variables.tf", r'variable "handler"', 'variable "entry"', r'attribute named "handler"'),
    ("outputs.tf", r"\.url", ".uri", r'attribute named "uri"'),
    ("versions.tf", r"hashicorp/aws", "hashicorp/aw", r"the provider is 'hashicorp/aw'"),
    ("versions.tf", r"region =", "regio =", r'"regio" is not expected'),
]
# what stands for terraform: `apply` prints the plan into a file beside the configuration
TERRAFORM = """[ "$1" != init ] || exit 0
[ "$1" = apply ] || { echo "no '$1' here" >&2; exit 2; }
shift
values=()
while [ $# -gt 0 ]; do
    [ "$1" = -var ] && [ $# -gt 1 ] || { echo "'$1' is no -var" >&2; exit 2; }
    values+=("$2")
    shift 2
done
exec "@PROGRAM@" "@SCHEMA@" . "${values[@]}" >plan.json"""


def check_broken(program, schema, work):
    for file, pattern, replacement, error in BROKEN:
        folder = tempfile.mkdtemp(dir=work)
        shutil.copytree(f"{page.ROOT}/examples/deploy/terraform", folder, dirs_exist_ok=True)
        with open(f"{folder}/orders.zip", "w"), open(f"{folder}/{file}", "w") as written:
            written.write(broken(f"terraform/{file}", pattern, replacement))
        done = subprocess.run([program, schema, folder], capture_output=True, text=True)
        said = " ".join(done.stderr.split())
        check(f"{file} with {replacement!r}", done.returncode == 1 and re.search(error, said), done.stdout + said)


def check_plan(what, plan, folder, architecture, layered):
    function, mapping = plan["aws_lambda_function.orders"], plan["aws_lambda_event_source_mapping.orders"]
    check_equal(f"{what}: the function", (function["runtime"], function["architectures"], function["filename"]),
                ("provided.al2023", [architecture], "orders.zip"))
    check_equal(f"{what}: the hash is the zip's", function["source_code_hash"], sha256(f"{folder}/orders.zip"))
    check_package(what, f"{folder}/orders.zip", function["handler"], layered)
    check_equal(f"{what}: its event source", mapping["function_response_types"], ["ReportBatchItemFailures"])
    check_equal(f"{what}: its log", function["logging_config"][0]["log_group"],
                plan["aws_cloudwatch_log_group.function"]["name"])
    hidden = plan["aws_sqs_queue.orders"]["visibility_timeout_seconds"]
    check(f"{what}: messages stay hidden for six timeouts", hidden >= 6 * function["timeout"], hidden)
    layer = plan.get("aws_lambda_layer_version.runtime[0]")
    check_equal(f"{what}: layers", (len(function["layers"]), bool(layer)), (int(layered), layered))
    if layered:
        check_equal(f"{what}: the layer", (layer["source_code_hash"], layer["compatible_architectures"]),
                    (sha256(f"{folder}/runtime.zip"), [architecture]))


def check_block(what, commands, work, program, schema):
    missing = released(BUILD, commands)
    if missing:
        skip(f"{what}: layers/release has not made {' '.join(missing)}")
    copy = page.Copy(tempfile.mkdtemp(dir=work), BUILD)
    copy.program("terraform", TERRAFORM.replace("@PROGRAM@", program).replace("@SCHEMA@", schema))
    code, out = copy.run(commands)
    if check(f"{what}: the commands", code == 0, out):
        with open(copy.path("orders/plan.json")) as file:
            plan = json.load(file)
        check_plan(what, plan, copy.path("orders"), "arm64" if "arm64" in commands else "x86_64",
                   "runtime_layer" in commands)


def main():
    program, schema = tools.go_program("terraform"), tools.provider_schema()
    with tempfile.TemporaryDirectory(prefix="clambda-terraform.") as work:
        check_broken(program, schema, work)
        for heading, commands in page.blocks("terraform"):
            check_block(heading or "one zip", commands, work, program, schema)
    if not failures:
        check_equal("the page's ways", len(list(page.blocks("terraform"))), 3)


try:
    main()
except tools.Missing as missing:
    skip(str(missing))
finish()
