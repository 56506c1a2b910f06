"""What the card of `reviews_zh` says that its manifest cannot know."""

from training.card import Card

CARD = Card(
    summary="""
Whether a Chinese review is good or bad: of books, tablets, fruit, shampoo, clothes, hotels.
""",
    method="""
Reviews are brought to one form of each character (NFKC) and cut by byte-pair encoding.
Its 12,000 pieces, of four characters at most, are learned from the training reviews.
A review's first 512 pieces count, and their runs of two and three, each once.
Runs share half a million buckets of a hash.
A linear support vector machine weighs them by how they differ between good and bad reviews.
Its slack is the best of three on a tenth of the training reviews.
There a temperature is fitted too, which makes scores probabilities.
Weights are rounded to INT8; sums of them are exact in FP32.
The graph does all of that but the cutting.
""",
    limits=(
        "A review that praises and complains is called good or bad all the same.",
        "Ten kinds of goods, from before 2019; other goods have other words.",
        "It has learned from simplified characters.",
        "The corpus holds the same review more than once, see the table on leakage.",
        "The collector states no licence: the reviews are not redistributed here, "
        "but for those few in the examples.",
    ),
    plots={
        "held_out.png": "Left: what was taken for what. Middle: the receiver operating "
        "characteristic. Right: how far probabilities are to be trusted.",
        "ladder.png": "The ladder: accuracy, time and size of each variant.",
    },
)
