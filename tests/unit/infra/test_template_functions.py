"""Functions, their queues, logs, alarms and releases."""

import pytest

from infra.resources import quotas
from infra.template import render
from infra.transform import transform
from tests.unit.infra.fleet import FLEET, Block, folder, of_type, resources, text

FUNCTIONS = "AWS::Lambda::Function"


def test_every_function_reserves_concurrency() -> None:
    reserved = {
        name: function["ReservedConcurrentExecutions"]
        for name, function in of_type(FUNCTIONS).items()
    }
    assert (reserved["SmallFunction"], reserved["VerySlowFunction"]) == (10, 3)
    assert all(1 <= number <= 50 for number in reserved.values())


def test_every_log_is_kept_for_a_while_only() -> None:
    assert all(1 <= log["RetentionInDays"] <= 90 for log in of_type("AWS::Logs::LogGroup").values())


def test_every_function_writes_to_a_log_of_its_own() -> None:
    logs = [
        function["LoggingConfig"]["LogGroup"]["Ref"] for function in of_type(FUNCTIONS).values()
    ]
    assert len(set(logs)) == len(logs)
    assert set(logs) <= of_type("AWS::Logs::LogGroup").keys()


def test_every_function_is_traced() -> None:
    modes = [function["TracingConfig"] for function in of_type(FUNCTIONS).values()]
    assert len(modes) > len(FLEET)
    assert all(mode == {"Mode": "Active"} for mode in modes)


def test_facts_of_the_folder_become_the_functions() -> None:
    function = of_type(FUNCTIONS)["VerySlowFunction"]
    assert function["MemorySize"] == 3008
    assert function["Timeout"] == 900
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert function["Architectures"] == ["x86_64"]
    assert function["Runtime"] == "python3.13"
    assert function["Handler"] == "serving.entry.handler"
    assert "SnapStart" not in of_type(FUNCTIONS)["SmallFunction"]


def test_package_and_layers_come_from_the_build() -> None:
    function = of_type(FUNCTIONS)["VerySlowFunction"]
    assert function["Code"]["S3Key"] == "build/lambda/functions/very_slow.zip"
    keys = {
        layer["Content"]["S3Key"]
        for name, layer in of_type("AWS::Lambda::LayerVersion").items()
        if {"Ref": name} in function["Layers"]
    }
    assert keys == {"build/lambda/layers/runtime.zip", "build/lambda/layers/serving.zip"}


def test_engine_finds_its_environment() -> None:
    variables = of_type(FUNCTIONS)["VerySlowFunction"]["Environment"]["Variables"]
    assert variables == {
        "FLOTILLA_MODEL": "very_slow",
        "FLOTILLA_ARTIFACTS_BUCKET": {"Ref": "ArtifactsBucket"},
        "FLOTILLA_RESULTS_BUCKET": {"Ref": "ResultsBucket"},
        "FLOTILLA_PRICES": {"Ref": "Prices"},
        "FLOTILLA_JOBS_FUNCTION": {"Fn::Sub": "${JobsFunction.Arn}:live"},
        "FLOTILLA_TRACING": "false",
        "POWERTOOLS_SERVICE_NAME": "very_slow",
        "POWERTOOLS_METRICS_NAMESPACE": "Flotilla",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "ORT_DISABLE_TELEMETRY": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def test_subsegments_are_a_fact_of_the_model() -> None:
    traced = resources(folder("traced", tracing=True))["TracedFunction"]["Properties"]
    assert traced["Environment"]["Variables"]["FLOTILLA_TRACING"] == "true"


def test_every_queue_gives_up_after_five_receives() -> None:
    queues = of_type("AWS::SQS::Queue")
    for name in ("SmallQueue", "VerySlowQueue"):
        redrive = queues[name]["RedrivePolicy"]
        assert redrive["maxReceiveCount"] == 5
        assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues
    dead = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    # Where Lambda itself puts what a function failed for good.
    dead |= {
        function["DeadLetterConfig"]["TargetArn"]["Fn::GetAtt"][0]
        for function in of_type(FUNCTIONS).values()
        if "DeadLetterConfig" in function
    }
    assert {name for name, queue in queues.items() if "RedrivePolicy" not in queue} == dead


def test_every_queue_hides_a_message_for_six_timeouts() -> None:
    queues, functions = of_type("AWS::SQS::Queue"), of_type(FUNCTIONS)
    for name, mapping in of_type("AWS::Lambda::EventSourceMapping").items():
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        function = functions[name.removesuffix("Uploads").removesuffix("Tasks")]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"], name


def test_uploads_are_answered_behind_the_alias_one_by_one() -> None:
    for name, mapping in of_type("AWS::Lambda::EventSourceMapping").items():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        function = name.removesuffix("Uploads").removesuffix("Tasks")
        assert mapping["FunctionName"]["Ref"] == f"{function}Aliaslive"


@pytest.mark.parametrize("reserved", [3, 4, 10, 1000])
def test_uploads_leave_room_for_http(reserved: int) -> None:
    model = folder("other", reserved_concurrency=reserved)
    mapping = of_type("AWS::Lambda::EventSourceMapping", model)["OtherFunctionUploads"]
    most = mapping["ScalingConfig"]["MaximumConcurrency"]
    assert quotas.LEAST_POLLER_CONCURRENCY <= most < reserved


def test_rule_takes_uploads_of_its_own_model_only() -> None:
    rule = of_type("AWS::Events::Rule")["VerySlowUploadRule"]
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "UploadsBucket"}]},
            "object": {"key": [{"prefix": "in/very_slow/"}]},
        },
    }
    (target,) = rule["Targets"]
    assert text(target["Arn"]) == "${VerySlowQueue.Arn}"
    assert text(target["DeadLetterConfig"]["Arn"]) == "${VerySlowDeadLetters.Arn}"


def test_inputs_of_jobs_are_announced_to_the_service_alone() -> None:
    rules = of_type("AWS::Events::Rule")
    heard = {
        name: rule["EventPattern"]["detail"]["object"]["key"][0]["prefix"]
        for name, rule in rules.items()
    }
    assert heard["JobsRule"] == "jobs/"
    assert not any(prefix.startswith("jobs") for prefix in heard.values() if prefix != "jobs/")


def test_no_rule_hears_the_results_bucket() -> None:
    assert "NotificationConfiguration" not in of_type("AWS::S3::Bucket")["ResultsBucket"]


@pytest.mark.parametrize("prefix", ["Small", "VerySlow", "Catalog", "Jobs"])
def test_new_version_goes_back_when_an_alarm_of_its_own_rings(prefix: str) -> None:
    group = of_type("AWS::CodeDeploy::DeploymentGroup")[f"{prefix}FunctionDeploymentGroup"]
    alarms = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
    own = {name for name in of_type("AWS::CloudWatch::Alarm") if name.startswith(prefix)}
    assert group["AlarmConfiguration"]["Enabled"] is True
    assert alarms == own
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    policy = resources(*FLEET)[f"{prefix}FunctionAliaslive"]["UpdatePolicy"]
    assert policy["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == {
        "Ref": f"{prefix}FunctionDeploymentGroup"
    }


def test_every_model_has_four_alarms() -> None:
    names = {name for name in of_type("AWS::CloudWatch::Alarm") if name.startswith("Small")}
    assert names == {
        "SmallErrorsAlarm",
        "SmallFaultsAlarm",
        "SmallLatencyAlarm",
        "SmallDeadLettersAlarm",
    }


def test_latency_alarm_watches_the_alias_at_half_of_the_timeout() -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["SmallLatencyAlarm"]
    assert alarm["Threshold"] == 14_000
    assert alarm["ExtendedStatistic"] == "p99"
    assert {"Name": "Resource", "Value": {"Fn::Sub": "${SmallFunction}:live"}} in alarm[
        "Dimensions"
    ]


def test_errors_alarm_rings_at_the_first_crash_behind_the_alias() -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["SmallErrorsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert {"Name": "Resource", "Value": {"Fn::Sub": "${SmallFunction}:live"}} in alarm[
        "Dimensions"
    ]


def test_faults_alarm_rings_at_the_first_5xx_of_the_engine() -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["SmallFaultsAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Flotilla", "Faults")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "small"}]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_dead_letters_alarm_rings_while_their_number_grows() -> None:
    growth, depth = of_type("AWS::CloudWatch::Alarm")["SmallDeadLettersAlarm"]["Metrics"]
    assert growth["Expression"] == "DIFF(depth)"
    (dimension,) = depth["MetricStat"]["Metric"]["Dimensions"]
    assert text(dimension["Value"]) == "${SmallDeadLetters.QueueName}"


def _version(stack: dict[str, Block], prefix: str) -> str:
    (name,) = (name for name in stack if name.startswith(f"{prefix}FunctionVersion"))
    return name


def test_change_of_any_fact_publishes_a_version() -> None:
    before, after = resources(folder("m")), resources(folder("m", timeout_s=10))
    assert _version(before, "M") != _version(after, "M")


def test_change_of_a_layer_publishes_a_version_of_every_function() -> None:
    rendered = render(FLEET)
    before = transform(rendered)["Resources"]
    rendered["Resources"]["ServingLayer"]["Properties"]["ContentUri"] += "?"
    after = transform(rendered)["Resources"]
    for prefix in ("Small", "VerySlow", "Catalog"):
        assert _version(before, prefix) != _version(after, prefix), prefix


def test_long_description_is_cut_to_what_lambda_takes() -> None:
    function = of_type(FUNCTIONS, folder("m", description="x" * 300))["MFunction"]
    assert function["Description"] == "x" * quotas.DESCRIPTION_CHARACTERS
