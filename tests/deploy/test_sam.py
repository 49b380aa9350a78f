#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The SAM templates: their page's commands with the real `sam`, into an account on loopback, and what is then there.

test_sam.py BUILD-FOLDER"""
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

import page
import tools
from harness import broken, check, check_equal, check_package, failures, finish, released, sha256, skip

BUILD = sys.argv[1]
REGION = "us-east-1"
BUCKET = "uploads-of-the-test"
# template, what is changed to what, what is then said
BROKEN = [
    ("template.yaml", r"Handler:", "Handlr:", r"Handlr"),
    ("template.yaml", r"Runtime: .*", "Runtime: provided.al2024", r"provided\.al2024"),
    ("template.yaml", r"MemorySize: 128", "MemorySize: much", r"'much' is not of type 'integer'"),
    ("template.yaml", r"!GetAtt Orders.Arn$", "!GetAtt Orders.Arm", r"'Arm' is not one of"),
    ("template.yaml", r"- ReportBatchItemFailures", "- ReportItemFailures", r"ReportItemFailures"),
    ("template.yaml", r"!Ref Architecture", "!Ref Arch", r"'Arch'"),
    ("template.yaml", r"RetentionInDays: 14", "RetentionInDays: 15", r"15"),
    ("layer.yaml", r"- !Ref Runtime", "- !Ref Layer", r"'Layer'"),
    ("layer.yaml", r"      ContentUri: .*\n", "", r"ContentUri"),
]


@contextlib.contextmanager
def account(env):
    """Its address; it has one bucket."""
    server = subprocess.Popen([sys.executable, f"{tools.HERE}/account.py"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True, env=env)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait()


def settings(home):
    env = tools.python_environment()
    env.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION=REGION, BUCKET=BUCKET,
               HOME=home, SAM_CLI_TELEMETRY="0", SAM_CLI_POLL_DELAY="0.2", AWS_EC2_METADATA_DISABLED="true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_CONFIG_FILE"):
        env.pop(name, None)
    return env


def lint(paths, env):
    """What is said of each: by cfn-lint, by the SAM translator, by cfn-lint of what that makes."""
    done = subprocess.run([sys.executable, f"{tools.HERE}/translate.py", *paths], env=env, capture_output=True, text=True)
    check("the SAM translator ran", done.returncode == 0, done.stderr)
    said = done.stdout
    made = [f"{path}.json" for path in paths if os.path.exists(f"{path}.json")]
    done = subprocess.run([sys.executable, f"{env['PYTHONPATH']}/bin/cfn-lint", "-r", REGION, "--format", "parseable",
                           *paths, *made], env=env, capture_output=True, text=True)
    check("cfn-lint ran", not done.stderr, done.stderr)
    said += done.stdout
    return ["\n".join(line for line in said.splitlines() if line.startswith((f"{path}:", f"{path}.json:"))) for path in paths]


def check_templates(work, env):
    rows = [("template.yaml", "", "", None), ("layer.yaml", "", "", None), *BROKEN]
    paths = [f"{work}/{i}.yaml" for i in range(len(rows))]
    for (template, pattern, replacement, _), path in zip(rows, paths):
        with open(path, "w") as file:
            file.write(broken(f"sam/{template}", pattern, replacement))
    for (template, _, replacement, error), said in zip(rows, lint(paths, env)):
        if error:
            check(f"{template} with {replacement!r}", re.search(error, said), said)
        else:
            check_equal(f"{template}: nothing is said of it", said, "")


def resources(aws, kind):
    """Of a type, as the translated template has them, by name."""
    made = aws("cloudformation").get_template(StackName="orders", TemplateStage="Processed")["TemplateBody"]["Resources"]
    return {name: row["Properties"] for name, row in made.items() if row["Type"] == kind}


def check_function(what, aws, folder, architecture, layered):
    functions = aws("lambda").list_functions()["Functions"]
    check_equal(f"{what}: functions", len(functions), 1)
    function = functions[0]
    check_equal(f"{what}: the function", (function["Runtime"], function["PackageType"]), ("provided.al2023", "Zip"))
    # moto makes every function of a stack one for x86-64
    stack = aws("cloudformation").describe_stacks(StackName="orders")["Stacks"][0]
    given = {row["ParameterKey"]: row["ParameterValue"] for row in stack["Parameters"]}
    wanted = [row["Architectures"] for row in resources(aws, "AWS::Lambda::Function").values()]
    check_equal(f"{what}: its architecture", [[given[value["Ref"]] for value in row] for row in wanted], [[architecture]])
    check_equal(f"{what}: its code is the zip", function["CodeSha256"], sha256(f"{folder}/orders.zip"))
    check_package(what, f"{folder}/orders.zip", function["Handler"], layered)
    mappings = aws("lambda").list_event_source_mappings()["EventSourceMappings"]
    check_equal(f"{what}: its event source", [(m["FunctionArn"], m["FunctionResponseTypes"]) for m in mappings],
                [(function["FunctionArn"], ["ReportBatchItemFailures"])])
    return function, mappings[0]["EventSourceArn"]


def check_queues(what, aws, orders, timeout):
    found = {}
    for url in aws("sqs").list_queues()["QueueUrls"]:
        about = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[about["QueueArn"]] = about
    failed = [arn for arn in found if arn != orders]
    check(f"{what}: what fails goes to the other queue", len(failed) == 1 and failed[0] in found[orders]["RedrivePolicy"], found)
    tries = int(json.loads(found[orders]["RedrivePolicy"])["maxReceiveCount"]) if failed else 0
    check(f"{what}: a message is tried five times at least, as AWS advises", tries >= 5, found)
    check(f"{what}: messages stay hidden for six timeouts", int(found[orders]["VisibilityTimeout"]) >= 6 * timeout, found)


def check_layer(what, aws, folder, layered):
    layers = aws("lambda").list_layers()["Layers"]
    check_equal(f"{what}: layers", len(layers), int(layered))
    of_function = [row.get("Layers", []) for row in resources(aws, "AWS::Lambda::Function").values()]
    names = resources(aws, "AWS::Lambda::LayerVersion")
    check_equal(f"{what}: the function's layers", of_function, [[{"Ref": name} for name in names]])
    if layered:
        version = aws("lambda").get_layer_version(LayerName=layers[0]["LayerName"], VersionNumber=1)
        check_equal(f"{what}: the layer's code", version["Content"]["CodeSha256"], sha256(f"{folder}/runtime.zip"))


def check_block(what, commands, work, env, client):
    missing = released(BUILD, commands)
    if missing:
        skip(f"{what}: layers/release has not made {' '.join(missing)}")
    urllib.request.urlopen(urllib.request.Request(f"{env['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")).read()

    def aws(service):
        return client(service, endpoint_url=env["AWS_ENDPOINT_URL"], region_name=REGION,
                      aws_access_key_id="test", aws_secret_access_key="test")
    aws("s3").create_bucket(Bucket=BUCKET)
    copy = page.Copy(tempfile.mkdtemp(dir=work), BUILD)
    copy.program("sam", f'exec "{sys.executable}" -m samcli "$@"')
    code, out = copy.run(commands, env)
    if not check(f"{what}: the commands", code == 0, out):
        return
    layered, architecture = "layer.yaml" in commands, "arm64" if "arm64" in commands else "x86_64"
    function, orders = check_function(what, aws, copy.path("orders"), architecture, layered)
    check_queues(what, aws, orders, function["Timeout"])
    check_layer(what, aws, copy.path("orders"), layered)


def main():
    with tempfile.TemporaryDirectory(prefix="clambda-sam.") as work:
        os.mkdir(f"{work}/home")
        env = settings(f"{work}/home")
        sys.path.insert(0, env["PYTHONPATH"])
        import boto3
        check_templates(work, env)
        with account(env) as address:
            for heading, commands in page.blocks("sam"):
                check_block(heading or "one zip", commands, work, dict(env, AWS_ENDPOINT_URL=address), boto3.client)
    if not failures:
        check("the page has its three ways", len(list(page.blocks("sam"))) == 3)


try:
    main()
except tools.Missing as missing:
    skip(str(missing))
finish()
