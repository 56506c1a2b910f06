"""The vocabulary of a template: blocks, and CloudFormation's functions in their long form."""

from typing import Any, TypeAlias

# What a template is made of: plain dictionaries, lists, strings and numbers.
Block: TypeAlias = dict[str, Any]
Resources: TypeAlias = dict[str, Block]


def ref(logical_id: str) -> Block:
    """The physical id of a resource."""
    return {"Ref": logical_id}


def arn(logical_id: str) -> Block:
    """The ARN of a resource."""
    return attribute(logical_id, "Arn")


def attribute(logical_id: str, name: str) -> Block:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> Block:
    """A text with `${...}` filled in."""
    return {"Fn::Sub": text}


def stack_name(suffix: str) -> Block:
    """A name that is unique to this stack and readable: `flotilla-iris` for `iris`."""
    return sub("${AWS::StackName}-" + suffix)


def skip_checks(**reasons: str) -> Block:
    """What keeps checkov from a check that this one resource cannot meet: its id and why."""
    skips = [{"id": check, "comment": reason} for check, reason in reasons.items()]
    return {"Metadata": {"checkov": {"skip": skips}}}
