"""Train `ett_load`: two weeks of an electricity transformer's loads give its next thirty days.

The shipped model is linear, fitted in closed form, and of less than full rank.  Recurrent networks
were fitted to the same windows by `training.ett_load.recurrent`; their figures stand in
`recurrent.json`.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, beside, card, door, plots, script, variants
from training.artifact import Contents, Lesson
from training.datasets import transformer_load
from training.datasets.series import Series
from training.door import Asked
from training.ett_load import compare, nlinear
from training.ett_load.about import CARD
from training.ett_load.months import (
    BATCH,
    CONTEXT,
    HORIZON,
    HORIZONS,
    TEST_END,
    TRAIN_END,
    VALIDATION_END,
    Months,
)
from training.ett_load.nlinear import DAY, NLinear
from training.evaluate import Figures
from training.networks import ladder
from training.series import forecasting, series_plots
from training.series.forecasting import QUANTILES
from training.split import Split

PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)
SHIPPED = "pruned"
RANK = 96  # of 48, 64 and 96 the least that loses no thousandth of the validation error anywhere
FLOOR = 0.02  # of a series' standard deviation, so that a flat context has an interval too
PARITY_WINDOWS = 240
HOME = Path(__file__).parent
MODEL = HOME.name
SHOWN = ("HUFL", "LUFL", "OT")  # of the seven, in the plot

Factors = tuple[Array, Array]


def choose(months: Months) -> float:
    """The penalty with the least mean squared error over the horizons on the validation months."""
    sums = months.moments(TRAIN_END)

    def loss(penalty: float) -> float:
        weights = sums.solve(penalty)
        return float(
            np.mean(
                [
                    (months.errors(weights, TRAIN_END, VALIDATION_END, horizon) ** 2).mean()
                    for horizon in HORIZONS
                ]
            )
        )

    return min(PENALTIES, key=loss)


def calibrate(months: Months, weights: Array, start: int, end: int) -> NLinear:
    """The model with offsets fitted to the windows between `start` and `end`."""
    floor = FLOOR * months.scale
    contexts, _ = months.windows(start, end)
    residuals = months.errors(weights, start, end) * months.scale
    offsets = nlinear.calibrate(residuals, nlinear.wander(contexts, floor))
    return NLinear(weights, offsets, floor)


def prune(months: Months, weights: Array) -> tuple[NLinear, Factors]:
    """The map of less than full rank, calibrated anew, and its factors."""
    factors = nlinear.thin(weights, RANK)
    return calibrate(months, nlinear.product(factors), TRAIN_END, VALIDATION_END), factors


def export(model: NLinear, factors: Factors) -> bytes:
    """The graph of the model by its factors."""
    return nlinear.export(model, MODEL, nlinear.by_factors(factors))


def coverage(model: NLinear, months: Months, start: int, end: int, horizon: int) -> Array:
    """Which true values (N, h, C) lie in the 80 % interval."""
    contexts, truths = months.windows(start, end, horizon)
    short = replace(model, weights=model.weights[:, :horizon], offsets=model.offsets[:horizon])
    parts = [
        forecasting.covered(truths[at : at + BATCH], short.answer(contexts[at : at + BATCH])[1])
        for at in range(0, len(contexts), BATCH)
    ]
    return np.concatenate(parts)


def measure(model: NLinear, months: Months) -> Figures:
    """Errors and coverage on the test months, for each horizon on all of its windows."""
    figures: Figures = {}
    for horizon in HORIZONS:
        errors = months.errors(model.weights, VALIDATION_END, TEST_END, horizon)
        figures[f"mse_{horizon}"] = forecasting.figure(errors**2)
        figures[f"mae_{horizon}"] = forecasting.figure(np.abs(errors))
        inside = coverage(model, months, VALIDATION_END, TEST_END, horizon)
        figures[f"coverage_80_{horizon}"] = forecasting.figure(inside)
    return figures


def describe(model: NLinear, data: Series, months: Months) -> Contents:
    """What the artifact says beside the graph."""
    contexts, _ = months.windows(VALIDATION_END, TEST_END)
    spread = np.linspace(0, len(contexts) - 1, 5).astype(int)
    sampled, _ = model.answer(contexts[::DAY])
    return Contents(
        task="forecasting",
        details={
            "series": [asdict(feature) for feature in data.features],
            "frequency": "1h",
            "context": CONTEXT,
            "horizon": HORIZON,
            "quantiles": list(QUANTILES),
        },
        figures=measure(model, months),
        examples=forecasting.examples(data.names, contexts[spread], model.answer),
        baseline=forecasting.sketches(data.names, months.values[:TRAIN_END], sampled),
        variant=SHIPPED,
    )


def draw(path: Path, model: NLinear, data: Series, months: Months) -> None:
    """Forecasts with their intervals, the error and the coverage over the hours ahead."""
    figure, (left, middle, right) = plots.panels(3)
    contexts, truths = months.windows(VALIDATION_END, TEST_END)
    row, shown = len(contexts) // 2, 7 * DAY
    mean, bands = (answer[0, :shown, -1] for answer in model.answer(contexts[row : row + 1]))
    past, truth = contexts[row, -shown:, -1], truths[row, :shown, -1]
    series_plots.forecast(left, past, truth, mean, bands, "oil temperature, °C")
    errors = months.errors(model.weights, VALIDATION_END, TEST_END)
    inside = coverage(model, months, VALIDATION_END, TEST_END, HORIZON)
    columns = {name: data.names.index(name) for name in SHOWN}
    squared = {name: (errors[..., at] ** 2).mean(axis=0) for name, at in columns.items()}
    series_plots.lines(middle, squared, "hours ahead", "squared error, standardised")
    held = {name: inside[..., at].mean(axis=0) for name, at in columns.items()}
    series_plots.lines(right, held, "hours ahead", "share in the 80 % interval")
    right.axhline(0.8, color="black", linewidth=0.8)
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model; nothing in it is drawn by chance."""
    data = transformer_load.load()
    months = Months(data)
    penalty = choose(months)
    weights = months.moments(TRAIN_END).solve(penalty)
    model, factors = prune(months, weights)

    graph = export(model, factors)
    contexts, _ = months.windows(VALIDATION_END, TEST_END)
    asked = contexts[np.linspace(0, len(contexts) - 1, PARITY_WINDOWS).astype(int)]
    asked = asked.astype(np.float32)
    expected = model.answer(asked)
    same = forecasting.check(graph, {"context": asked}, expected)
    contents = describe(model, data, months)
    lesson = Lesson(
        source=data.source,
        rows=Split(np.arange(TRAIN_END), np.arange(VALIDATION_END, TEST_END)),
        framework=f"numpy {np.__version__}",
        method=f"NLinear by ridge regression in closed form, of rank {RANK}",
        seed=seed,
        parity=same,
        asked=Asked(len(asked), door.JSON),
        drawn="by time: 12 months of 30 days train, 4 validate, 4 are held out, "
        "and the hours after them are not used",
        notes={
            "penalty": penalty,
            "tables": {
                "Against others": compare.models(contents.figures),
                "Intervals": compare.units(model, months, penalty),
                "Leakage": compare.known_hours(model, months),
            },
        },
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    whole = calibrate(months, weights, TRAIN_END, VALIDATION_END)
    others = {"int8": nlinear.export(whole, MODEL, nlinear.in_eight_bits(weights))}
    written = variants.ship(out, HOME, ladder.read(HOME).passed(others))
    forecasting.knock(written.folder, data.names, {"context": asked}, expected)
    draw(out / "plots" / "held_out.png", model, data, months)
    ladder.draw(HOME, out / "plots" / ladder.PLOT)
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    script.main(train, __file__)
