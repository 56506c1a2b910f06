"""What the card of `imdb` says that its manifest cannot know."""

from training.card import Card

CARD = Card(
    summary="""
Whether a review of a film, in English, is good or bad.
""",
    method="""
A review is cut into words and marks, in lower case; its first 1,024 count.
They and the pairs of neighbours are its features, each once; pairs share a million buckets.
A linear support vector machine weighs them by how they differ between good and bad reviews.
That is NB-SVM (S. Wang, C. Manning, 2012), its rows brought to one length.
Its slack is the best of two on a tenth of the training reviews.
There a temperature is fitted too, which makes scores probabilities.
Weights are rounded to INT8; sums of them are exact in FP32.
The graph does all of that but the cutting.
""",
    limits=(
        "Reviews of 1 to 4 and of 7 to 10 stars; those between are not in the data.",
        "Reviews of films, written before 2011: it does not know what praises a toaster.",
        "It counts words and pairs, so irony, and a plot told at length, mislead it.",
    ),
    plots={
        "held_out.png": "Left: what was taken for what. Middle: the receiver operating "
        "characteristic. Right: how far probabilities are to be trusted.",
        "ladder.png": "The ladder: accuracy, time and size of each variant.",
        "reference.png": "How the recurrent networks learned.",
    },
)
