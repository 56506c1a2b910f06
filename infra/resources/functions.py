"""What every function has: layers, environment, log, a version and an alias."""

from infra.resources.blocks import Block, Resources, arn, ref, stack_name, sub

RUNTIME = "python3.13"
# The layers hold compiled wheels for this one.
ARCHITECTURE = "x86_64"
ALIAS = "live"
# Of the metrics that the engine writes; their dimension `service` is the function's own name.
NAMESPACE = "Flotilla"
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
            "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
            **variables,
        }
    }


def log_group(name: Block) -> Block:
    """A log that is kept for a while."""
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": name, "RetentionInDays": LOG_DAYS},
    }


def function_log(name: str) -> Block:
    """The log of a function, under the name where everyone looks for it."""
    return log_group(sub("/aws/lambda/${AWS::StackName}-" + name))


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
