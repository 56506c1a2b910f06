"""What is recorded beside an artifact and shown on its card: references, and the ladder.

Neither is in the artifact: its bytes do not change when networks that it is held against are
trained, or when variants are timed again.
"""

import json
from pathlib import Path

from serving.manifest import Manifest
from serving.types import JsonObject
from training.networks import ladder

REFERENCES = "references.json"


def tables(home: Path, manifest: Manifest) -> dict[str, JsonObject]:
    """The tables that a card has beside those of the manifest, by their headings."""
    return {**_references(home, manifest), **ladder.table(home, manifest.graphs)}


def _references(home: Path, manifest: Manifest) -> dict[str, JsonObject]:
    """How networks did on the same rows, as recorded in `home`; none when there were not any."""
    path = home / REFERENCES
    if not path.exists():
        return {}
    low, high = manifest.training["intervals_95"]["accuracy"]
    rows = [["this model", manifest.metrics["accuracy"], f"{low:.4f} to {high:.4f}", "", ""]]
    for name, found in json.loads(path.read_text()).items():
        ends = f"{found['low']:.4f} to {found['high']:.4f}"
        rows.append([name, found["value"], ends, str(found["epochs"]), str(found["seconds"])])
    return {
        "References": {
            "text": "Networks trained on the same texts, on one contended core, in seconds by the "
            "clock, in which one stood still at times; what wins ships.",
            "columns": ["model", "accuracy", "95 % interval", "epochs", "seconds"],
            "rows": rows,
        }
    }
