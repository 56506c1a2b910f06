"""A queue that one rule fills, and its dead letters: encrypted, over TLS only."""

from infra.resources import quotas
from infra.resources.blocks import Block, Resources, arn, ref, stack_name

# What a function needs to be handed a queue's messages.
POLLING = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
)


def queues(prefix: str, queue_name: str, dead_name: str, timeout_s: int, rule: str) -> Resources:
    """`<prefix>Queue` and `<prefix>DeadLetters`, for a function with this timeout."""
    queue, dead = f"{prefix}Queue", f"{prefix}DeadLetters"
    return {
        queue: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": stack_name(queue_name),
                "SqsManagedSseEnabled": True,
                "VisibilityTimeout": quotas.VISIBILITY_TIMEOUTS * timeout_s,
                "RedrivePolicy": {
                    "deadLetterTargetArn": arn(dead),
                    "maxReceiveCount": quotas.MAX_RECEIVES,
                },
            },
        },
        dead: dead_letters(dead_name),
        f"{queue}Policy": policy(queue, _own_rule_only(queue, rule)),
        f"{dead}Policy": policy(dead, _own_rule_only(dead, rule)),
    }


def polled(prefix: str, batch: int, concurrency: int) -> Block:
    """A function's event: batches from its queue, failures reported one by one."""
    return {
        "Type": "SQS",
        "Properties": {
            "Queue": arn(f"{prefix}Queue"),
            "BatchSize": batch,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": concurrency},
        },
    }


def rule(prefix: str, description: str, bucket: str, key_prefix: str) -> Block:
    """New objects below `key_prefix` of a bucket are announced to `<prefix>Queue`."""
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": description,
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [ref(bucket)]},
                    "object": {"key": [{"prefix": key_prefix}]},
                },
            },
            "Targets": [
                {
                    "Id": "queue",
                    "Arn": arn(f"{prefix}Queue"),
                    "RetryPolicy": {
                        "MaximumRetryAttempts": quotas.EVENT_RETRIES,
                        "MaximumEventAgeInSeconds": quotas.EVENT_AGE_S,
                    },
                    "DeadLetterConfig": {"Arn": arn(f"{prefix}DeadLetters")},
                }
            ],
        },
    }


def policy(queue: str, *statements: Block) -> Block:
    """A queue's policy: nobody speaks to it in the clear, and what the statements say."""
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [ref(queue)],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [_tls_only(queue), *statements],
            },
        },
    }


def dead_letters(name: str) -> Block:
    """A queue for what could not be done, kept as long as a queue keeps anything."""
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": stack_name(name),
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": quotas.DEAD_LETTER_RETENTION_S,
        },
    }


def _tls_only(queue: str) -> Block:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn(queue),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _own_rule_only(queue: str, rule: str) -> Block:
    return {
        "Sid": "OwnRuleOnly",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn(queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": arn(rule)}},
    }
