"""What the card of `spoken_digits` says beside its figures; needs no torch."""

from training.card import Card

CARD = Card(
    summary="""
Which digit, zero to nine, somebody says in English: WAV of any rate, width and number of channels.
""",
    method="""
The engine mixes a recording to mono and resamples it to 8 kHz; its first second is heard.
The graph makes it equally loud, and 40 bands of log-mel every 16 ms by one convolution; four
convolutions of 3 x 3 and a dense layer in torch name the digit.
While training, clips are played faster or slower, begin later, and half of them have noise.
The epoch is the one with the least loss on takes 5 to 9, which also give the temperature that the
scores are divided by; takes 0 to 4 are the data's own test set.
""",
    limits=(
        "The six speakers of the test set are those of the training set: "
        "the table says what a voice never heard before is understood like.",
        "One digit to a recording, in its first second; what comes later is not heard.",
        "Any other word, and silence, is called a digit too.",
        "Clips were recorded close by and cut tightly; the table shows what noise costs.",
    ),
    plots={
        "held_out.png": "Left: loss while training. Middle: which digit was taken for which. "
        "Right: accuracy under white noise.",
        "reliability.png": "How often an answer was right over how probable it was said to be, "
        "under noise of 5 dB.",
        "ladder.png": "The variants: how often they are right over their time, and their size.",
    },
)
