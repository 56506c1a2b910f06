"""Counting what callers use: who gets which lines, and who may send them."""

from tests.unit.infra.fleet import FLEET, folder, listed, of_type, resources, statements, text


def test_every_models_log_reaches_the_service_by_lines_with_a_caller() -> None:
    filters = of_type("AWS::Logs::SubscriptionFilter")
    assert {block["LogGroupName"]["Ref"] for block in filters.values()} == {
        "SmallLogs",
        "VerySlowLogs",
    }
    for name, block in filters.items():
        assert block["FilterPattern"] == '{ $.caller = "key_*" }'
        assert block["DestinationArn"] == {"Ref": "UsageFunctionAliaslive"}
        # CloudWatch Logs tries the function when the filter is made.
        assert "UsageLogsPermission" in listed(resources(*FLEET)[name]["DependsOn"])


def test_only_logs_of_this_stacks_functions_may_be_sent() -> None:
    permission = of_type("AWS::Lambda::Permission")["UsageLogsPermission"]
    assert permission["Principal"] == "logs.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert text(permission["SourceArn"]).endswith(":log-group:/aws/lambda/${AWS::StackName}-*:*")


def test_service_writes_its_own_table_and_reads_no_key() -> None:
    granted = {
        text(resource): sorted(listed(grant["Action"]))
        for name, grant in statements("AWS::IAM::Role")
        if name == "UsageRole"
        for resource in listed(grant["Resource"])
    }
    assert granted["${UsageTable.Arn}"] == [
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    ]
    assert "${KeysTable.Arn}" not in granted


def test_what_could_not_be_counted_is_kept() -> None:
    function = of_type("AWS::Lambda::Function")["UsageFunction"]
    assert function["DeadLetterConfig"]["TargetArn"]["Fn::GetAtt"][0] == "UsageDeadLetters"


def test_rows_and_ids_of_deliveries_expire() -> None:
    table = of_type("AWS::DynamoDB::Table")["UsageTable"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_prices_of_ones_own_reach_models_and_the_service() -> None:
    functions = of_type("AWS::Lambda::Function", folder("m"))
    for name in ("MFunction", "UsageFunction"):
        variables = functions[name]["Environment"]["Variables"]
        assert variables["FLOTILLA_PRICES"] == {"Ref": "Prices"}
