"""Measure the variants of `newsgroups` on its held-out texts and record the ladder.

python -m training.newsgroups.optimise
"""

from training.newsgroups import train
from training.split import SEED

if __name__ == "__main__":
    train.optimise(SEED)
