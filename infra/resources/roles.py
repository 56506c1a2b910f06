"""IAM: one role per function, naming that function's own things."""

from infra.resources.blocks import Block, arn

# Actions that know no resources, or none before they have run; nothing else may name `*`
# (service authorization reference: AWS X-Ray, Amazon CloudWatch).
WITHOUT_RESOURCES = frozenset(
    {"cloudwatch:DescribeAlarms", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
)


def function_role(prefix: str, *statements: Block) -> Block:
    """The role of one function: its own log, X-Ray, and what the statements add."""
    return service_role(
        "lambda.amazonaws.com",
        # The ARN of a log group ends in `:*`, its streams.
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], arn(f"{prefix}Logs")),
        allow_anywhere(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]),
        *statements,
    )


def service_role(service: str, *statements: Block) -> Block:
    """A role that an AWS service takes on."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust(service),
            "Policies": [{"PolicyName": "own-things-only", "PolicyDocument": policy}],
        },
    }


def trust(service: str) -> Block:
    """Who may take a role on."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(actions: list[str], *resources: Block, **condition: Block) -> Block:
    """A statement about resources by name."""
    statement: Block = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
    return statement | ({"Condition": condition} if condition else {})


def allow_anywhere(actions: list[str]) -> Block:
    """A statement about actions that are `WITHOUT_RESOURCES`."""
    return {"Effect": "Allow", "Action": actions, "Resource": "*"}
