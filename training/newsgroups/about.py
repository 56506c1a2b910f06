"""What the card of `newsgroups` says that its manifest cannot know."""

from training.card import Card

CARD = Card(
    summary="""
Which of twenty newsgroups a text was posted to: hardware, sport, science, politics, religion.
It reads articles as they were delivered, headers and all.
""",
    method="""
A text is cut into words and marks, in lower case; its first 1,024 count, each once.
A linear support vector machine for each group against the rest weighs words by their rarity.
Its slack is the best of three on a tenth of the training texts.
There a temperature is fitted too, which makes scores probabilities.
Weights are rounded to INT8, with a scale for each group; sums of them are exact in FP32.
The graph does all of that but the cutting: it sorts token numbers and counts each once.
Everything was chosen on training texts; those of later dates gave the figures alone.
""",
    limits=(
        "Headers help: who posts, from where, under which subject. "
        "Without headers, quotes and signatures accuracy is much lower, as the table shows.",
        "The articles are of 1993: people, products and quarrels of that time are what it knows.",
        "It answers one of twenty groups, whatever the text is about.",
        "Groups overlap: religion and politics have several each, and so have computers.",
        "Words that it has not seen say nothing, so a typo loses a word, not more.",
    ),
    plots={
        "held_out.png": "Left: the share of each group that is found. "
        "Middle: the most frequent mistakes. Right: how often answers are right.",
        "ladder.png": "The ladder: accuracy, time and size of each variant.",
        "reference.png": "How the self-attention network learned.",
    },
)
