"""Measure the variants of `reviews_zh` on its held-out texts and record the ladder.

python -m training.reviews_zh.optimise
"""

from training.reviews_zh import train
from training.split import SEED

if __name__ == "__main__":
    train.optimise(SEED)
