"""Measure the variants of `minilm` on its held-out texts and record the ladder.

python -m training.minilm.optimise
"""

from training.minilm import train
from training.split import SEED

if __name__ == "__main__":
    train.optimise(SEED)
