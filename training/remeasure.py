"""Time a model's variants again and show it: ladder, plot and card; nothing is trained.

The artifact stays as it is, since it holds no times.
"""

import importlib
from pathlib import Path

from serving import artifact as artifacts
from training import artifact, beside, card
from training.networks import ladder


def remeasure(home: Path) -> None:
    """Take the times of `training/<model>` anew and write them where they stand.

    Raises TimingError when the graphs were not kept.
    """
    ladder.time_again(home)
    manifest = artifacts.load(home / artifact.NAME).manifest
    about = importlib.import_module(f"training.{home.name}.about")
    ladder.draw(home, home / "plots" / ladder.PLOT)
    card.write(home, manifest, about.CARD, beside.tables(home, manifest))
