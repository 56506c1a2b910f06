"""The tables: callers' keys, and what each caller used.

Neither knows which models exist.  Like the buckets they outlive the stack.
"""

from infra.resources.blocks import Block, Resources, skip_checks

KEYS = "KeysTable"
USAGE = "UsageTable"


def tables() -> Resources:
    """Both tables; what is in them is said by `serving.credentials` and `serving.metering`."""
    return {
        KEYS: table("prefix"),
        USAGE: table("caller", "period", TimeToLiveSpecification=expiry("expires")),
    }


def table(key: str, sort_key: str | None = None, **properties: Block) -> Block:
    """A table that is paid by the request, with a month of backups; its keys are texts."""
    names = [key, *([sort_key] if sort_key else [])]
    kinds = ("HASH", "RANGE")
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in names
            ],
            "KeySchema": [
                {"AttributeName": name, "KeyType": kind}
                for name, kind in zip(names, kinds, strict=False)
            ],
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            **properties,
        },
    } | skip_checks(CKV_AWS_119="DynamoDB encrypts with a key of its own, as everything here does")


def expiry(attribute: str) -> Block:
    """Items go when the time in this attribute, in seconds since 1970, has come."""
    return {"AttributeName": attribute, "Enabled": True}
