"""How well voices are understood that were never heard: a speaker held out at a time.

    python -m training.spoken_digits.strangers theo lucas

Each time the network is fitted anew, in fewer epochs, to the other speakers.  The figures go to
`strangers.json`, from where training takes them into the card.
"""

import argparse
import json
from dataclasses import replace

import numpy as np
import torch

from training import evaluate
from training.datasets import spoken_digits
from training.datasets.spoken_digits import Recordings
from training.networks.fit import seed_all
from training.spoken_digits import fitting, sounds
from training.spoken_digits.fitting import VALIDATION_TAKES, Part
from training.spoken_digits.network import Listener
from training.spoken_digits.train import RECIPE, STRANGERS, WORK

SHORT = replace(RECIPE, epochs=5)


def parts(recordings: Recordings, speaker: str) -> tuple[Part, Part, Part]:
    """The others' recordings to train on and to validate by, and all of the speaker's."""
    clips = torch.from_numpy(sounds.waveforms(recordings.data.inputs))
    digits = torch.from_numpy(recordings.data.targets)
    stranger = recordings.speakers == speaker
    validating = np.isin(recordings.takes, VALIDATION_TAKES)
    chosen = (~stranger & ~validating, ~stranger & validating, stranger)
    first, second, third = (Part(clips[rows], digits[rows]) for rows in chosen)
    return first, second, third


def understood(recordings: Recordings, speaker: str) -> list[str | float]:
    """The speaker, and the accuracy with its interval."""
    seen, known, unseen = parts(recordings, speaker)
    seed_all(SHORT.seed)
    model = Listener(dropout=SHORT.dropout)
    fitting.train(model, seen, known, SHORT, WORK / f"without_{speaker}")
    with torch.no_grad():
        answers = model(unseen.pictures()).numpy()
    found = evaluate.accuracy(answers, unseen.digits.numpy())
    return [speaker, found.value, f"{found.low:.4f} to {found.high:.4f}"]


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description="Hold out speakers, one at a time.")
    parser.add_argument("speakers", nargs="+")
    speakers = parser.parse_args().speakers
    torch.set_num_threads(1)
    recordings = spoken_digits.load()
    table = {
        "text": "All recordings of one speaker, by a network fitted to the other five, in "
        f"{SHORT.epochs} epochs.",
        "columns": ["speaker never heard before", "accuracy", "95 % interval"],
        "rows": [understood(recordings, speaker) for speaker in speakers],
    }
    print(table["rows"])
    STRANGERS.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
