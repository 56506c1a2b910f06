"""The command line of every `train.py`: a seed, a folder to write into, and what came of it."""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from serving.artifact import Artifact

Train = Callable[[int, Path], Artifact]


def main(train: Train, file: str, arguments: Sequence[str] | None = None) -> None:
    """Train as the arguments say, by default into the script's folder, and print the figures."""
    home = Path(file).parent
    parser = argparse.ArgumentParser(description=f"Train {home.name} and write its artifact.")
    parser.add_argument("--seed", type=int, default=0, help="for what is drawn while training")
    parser.add_argument("--out", type=Path, default=home, help="folder for artifact, card, plots")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    artifact = train_alone(train, options.seed, options.out)
    print(summary(artifact))
    print(f"{artifact.folder} in {time.perf_counter() - started:.1f} s")


def train_alone(train: Train, seed: int, out: Path) -> Artifact:
    """Train on one thread: with more, sums come in another order and the digest with them."""
    with threadpool_limits(1):
        return train(seed, out)


def summary(artifact: Artifact) -> str:
    """What was trained, how good it is, and the artifact's name and size."""
    manifest = artifact.manifest
    parity = manifest.training["parity"]
    size = sum(entry.size_bytes for entry in manifest.files.values())
    ends = manifest.training["intervals_95"]
    figures = [
        "  {:<18} {:.4f}  [{:.4f}, {:.4f}]".format(name, value, *ends[name])
        for name, value in manifest.metrics.items()
    ]
    return "\n".join(
        [
            f"{manifest.model}: {manifest.training['method']}",
            f"on {manifest.training['split']['held_out_rows']} held-out rows, with 95 % intervals:",
            *figures,
            f"parity with {manifest.training['framework']}: "
            f"differs by less than {parity['differs_by_less_than']:g}",
            f"digest {artifact.digest}, {size / 1000:.0f} kB",
        ]
    )
