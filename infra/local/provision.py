"""Make the template's buckets, queues, rules and tables in moto, with boto3 as anyone would."""

import json
from collections.abc import Callable
from typing import Any

from infra.local.evaluate import Evaluator
from infra.resources.blocks import Block

_QUEUE_SETTINGS = (
    "DelaySeconds",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
_TABLE_SETTINGS = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
)

# service -> its boto3 client
Connect = Callable[[str], Any]


def provision(evaluator: Evaluator, connect: Connect) -> None:
    """Make everything that the functions will reach for."""
    for name, properties in evaluator.of_type("AWS::S3::Bucket").items():
        _bucket(connect("s3"), evaluator.name(name), properties)
    queues = evaluator.of_type("AWS::SQS::Queue")
    for name, properties in queues.items():
        _queue(connect("sqs"), evaluator.name(name), properties)
    for name, properties in queues.items():
        _redrive(connect("sqs"), evaluator.ref(name), properties)
    for name, properties in evaluator.of_type("AWS::Events::Rule").items():
        _rule(connect("events"), evaluator.name(name), properties)
    for name, properties in evaluator.of_type("AWS::DynamoDB::Table").items():
        _table(connect("dynamodb"), evaluator.name(name), properties)


def _bucket(s3: Any, name: str, properties: Block) -> None:
    s3.create_bucket(Bucket=name)
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(
            Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
        )
    if "EventBridgeConfiguration" in properties.get("NotificationConfiguration", {}):
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def _queue(sqs: Any, name: str, properties: Block) -> None:
    attributes = {key: str(properties[key]) for key in _QUEUE_SETTINGS if key in properties}
    sqs.create_queue(QueueName=name, Attributes=attributes)


def _redrive(sqs: Any, url: str, properties: Block) -> None:
    """Once both queues are there: where messages go that were received too often."""
    if "RedrivePolicy" in properties:
        policy = json.dumps(properties["RedrivePolicy"])
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})


def _rule(events: Any, name: str, properties: Block) -> None:
    events.put_rule(
        Name=name,
        EventPattern=json.dumps(properties["EventPattern"]),
        State=properties.get("State", "ENABLED"),
    )
    targets = [{"Id": target["Id"], "Arn": target["Arn"]} for target in properties["Targets"]]
    events.put_targets(Rule=name, Targets=targets)


def _table(dynamodb: Any, name: str, properties: Block) -> None:
    settings = {key: properties[key] for key in _TABLE_SETTINGS if key in properties}
    dynamodb.create_table(**{**settings, "TableName": name})
    if "TimeToLiveSpecification" in properties:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )
