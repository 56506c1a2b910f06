"""Measure the variants of `imdb` on its held-out texts and record the ladder.

python -m training.imdb.optimise
"""

from training.imdb import train
from training.split import SEED

if __name__ == "__main__":
    train.optimise(SEED)
