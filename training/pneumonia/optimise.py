"""Measure the variants of `pneumonia` on its held-out images and record the ladder.

    python -m training.pneumonia.optimise

int8 is static, in QDQ form and per channel; pruned keeps the strongest channels and is fitted
again; distilled is a narrower network that learns what the full one answers.
"""

import torch

from training.pneumonia import train

if __name__ == "__main__":
    torch.set_num_threads(1)
    train.optimise(train.RECIPE)
