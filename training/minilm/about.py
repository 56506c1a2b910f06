"""What the card of `minilm` says that its manifest cannot know."""

from training.card import Card

CARD = Card(
    summary="""
Turns an English sentence into 384 numbers, a vector of length 1.
The cosine of two vectors, which is their product, says how alike two sentences are.
""",
    method="""
The weights are those of all-MiniLM-L6-v2, BERT with six layers.
Its authors trained it on a billion pairs of sentences.
They are fetched when the model is built, checked, and never committed.
Until `flotilla train minilm` has run, `flotilla up` lists the model as not built.
Weights are rounded to whole numbers of seven bits, with a scale for each output, and multiplied
with activations that are rounded as they come.
No sum of them saturates, but an activation whose last digit another processor computes differently
may be rounded the other way.
`int8_weights` makes FP32 of weights of eight bits when it is loaded: it answers as torch does with
the same weights, on every processor.
The examples ask it, and parity is shown by it.
Mean pooling and normalising are in the graph.
""",
    limits=(
        "English only; what it has learned comes from the web, prejudices included.",
        "A text's first 128 tokens count, about 90 words.",
        "Cosines rank pairs; no fixed value of them means 'the same'.",
        "`int8` scales activations over a whole request: a text alone and among 39 others has "
        "vectors with a cosine of 0.992 in the median of 400 texts, 0.984 at the least.",
        "Its vectors differ a little between kinds of processors, too; who needs the same numbers "
        "each time picks `int8_weights`.",
    ),
    plots={
        "held_out.png": "Left: cosines over what people judged. Right: rounding, pair by pair.",
        "ladder.png": "The ladder: rank correlation, time and size of each variant.",
    },
)
