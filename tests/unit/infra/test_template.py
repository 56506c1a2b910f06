import subprocess
import sys

import pytest
import yaml

from infra import template
from infra.resources import quotas
from serving.errors import FolderError
from serving.folder import discover
from tests.unit.infra.fleet import FLEET, SMALL, folder, resources

NEW = folder("new_model")


def test_committed_template_is_the_rendered_one() -> None:
    rendered = template.text(template.render(discover(template.ROOT / "functions")))
    assert template.PATH.read_text() == rendered, "run `flotilla render`"


def test_text_is_yaml_of_the_same_template() -> None:
    rendered = template.render(FLEET)
    loaded = yaml.safe_load(template.text(rendered))
    assert loaded == rendered
    assert list(loaded["Resources"]) == list(rendered["Resources"])


def test_another_process_renders_the_same_bytes() -> None:
    script = (
        "import json; from infra import template; from tests.unit.infra.fleet import *;"
        "print(template.text(template.render(FLEET)));"
        "print(json.dumps(resources(*FLEET), sort_keys=True))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            cwd=template.ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_new_model_adds_blocks_and_changes_none() -> None:
    before, after = template.render(FLEET), template.render([*FLEET, NEW])
    added = after["Resources"].keys() - before["Resources"].keys()
    assert added
    assert all(name.startswith("NewModel") for name in added)
    kept = {k: v for k, v in after["Resources"].items() if k not in added}
    changed = {name for name, block in kept.items() if block != before["Resources"][name]}
    assert changed == {"Api"}, "its routes are in the API's definition"
    definition = after["Resources"]["Api"]["Properties"]["DefinitionBody"]
    for path in list(definition["paths"]):
        if "/new_model" in path:
            del definition["paths"][path]
    assert {**after, "Resources": kept} == before


def test_new_model_reaches_the_cloud_as_its_own_resources_and_routes() -> None:
    before, after = resources(*FLEET), resources(*FLEET, NEW)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    others = {name for name in changed if not name.startswith("NewModel")}
    deployments = {name for name in others if name.startswith("ApiDeployment")}
    assert others - deployments == {"Api", "ApiliveStage"}
    assert len(deployments) == 2, "a new route needs a deployment of a new name"
    paths_before, paths_after = (
        stack["Api"]["Properties"]["Body"]["paths"] for stack in (before, after)
    )
    assert paths_before.items() <= paths_after.items()
    assert paths_after.keys() - paths_before.keys() == {
        "/v1/models/new_model",
        "/v1/models/new_model/jobs",
        "/v1/models/new_model/{proxy+}",
        "/v2/models/new_model",
        "/v2/models/new_model/{proxy+}",
    }


def test_twenty_models_fit_into_a_stack() -> None:
    twenty = [folder(f"model_{number}") for number in range(20)]
    assert len(resources(*twenty)) <= quotas.STACK_RESOURCES


def test_names_that_become_the_same_logical_id_clash() -> None:
    with pytest.raises(FolderError, match=r"functions/a12: .*'a12' gives A12\w+, which is taken"):
        template.render([folder("a1_2"), folder("a12")])


def test_name_of_something_shared_clashes() -> None:
    with pytest.raises(FolderError, match="ApiLogs, which is taken"):
        template.render([folder("api")])


def test_architecture_without_layers_is_refused() -> None:
    with pytest.raises(FolderError, match=r"'architecture' is 'arm64', expected 'x86_64'"):
        template.render([folder("other", architecture="arm64")])


def test_concurrency_that_uploads_would_use_up_is_refused() -> None:
    with pytest.raises(FolderError, match=r"'reserved_concurrency' is 2, expected at least 3"):
        template.render([folder("other", reserved_concurrency=2)])


def test_outputs_name_things_that_exist() -> None:
    rendered = template.render([SMALL])
    outputs = rendered["Outputs"]
    assert outputs.keys() == {
        "ApiUrl",
        "UploadsBucket",
        "ResultsBucket",
        "ArtifactsBucket",
        "KeysTable",
        "UsageTable",
    }
    named = {out["Value"]["Ref"] for out in outputs.values() if "Ref" in out["Value"]}
    assert named <= rendered["Resources"].keys()
