"""What the card of `traffic` says beside its figures; needs no torch."""

from training.card import Card

CARD = Card(
    summary="""
How many cars an hour pass on a road in the next day: the last week in, with the calendar and the
weather of the day ahead.
""",
    method="""
The file has some hours several times, for each kind of weather reported: they are merged, numbers
to their means; hours that it lacks stay gaps, and temperatures of 0 K and rain of over 100 mm an
hour count as not known.
A context may have gaps, written as numbers below 0: the graph puts the mean of the same hour on the
other days there.
A small network sees each hour ahead with the same hour of the seven days, a summary of the week,
the hour, the weekday, both together, the hours of holidays, and the weather.
It answers by how much the hour differs from the mean of those seven, and three quantiles, trained
on the pinball loss and shifted to hold what they should on the validation months.
Training ends before April 2017, 2017 validates, 2018 is held out.
What is shipped is a network of a quarter of the width that has learned from that one's answers as
well as from the road.
Graph and torch are held to agree within a hundred-thousandth of a number, or of 100 cars where it
is smaller: within a thousandth of a car.
""",
    limits=(
        "The weather of the day ahead is the one that came: "
        "with a forecast instead, errors are between the first two rows of the table on weather.",
        "One counter on one road, westbound I-94 near Minneapolis; no other road.",
        "Building sites, games and closures are not in the data, and are missed.",
        "Holidays are those that the file names; days around them are workdays to it.",
        "Hours are those of the file, which says local time and skips some of them.",
    ),
    plots={
        "held_out.png": "Left: two days of the held-out months. "
        "Middle: the error over the hours ahead. Right: loss while training, "
        "that of training with the distance from the wide network's answers.",
        "ladder.png": "The variants: how well they forecast over their time, and their size.",
    },
)
