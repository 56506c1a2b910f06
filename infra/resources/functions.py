"""What every function has: its layers, its role, its log, its way of being released."""

from infra.resources.intrinsics import Block, Resources, arn, ref, stack_name, sub

RUNTIME = "python3.13"
# The layers hold compiled wheels for this one.
ARCHITECTURE = "x86_64"
ALIAS = "live"
LAYERS = ("RuntimeLayer", "ServingLayer")
# Where the template finds what `flotilla build` made, seen from `infra/`.
BUILD = "../build/lambda"
LOG_DAYS = 30


def layers() -> Resources:
    """Third-party wheels, which change rarely, and our engine, which changes often."""
    return {
        "RuntimeLayer": _layer("runtime", "onnxruntime and what else the engine stands on"),
        "ServingLayer": _layer("serving", "the serving engine"),
    }


def function(prefix: str, name: str, **properties: object) -> Block:
    """A function that is published as a version on every change and released behind its alias.

    `properties` adds to the shared ones: description, handler, memory, timeout, events.
    """
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": stack_name(name),
            "PackageType": "Zip",
            "Runtime": RUNTIME,
            "CodeUri": f"{BUILD}/functions/{name}.zip",
            "Layers": [ref(layer) for layer in LAYERS],
            "Role": arn(f"{prefix}Role"),
            "LoggingConfig": {"LogGroup": ref(f"{prefix}Logs")},
            "Tracing": "Active",
            "AutoPublishAlias": ALIAS,
            # A version for every change, of memory or a layer too, not only of the code.
            "AutoPublishAliasAllProperties": True,
            **properties,
        },
    }


def environment(name: str, **variables: object) -> Block:
    """A function's environment; the names are read by `serving.entry` and powertools."""
    return {
        "Variables": {
            "POWERTOOLS_SERVICE_NAME": name,
            "POWERTOOLS_METRICS_NAMESPACE": "Flotilla",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "FLOTILLA_TRACING": "true",
            **variables,
        }
    }


def role(prefix: str, *statements: Block) -> Block:
    """A role for one function: its own log, X-Ray, and what the statements add."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "own-things-only",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [_write_log(prefix), _TRACE, *statements],
                    },
                }
            ],
        },
    }


def allow(actions: list[str], *resources: Block) -> Block:
    """A statement of a role."""
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def log_group(name: Block) -> Block:
    """A log that is kept for a while."""
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, "RetentionInDays": LOG_DAYS},
    }


def function_log(name: str) -> Block:
    """The log of a function, under the name where everyone looks for it."""
    return log_group(sub("/aws/lambda/${AWS::StackName}-" + name))


# X-Ray has no resources to name (service authorization reference, AWS X-Ray).
_TRACE: Block = {
    "Effect": "Allow",
    "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    "Resource": "*",
}


def _write_log(prefix: str) -> Block:
    """The ARN of a log group ends in `:*`, its streams."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], arn(f"{prefix}Logs"))


def _layer(name: str, description: str) -> Block:
    return {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {
            "LayerName": stack_name(name),
            "Description": description,
            "ContentUri": f"{BUILD}/layers/{name}.zip",
            "CompatibleRuntimes": [RUNTIME],
            "CompatibleArchitectures": [ARCHITECTURE],
            # Functions that use it are published anew when it changes.
            "PublishLambdaVersion": True,
            # Versions of functions go on using old versions of a layer.
            "RetentionPolicy": "Retain",
        },
    }
