"""All routes of the API in one definition, and one permission a function.

SAM would make a permission of its own for every route, and a stack holds 500 resources: half of
what a model adds would be permissions.
"""

from infra.resources.blocks import Block, Resources, ref, sub

_FUNCTION = "AWS::Serverless::Function"
_ANY = "x-amazon-apigateway-any-method"
_URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31"
    "/functions/${Alias}/invocations"
)


def gathered(resources: Resources, api: str) -> Resources:
    """The same resources, with the functions' `Api` events in the definition of the API.

    An event may name another function that answers it: a model's jobs are the service's.
    """
    paths: Block = {}
    permissions: Resources = {}
    plain: Resources = {}
    for name, block in resources.items():
        plain[name] = block
        events = block["Properties"].get("Events", {}) if block["Type"] == _FUNCTION else {}
        routes = [event["Properties"] for event in events.values() if event["Type"] == "Api"]
        if not routes:
            continue
        others = {key: event for key, event in events.items() if event["Type"] != "Api"}
        plain[name] = {**block, "Properties": {**block["Properties"], "Events": others}}
        permissions[f"{name}Permission"] = _permission(name, api)
        for route in routes:
            paths.setdefault(route["Path"], {})[_method(route)] = _operation(
                route.get("Function", name), route
            )
    definition = {"swagger": "2.0", "info": {"title": ref("AWS::StackName"), "version": "1.0"}}
    defined = {"DefinitionBody": {**definition, "paths": paths}}
    properties = {**plain[api]["Properties"], **defined}
    return {**plain, api: {**plain[api], "Properties": properties}, **permissions}


def _method(route: Block) -> str:
    return _ANY if route["Method"] == "ANY" else str(route["Method"]).lower()


def _operation(function: str, route: Block) -> Block:
    """A method that the function behind its alias answers."""
    return {
        "security": _security(route["Auth"]),
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            # The longer form, as cfn-lint knows SAM's `.Alias` in a Ref only.
            "uri": {"Fn::Sub": [_URI, {"Alias": ref(f"{function}.Alias")}]},
        },
        "responses": {},
    }


def _security(auth: Block) -> list[Block]:
    """What SAM itself writes for an event's `Auth`, and takes away again where that says no."""
    if not auth["ApiKeyRequired"]:
        return [{"api_key_false": []}]
    return [{auth["Authorizer"]: []}, {"api_key": []}]


def _permission(function: str, api: str) -> Block:
    """That the API, and nobody else's, may call a function."""
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": ref(f"{function}.Alias"),
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": sub(
                "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
                f":${{{api}}}/*/*"
            ),
        },
    }
