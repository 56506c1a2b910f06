"""A model's door for uploads: rule, queue, dead letters, and who may put something into them."""

from infra.resources import quotas
from infra.resources.blocks import Block, Resources, arn, ref, stack_name
from infra.resources.storage import UPLOADS
from serving import keys
from serving.folder import ModelFolder

# Uploads that a function is handed together.  Few, as those of a batch share one timeout.
BATCH = 5
# How many of a function's reserved instances uploads may take; the others answer HTTP.
SHARE = 2


def uploads(prefix: str, folder: ModelFolder) -> Resources:
    """What brings `in/<model>/...` to the model's function."""
    queue, dead, rule = f"{prefix}Queue", f"{prefix}DeadLetters", f"{prefix}UploadRule"
    return {
        rule: _rule(queue, dead, folder),
        queue: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": stack_name(f"{folder.name}-uploads"),
                "SqsManagedSseEnabled": True,
                "VisibilityTimeout": quotas.VISIBILITY_TIMEOUTS * folder.timeout_s,
                "RedrivePolicy": {
                    "deadLetterTargetArn": arn(dead),
                    "maxReceiveCount": quotas.MAX_RECEIVES,
                },
            },
        },
        dead: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": stack_name(f"{folder.name}-dead-letters"),
                "SqsManagedSseEnabled": True,
                "MessageRetentionPeriod": quotas.DEAD_LETTER_RETENTION_S,
            },
        },
        f"{queue}Policy": _policy(queue, rule),
        f"{dead}Policy": _policy(dead, rule),
    }


def uploads_event(prefix: str, folder: ModelFolder) -> Block:
    """The function's event: batches from the queue, failures reported one by one."""
    return {
        "Type": "SQS",
        "Properties": {
            "Queue": arn(f"{prefix}Queue"),
            "BatchSize": BATCH,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": poller_concurrency(folder)},
        },
    }


def poller_concurrency(folder: ModelFolder) -> int:
    """How many batches may run at once: below the reserved concurrency, or SQS is throttled."""
    return max(quotas.LEAST_POLLER_CONCURRENCY, folder.reserved_concurrency // SHARE)


def _rule(queue: str, dead: str, folder: ModelFolder) -> Block:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": f"Uploads for {folder.name}",
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [ref(UPLOADS)]},
                    "object": {"key": [{"prefix": keys.upload_prefix(folder.name)}]},
                },
            },
            "Targets": [
                {
                    "Id": "queue",
                    "Arn": arn(queue),
                    "RetryPolicy": {
                        "MaximumRetryAttempts": quotas.EVENT_RETRIES,
                        "MaximumEventAgeInSeconds": quotas.EVENT_AGE_S,
                    },
                    "DeadLetterConfig": {"Arn": arn(dead)},
                }
            ],
        },
    }


def _policy(queue: str, rule: str) -> Block:
    """Only the model's rule may send, and nobody speaks to the queue in the clear."""
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [ref(queue)],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsOnly",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sqs:*",
                        "Resource": arn(queue),
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                    {
                        "Sid": "OwnRuleOnly",
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": arn(queue),
                        "Condition": {"ArnEquals": {"aws:SourceArn": arn(rule)}},
                    },
                ],
            },
        },
    }
