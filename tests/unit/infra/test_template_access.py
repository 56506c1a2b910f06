"""Who may do what, and that nothing lies or travels in the clear."""

import re
from collections.abc import Callable

import pytest

from infra.resources.roles import WITHOUT_RESOURCES
from serving.folder import ModelFolder
from tests.unit.infra.fleet import (
    FLEET,
    Block,
    folder,
    listed,
    of_type,
    resources,
    statements,
    text,
)

ROLES = ("AWS::IAM::Role",)
POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")


def test_no_role_may_do_any_action() -> None:
    actions = {action for _, grant in statements(*ROLES) for action in listed(grant["Action"])}
    assert actions
    assert [action for action in actions if "*" in action] == []


def test_only_actions_without_resources_name_any_resource() -> None:
    anywhere = {
        action
        for _, grant in statements(*ROLES)
        if "*" in [text(resource) for resource in listed(grant["Resource"])]
        for action in listed(grant["Action"])
    }
    assert anywhere == WITHOUT_RESOURCES


def test_wildcards_of_resources_come_after_a_name_of_our_own() -> None:
    own = re.compile(
        r"\$\{\w+Bucket\.Arn\}/(in|out|failed|artifacts)/(small|very_slow)/.*"
        r"|\$\{\w+Bucket\.Arn\}/((in|out|failed)/\*/)?jobs/.*"
        r"|.+:function:\$\{AWS::StackName\}-\*"
    )
    wild = [
        text(resource)
        for _, grant in statements(*ROLES)
        for resource in listed(grant["Resource"])
        if "*" in text(resource).removeprefix("*")
    ]
    assert wild
    assert [name for name in wild if not own.fullmatch(name)] == []


def test_wildcards_of_actions_are_in_denials_only() -> None:
    for name, statement in statements(*POLICIES):
        wild = any("*" in action for action in listed(statement["Action"]))
        assert not wild or statement["Effect"] == "Deny", name


def test_everyone_is_named_in_denials_only() -> None:
    for name, statement in statements(*POLICIES):
        assert statement["Principal"] != "*" or statement["Effect"] == "Deny", name


@pytest.mark.parametrize("model", FLEET, ids=lambda model: model.name)
def test_function_role_names_its_own_things_only(model: ModelFolder) -> None:
    prefix = "".join(part.capitalize() for part in model.name.split("_"))
    granted = {
        text(resource): sorted(listed(grant["Action"]))
        for name, grant in statements(*ROLES)
        if name == f"{prefix}Role"
        for resource in listed(grant["Resource"])
    }
    read, answer = (
        ["s3:GetObject", "s3:GetObjectVersion"],
        ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
    )
    assert granted == {
        "*": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        f"${{{prefix}Logs.Arn}}": ["logs:CreateLogStream", "logs:PutLogEvents"],
        f"${{UploadsBucket.Arn}}/in/{model.name}/*": read,
        f"${{ResultsBucket.Arn}}/out/{model.name}/*.json": answer,
        f"${{ResultsBucket.Arn}}/failed/{model.name}/*.json": answer,
        f"${{ArtifactsBucket.Arn}}/artifacts/{model.name}/*/*": ["s3:GetObject"],
        "${UploadsBucket.Arn}": ["s3:ListBucket"],
        "${ResultsBucket.Arn}": ["s3:ListBucket"],
        f"${{{prefix}Queue.Arn}}": [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ],
        f"${{{prefix}DeadLetters.Arn}}": ["sqs:SendMessage"],
        "${JobsFunction.Arn}:live": ["lambda:InvokeFunction"],
    }


def test_authorizer_reads_keys_and_nothing_else() -> None:
    granted = {
        text(resource): sorted(listed(grant["Action"]))
        for name, grant in statements(*ROLES)
        if name == "AuthorizerRole"
        for resource in listed(grant["Resource"])
    }
    assert granted == {
        "*": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        "${AuthorizerLogs.Arn}": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "${KeysTable.Arn}": ["dynamodb:GetItem"],
    }


def test_every_table_is_kept_and_can_be_brought_back() -> None:
    for name, table in of_type("AWS::DynamoDB::Table").items():
        assert resources(*FLEET)[name]["DeletionPolicy"] == "Retain", name
        backups = table["PointInTimeRecoverySpecification"]
        assert backups == {"PointInTimeRecoveryEnabled": True}, name


def test_the_jobs_service_touches_nothing_but_jobs() -> None:
    granted = [
        (text(resource), sorted(listed(grant["Action"])))
        for name, grant in statements(*ROLES)
        if name == "JobsRole"
        for resource in listed(grant["Resource"])
        if text(resource) != "*" and "Logs" not in text(resource)
    ]
    assert granted == [
        (
            "${JobsTable.Arn}",
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
        ),
        (
            "${UploadsBucket.Arn}/jobs/*",
            ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
        ),
        ("${UploadsBucket.Arn}/in/*/jobs/*/*", ["s3:DeleteObject", "s3:PutObject"]),
        (
            "${ResultsBucket.Arn}/jobs/*",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
        ),
        ("${ResultsBucket.Arn}/out/*/jobs/*.json", ["s3:DeleteObject", "s3:GetObject"]),
        ("${ResultsBucket.Arn}/failed/*/jobs/*.json", ["s3:DeleteObject", "s3:GetObject"]),
        ("${UploadsBucket.Arn}", ["s3:ListBucket"]),
        ("${ResultsBucket.Arn}", ["s3:ListBucket"]),
        (
            "${JobsQueue.Arn}",
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
        ),
    ]


def test_buckets_are_listed_below_the_own_prefixes_only() -> None:
    listings = [
        (name, grant) for name, grant in statements(*ROLES) if "s3:ListBucket" in grant["Action"]
    ]
    prefixes = {
        (name, prefix)
        for name, grant in listings
        for prefix in grant["Condition"]["StringLike"]["s3:prefix"]
    }
    assert prefixes == {
        (role, prefix)
        for role, model in (("SmallRole", "small"), ("VerySlowRole", "very_slow"))
        for prefix in (f"in/{model}/*", f"out/{model}/*.json", f"failed/{model}/*.json")
    } | {
        ("JobsRole", prefix)
        for prefix in ("jobs/*", "in/*/jobs/*/*", "out/*/jobs/*", "failed/*/jobs/*")
    }


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [text(function["Role"]) for function in of_type("AWS::Lambda::Function").values()]
    assert len(roles) > len(FLEET)
    assert len(set(roles)) == len(roles)


@pytest.mark.parametrize(
    ("kind", "policy_kind", "target"),
    [
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", lambda policy: [policy["Bucket"]]),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", lambda policy: policy["Queues"]),
    ],
)
def test_everything_that_stores_takes_tls_only(
    kind: str, policy_kind: str, target: Callable[[Block], list[Block]]
) -> None:
    guarded = set()
    for policy in of_type(policy_kind).values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                assert statement["Action"].endswith(":*")
                guarded |= {reference["Ref"] for reference in target(policy)}
    assert guarded == of_type(kind).keys()


def test_tls_is_asked_for_buckets_and_their_objects() -> None:
    asked = {
        name.removesuffix("Policy"): [text(resource) for resource in statement["Resource"]]
        for name, statement in statements("AWS::S3::BucketPolicy")
        if statement["Sid"] == "TlsOnly"
    }
    assert asked == {
        bucket: [f"${{{bucket}.Arn}}", f"${{{bucket}.Arn}}/*"]
        for bucket in of_type("AWS::S3::Bucket")
    }


def test_every_bucket_is_encrypted_private_and_kept() -> None:
    for name, bucket in of_type("AWS::S3::Bucket").items():
        rules = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules[0]["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, name
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        assert resources(*FLEET)[name]["DeletionPolicy"] == "Retain", name
        assert bucket["LifecycleConfiguration"]["Rules"], name


def test_every_queue_is_encrypted() -> None:
    queues = of_type("AWS::SQS::Queue")
    assert [
        name for name, queue in queues.items() if queue.get("SqsManagedSseEnabled") is not True
    ] == []


def test_only_its_own_rule_may_send_to_a_queue() -> None:
    senders = {
        (name, text(statement["Condition"]["ArnEquals"]["aws:SourceArn"]))
        for name, statement in statements("AWS::SQS::QueuePolicy")
        if statement["Effect"] == "Allow"
    }
    assert senders == {
        (f"{prefix}{queue}Policy", f"${{{prefix}{rule}.Arn}}")
        for prefix, rule in (("Small", "UploadRule"), ("VerySlow", "UploadRule"), ("Jobs", "Rule"))
        for queue in ("Queue", "DeadLetters")
    }


def test_artifacts_are_written_once() -> None:
    (denial,) = (
        statement
        for name, statement in statements("AWS::S3::BucketPolicy")
        if name == "ArtifactsBucketPolicy" and statement["Sid"] == "WrittenOnce"
    )
    assert (denial["Effect"], denial["Action"]) == ("Deny", "s3:PutObject")
    assert denial["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }


def test_uploads_are_versioned_and_announced() -> None:
    uploads = of_type("AWS::S3::Bucket")["UploadsBucket"]
    assert uploads["VersioningConfiguration"] == {"Status": "Enabled"}
    assert uploads["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_accesses_to_data_are_logged() -> None:
    logged = {
        name
        for name, bucket in of_type("AWS::S3::Bucket").items()
        if "LoggingConfiguration" in bucket
    }
    assert logged == {"UploadsBucket", "ResultsBucket", "ArtifactsBucket"}


def test_releases_move_aliases_of_this_stack_only() -> None:
    (moving,) = (
        grant
        for name, grant in statements(*ROLES)
        if name == "ReleaseRole" and "lambda:UpdateAlias" in grant["Action"]
    )
    (aliases,) = (text(resource) for resource in moving["Resource"])
    assert aliases.endswith(":function:${AWS::StackName}-*")


def test_no_role_is_left_to_sam() -> None:
    assert "CodeDeployServiceRole" not in resources(folder("other"))
