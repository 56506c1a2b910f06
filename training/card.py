"""Model cards: the README of a model's training folder, rendered from its manifest.

Figures come from the manifest and nowhere else, so a card cannot promise what was not measured.
What a manifest cannot know, the training script says in a `Card`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.manifest import Manifest
from serving.types import JsonObject

NAME = "README.md"

Tables = Mapping[str, JsonObject]
"""Tables by their headings: `{"text", "columns", "rows"}` each, the text if there is one."""

_NONE: Tables = {}


@dataclass(frozen=True, slots=True)
class Card:
    """Prose, one sentence per line; `plots` maps a file below `plots/` to its caption."""

    summary: str
    method: str
    limits: tuple[str, ...]
    plots: dict[str, str]


def write(folder: Path, manifest: Manifest, card: Card, beside: Tables = _NONE) -> None:
    """Write the card into a model's training folder."""
    (folder / NAME).write_text(render(manifest, card, beside))


def render(manifest: Manifest, card: Card, beside: Tables = _NONE) -> str:
    """The card in Markdown; `beside` are tables that are recorded beside the artifact."""
    tables = {**manifest.training.get("tables", {}), **beside}
    sections = [
        f"# {manifest.model}\n\n{card.summary.strip()}",
        _figures(manifest),
        *(f"![{caption}](plots/{file})" for file, caption in card.plots.items()),
        _data(manifest),
        *_inputs(manifest.details),
        *(_table(heading, table) for heading, table in tables.items()),
        f"## Method\n\n{card.method.strip()}\n{_parity(manifest.training)}",
        "## Limits\n\n" + "\n".join(f"- {limit}" for limit in card.limits),
        _reproduce(manifest),
    ]
    return "\n\n".join(sections) + "\n"


def _figures(manifest: Manifest) -> str:
    training = manifest.training
    ends = training["intervals_95"]
    rows = [
        "| {} | {:.4g} | {:.4g} to {:.4g} |".format(name, value, *ends[name])
        for name, value in manifest.metrics.items()
    ]
    lines = [
        "## Figures\n",
        f"On {training['split']['held_out_rows']} held-out rows:\n",
        "| figure | value | 95 % interval |\n| --- | ---: | --- |",
        *rows,
    ]
    if "other_splits" in training:
        other = training["other_splits"]
        lines.append(
            f"\nThat is one split.\nOn {other['splits']} others, trained anew, {other['metric']} "
            f"is {other['mean']:.3f} on average, "
            f"from {other['lowest']:.3f} to {other['highest']:.3f}."
        )
    return "\n".join(lines)


def _data(manifest: Manifest) -> str:
    training = manifest.training
    split = training["split"]
    strata = "class" if "labels" in manifest.details else "fifth of the target's values"
    total = split["train_rows"] + split["held_out_rows"]
    return "\n".join(
        [
            "## Data\n",
            f"{_link(training['data'], training['url'])}: {training['citation']}.",
            f"Licence: {training['licence']}.",
            f"Of {total} rows, {split['train_rows']} train the model and "
            f"{split['held_out_rows']} are held out, {_drawn(split, strata)}",
        ]
    )


def _drawn(split: JsonObject, strata: str) -> str:
    if "drawn" in split:
        return f"{split['drawn']}."
    return (
        f"drawn with the same share of each {strata}.\n"
        f"The split's seed is {split['seed']}, the same for every model; one split is one draw."
    )


def _link(text: str, url: str) -> str:
    return f"[{text}]({url})" if url else text


def _inputs(details: JsonObject) -> list[str]:
    if "features" not in details:
        return []
    rows = [
        f"| {feature['name']} | {feature['unit']} | {feature['minimum']:g} to "
        f"{feature['maximum']:g} | {feature['description']} |"
        for feature in details["features"]
    ]
    header = "| feature | unit | range in training | meaning |\n| --- | --- | --- | --- |"
    return ["\n".join(["## Inputs\n", header, *rows])]


def _table(heading: str, table: JsonObject) -> str:
    lines = [table["columns"], ["---"] + ["---:"] * (len(table["columns"]) - 1), *table["rows"]]
    rows = "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)
    return "\n\n".join([f"## {heading}", *filter(None, [table.get("text", "")]), rows])


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _parity(training: JsonObject) -> str:
    parity = training["parity"]
    graph = (
        f"The ONNX graph differs from {training['framework']} by less than "
        f"{parity['differs_by_less_than']:g} on {parity['rows']} held-out rows."
    )
    if "door" not in training:
        return graph
    door = training["door"]
    return (
        f"{graph}\nAsked over HTTP for {door['requests']} held-out rows as `{door['media_type']}`, "
        f"the served model answers the same within {parity['tolerance']:g}."
    )


def _reproduce(manifest: Manifest) -> str:
    seed = manifest.training["seed"]
    return (
        "## Reproduce\n\n"
        f"```sh\npython -m training.{manifest.model}.train --seed {seed}\n```\n\n"
        "The same libraries on the same kind of processor give the same digest."
    )
