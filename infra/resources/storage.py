"""The buckets: uploads in, results out, artifacts beside them, and who asked for what.

None of them knows which models exist: a model's place is a prefix, and the roles name it.
"""

from infra.resources.blocks import Block, Resources, arn, ref, skip_checks, sub

UPLOADS = "UploadsBucket"
RESULTS = "ResultsBucket"
ARTIFACTS = "ArtifactsBucket"
ACCESS_LOGS = "AccessLogsBucket"

# How long data stays; whoever needs it longer copies it out.
UPLOAD_DAYS = 30
RESULT_DAYS = 90
ACCESS_LOG_DAYS = 90
# How long an overwritten or deleted object can still be brought back.
RECOVERY_DAYS = 7
# What an abandoned multipart upload may cost.
UNFINISHED_DAYS = 1


def storage() -> Resources:
    """The four buckets and their policies."""
    return {
        UPLOADS: _bucket(
            _lifecycle(UPLOAD_DAYS),
            VersioningConfiguration={"Status": "Enabled"},
            NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            LoggingConfiguration=_access_logging("uploads"),
        ),
        RESULTS: _bucket(
            _lifecycle(RESULT_DAYS),
            LoggingConfiguration=_access_logging("results"),
        )
        | skip_checks(CKV_AWS_21="an answer can be made again from its upload, which is versioned"),
        ARTIFACTS: _bucket(
            _lifecycle(None),
            VersioningConfiguration={"Status": "Enabled"},
            LoggingConfiguration=_access_logging("artifacts"),
        ),
        ACCESS_LOGS: _bucket(_lifecycle(ACCESS_LOG_DAYS))
        | skip_checks(
            CKV_AWS_18="logging the delivery of logs here would be a loop",
            CKV_AWS_21="S3 writes every log once, under a name of its own",
        ),
        "UploadsBucketPolicy": _policy(UPLOADS),
        "ResultsBucketPolicy": _policy(RESULTS),
        "ArtifactsBucketPolicy": _policy(ARTIFACTS, _immutable()),
        "AccessLogsBucketPolicy": _policy(ACCESS_LOGS, _log_delivery()),
    }


def _bucket(lifecycle: Block, **properties: Block) -> Block:
    """A private, encrypted bucket; it outlives the stack, as a slip here must cost no data."""
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "LifecycleConfiguration": lifecycle,
            **properties,
        },
    }


def _lifecycle(expire_days: int | None) -> Block:
    """One rule for the whole bucket; `expire_days` None keeps the newest version for ever."""
    rule: Block = {
        "Id": "keep-as-long-as-needed",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_DAYS},
        "NoncurrentVersionExpiration": {"NoncurrentDays": RECOVERY_DAYS},
    }
    if expire_days is not None:
        rule["ExpirationInDays"] = expire_days
    return {"Rules": [rule]}


def _access_logging(prefix: str) -> Block:
    return {"DestinationBucketName": ref(ACCESS_LOGS), "LogFilePrefix": f"{prefix}/"}


def _policy(bucket: str, *statements: Block) -> Block:
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": ref(bucket),
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [_tls_only(bucket), *statements],
            },
        },
    }


def _tls_only(bucket: str) -> Block:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn(bucket), sub(f"${{{bucket}.Arn}}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _immutable() -> Block:
    """Refuse to overwrite an artifact: whoever writes one must say `If-None-Match`.

    The parts of a multipart upload carry no such header; its completion does.
    """
    return {
        "Sid": "WrittenOnce",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": sub(f"${{{ARTIFACTS}.Arn}}/*"),
        "Condition": {
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }


def _log_delivery() -> Block:
    return {
        "Sid": "AccessLogDelivery",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": sub(f"${{{ACCESS_LOGS}.Arn}}/*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
    }
