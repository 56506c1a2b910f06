"""Train the network that `imdb` is held against: a bidirectional LSTM over 10,000 words.

`python -m training.imdb.reference` records what came of it in `references.json`, from where
`train` takes it into the card; `--layers 2 --width 128` is the stacked one.
"""

import argparse
from pathlib import Path

from training.datasets import movie_reviews
from training.networks import recipe as recipes
from training.networks.fit import seed_all
from training.networks.recipe import Recipe
from training.texts import text_networks, tokens
from training.texts.text_networks import Recurrent, Texts

WORDS = 10_000
LONGEST = 256
ALL = 1 << 20
RECIPE = Recipe(epochs=3, batch_size=128, learning_rate=3e-3, dropout=0.3, patience=2)


def main() -> None:
    """Train as the command line says and record the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/imdb-reference"))
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--width", type=int, default=64, help="of words and of each direction")
    recipes.add_arguments(parser, RECIPE)
    options = parser.parse_args()
    recipe = recipes.from_arguments(options)
    seed_all(recipe.seed)
    seen, unseen = movie_reviews.load()
    tokenizer = tokens.words(seen.inputs, WORDS)
    parts = [
        Texts(text_networks.last(tokens.encode(tokenizer, part.inputs, ALL), LONGEST), part.targets)
        for part in (seen, unseen)
    ]
    network = Recurrent(WORDS, len(seen.labels), recipe, options.width, options.layers)
    outcome = text_networks.compare(network, *parts, recipe, options.work)
    name = f"bidirectional LSTM, {options.layers} x {options.width}"
    text_networks.record(Path(__file__).parent, name, recipe, outcome)
    print(f"{name}: accuracy {outcome[1].value:.4f}")


if __name__ == "__main__":
    main()
