"""Train the network that `newsgroups` is held against: own embeddings and self-attention.

`python -m training.newsgroups.reference` takes minutes on a CPU and records what came of it in
`references.json`, from where `train` takes it into the card.
"""

import argparse
from pathlib import Path

from training.datasets import newsgroups
from training.networks import recipe as recipes
from training.networks.fit import seed_all
from training.networks.recipe import Recipe
from training.texts import text_networks, tokens
from training.texts.text_networks import SelfAttention, Texts

WORDS = 20_000
LONGEST = 128
RECIPE = Recipe(epochs=10, batch_size=64, learning_rate=3e-3, dropout=0.3, l2=1e-2, patience=3)


def main() -> None:
    """Train as the command line says and record the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/newsgroups-reference"))
    recipes.add_arguments(parser, RECIPE)
    options = parser.parse_args()
    recipe = recipes.from_arguments(options)
    seed_all(recipe.seed)
    seen, unseen = newsgroups.load()
    tokenizer = tokens.words(seen.inputs, WORDS)
    parts = [
        Texts(tokens.padded(tokens.encode(tokenizer, part.inputs, LONGEST)), part.targets)
        for part in (seen, unseen)
    ]
    network = SelfAttention(WORDS, len(seen.labels), recipe, longest=LONGEST)
    outcome = text_networks.compare(network, *parts, recipe, options.work)
    text_networks.record(Path(__file__).parent, "self-attention", recipe, outcome)
    print(f"self-attention: accuracy {outcome[1].value:.4f}")


if __name__ == "__main__":
    main()
