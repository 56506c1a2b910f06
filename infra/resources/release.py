"""How a new version of a function gets its callers: a few first, and back when an alarm rings."""

from infra.resources.blocks import Block, Resources, arn, ref, sub
from infra.resources.roles import allow, allow_anywhere, service_role

ROLE = "ReleaseRole"


def releasing() -> Resources:
    """The role with which CodeDeploy moves the aliases of this stack's functions.

    AWS's managed policy for it, which SAM would attach, may move those of every stack.
    """
    return {
        ROLE: service_role(
            "codedeploy.amazonaws.com",
            allow(
                ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
                sub(
                    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
                    ":function:${AWS::StackName}-*"
                ),
            ),
            allow_anywhere(["cloudwatch:DescribeAlarms"]),
        )
    }


def preference(kind: str, alarms: Resources) -> Block:
    """A function's way of being released, `Canary10Percent5Minutes` for example."""
    return {"Type": kind, "Role": arn(ROLE), "Alarms": [ref(alarm) for alarm in alarms]}
