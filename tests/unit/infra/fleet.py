"""A fleet of models that exist on paper, and its template before and after the transform."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from infra.template import render
from infra.transform import transform
from serving.folder import ModelFolder

Block = dict[str, Any]


def folder(name: str, **facts: Any) -> ModelFolder:
    """A model folder that is not on disk."""
    return ModelFolder(
        path=Path("functions") / name,
        **{"description": f"Model {name}", "task": "tabular_regression", **facts},
    )


SMALL = folder("small")
SLOW = folder("very_slow", memory_mb=3008, timeout_s=900, reserved_concurrency=3, snapstart=True)
FLEET = (SMALL, SLOW)


@cache
def resources(*models: ModelFolder) -> dict[str, Block]:
    """The transformed template's resources."""
    transformed: dict[str, Block] = transform(render(models))["Resources"]
    return transformed


def of_type(kind: str, *models: ModelFolder) -> dict[str, Block]:
    """Logical id -> properties of every resource of one type, of `FLEET` unless told otherwise."""
    found = {
        name: block["Properties"]
        for name, block in resources(*(models or FLEET)).items()
        if block["Type"] == kind
    }
    assert found, f"the template has no {kind}"
    return found


def statements(*kinds: str) -> Iterator[tuple[str, Block]]:
    """Logical id and statement of every policy in resources of these types."""
    for kind in kinds:
        for name, properties in of_type(kind).items():
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            if "PolicyDocument" in properties:
                documents.append(properties["PolicyDocument"])
            for document in documents:
                yield from ((name, statement) for statement in document["Statement"])


def listed(value: Any) -> list[Any]:
    """IAM writes one thing without a list."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """An ARN as far as the template knows it: `${UploadsBucket.Arn}/in/small/*`."""
    if isinstance(value, str):
        return value
    if "Fn::GetAtt" in value:
        return f"${{{'.'.join(value['Fn::GetAtt'])}}}"
    filled: str = value["Fn::Sub"]
    return filled
