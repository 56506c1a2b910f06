"""CloudFormation's intrinsic functions, worked out: what a template's `Ref`s come down to here.

Names and ARNs follow the cloud's, with one account, one region and one stack.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from infra.local.code import ACCOUNT, REGION

Block: TypeAlias = dict[str, Any]

STACK = "flotilla"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackName": STACK,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/local",
    "AWS::URLSuffix": "amazonaws.com",
}
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")
_NOTHING = object()  # AWS::NoValue: the key that holds it goes

# type -> the property that names it, and its ARN's service and what comes before the name there.
_NAMED = {
    "AWS::S3::Bucket": ("BucketName", "s3", ""),
    "AWS::SQS::Queue": ("QueueName", "sqs", ""),
    "AWS::SNS::Topic": ("TopicName", "sns", ""),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "table/"),
    "AWS::Events::Rule": ("Name", "events", "rule/"),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "function:"),
    "AWS::IAM::Role": ("RoleName", "iam", "role/"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch", "alarm:"),
}
_NO_REGION = ("iam", "s3")


class EvaluationError(Exception):
    """The template says something that the local cloud cannot work out."""


class Evaluator:
    """Works out the values of one template; `resources` are those whose condition holds."""

    def __init__(self, template: Block, sqs_endpoint: str) -> None:
        self._template = template
        self._sqs_endpoint = sqs_endpoint
        self._parameters = {
            name: parameter.get("Default")
            for name, parameter in template.get("Parameters", {}).items()
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda pair: pair[0].join(map(str, self.value(pair[1]))),
            "Fn::Select": lambda pair: self.value(pair[1])[int(self.value(pair[0]))],
            "Fn::Split": lambda pair: self.value(pair[1]).split(pair[0]),
            "Fn::If": lambda parts: self.value(parts[1 if self._holds(parts[0]) else 2]),
            "Fn::Equals": lambda pair: self.value(pair[0]) == self.value(pair[1]),
            "Fn::Not": lambda only: not self.value(only[0]),
            "Fn::And": lambda all_of: all(map(self.value, all_of)),
            "Fn::Or": lambda any_of: any(map(self.value, any_of)),
            "Condition": self._holds,
        }
        self.resources: dict[str, Block] = {
            name: resource
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, Block]:
        """Logical id -> evaluated properties of every resource of a type."""
        return {
            name: self.value(resource.get("Properties", {}))
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def value(self, node: Any) -> Any:
        """`node` with every intrinsic function in it worked out.  Raises EvaluationError."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not _NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise EvaluationError(f"{name} is not known, expected {sorted(self._functions)}")
        values = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in values.items() if item is not _NOTHING}

    def ref(self, name: str) -> Any:
        """What `Ref` gives: a parameter's value, a name, a URL or an ARN, as the type has it."""
        if name == "AWS::NoValue":
            return _NOTHING
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name]
        properties = self._properties(name)
        match self.resources[name]["Type"]:
            case "AWS::SQS::Queue":
                return f"{self._sqs_endpoint}/{ACCOUNT}/{self.name(name)}"
            case "AWS::Lambda::Alias":
                function = self.value(properties["FunctionName"])
                return f"{_function_arn(function)}:{properties['Name']}"
            case "AWS::Lambda::Version":
                return f"{_function_arn(self.value(properties['FunctionName']))}:1"
            case "AWS::Lambda::LayerVersion" | "AWS::SNS::Topic":
                return self.arn(name)
            case "AWS::ApiGateway::Stage":
                return self.value(properties["StageName"])
        return self.name(name)

    def name(self, logical_id: str) -> str:
        """The physical name of a resource: its own, or one made of the stack's and its id."""
        properties = self._properties(logical_id)
        kind = self.resources[logical_id]["Type"]
        key = _NAMED.get(kind, ("Name", "", ""))[0]
        made = f"{STACK}-{logical_id}"
        return str(self.value(properties.get(key, made.lower() if "S3" in kind else made)))

    def arn(self, logical_id: str) -> str:
        """The ARN of a resource."""
        kind = self.resources[logical_id]["Type"]
        service, before = _NAMED.get(kind, ("", kind.split("::")[1].lower(), ""))[1:]
        region = "" if service in _NO_REGION else REGION
        account = "" if service == "s3" else ACCOUNT
        return f"arn:aws:{service}:{region}:{account}:{before}{self.name(logical_id)}"

    def _get_att(self, argument: list[str] | str) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = parts
        self._properties(logical_id)
        match attribute:
            case "Arn" | "TopicArn":
                return self.arn(logical_id)
            case "Version":
                return "1"
        return self.name(logical_id)

    def _sub(self, argument: str | list[Any]) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def fill(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                return str(self.value(variables[name]))
            return str(self._get_att(name) if "." in name else self.ref(name))

        return _PLACEHOLDER.sub(fill, text)

    def _holds(self, condition: str) -> bool:
        return bool(self.value(self._template["Conditions"][condition]))

    def _properties(self, logical_id: str) -> Block:
        if logical_id not in self.resources:
            raise EvaluationError(f"{logical_id!r} is neither a resource nor a parameter")
        properties: Block = self.resources[logical_id].get("Properties", {})
        return properties


def _function_arn(name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
