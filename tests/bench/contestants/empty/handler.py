"""The floor of the runtime client: a handler that does nothing."""


def handler(event, context):
    return {"statusCode": 200, "body": "{}"}
