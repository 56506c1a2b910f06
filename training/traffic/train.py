"""Train `traffic`: a week of a road's traffic, the calendar and the weather give its next day.

    python -m training.traffic.train --epochs 14 --optimiser adamw

Needs torch; some minutes on one processor core.  The same command goes on from the checkpoint that
an interrupted one has left.
"""

from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, beside, card, door, plots
from training import variants as alternatives
from training.artifact import Contents, Lesson
from training.datasets import road_traffic
from training.datasets.road_traffic import COVARIATES, VOLUME, Traffic
from training.door import Asked
from training.evaluate import Figures
from training.networks import ladder, network_script
from training.networks import recipe as recipes
from training.networks.fit import Run, seed_all
from training.networks.recipe import Recipe
from training.series import forecasting, series_plots
from training.series.forecasting import QUANTILES
from training.split import Split
from training.traffic import fitting, tables, variants, weeks
from training.traffic.about import CARD
from training.traffic.network import CONTEXT, DAY, HORIZON, Road
from training.traffic.weeks import TEST, VALIDATION, Windows

HOME = Path(__file__).parent
MODEL = HOME.name
WORK = network_script.checkpoints(MODEL)
RECIPE = Recipe(epochs=14, batch_size=128, learning_rate=2e-3, l2=0.01, dropout=0.1, patience=5)
SHIPPED = "distilled"
PARITY_WINDOWS = 240
FEW = 100.0  # cars: a thousandth of a car more or less is no difference
SHOWN = 48


def measure(windows: Windows, means: Array, bands: Array) -> Figures:
    """Errors in cars an hour, beside the seasonal naive forecast's, and coverage."""
    truths, naive = windows.truths, np.abs(weeks.last_week(windows) - windows.truths)
    errors = np.abs(bands[:, :, 0, 1] - truths)
    inside = np.where(np.isnan(truths), np.nan, forecasting.covered(truths, bands[:, :, 0]))
    return {
        "mae": forecasting.figure(errors),
        "mae_of_mean": forecasting.figure(np.abs(means[..., 0] - truths)),
        "mae_seasonal_naive": forecasting.figure(naive),
        "better_than_naive": forecasting.skill(errors, naive),
        "coverage_80": forecasting.figure(inside),
    }


def describe(data: Traffic, unseen: Windows, model: Road, figures: Figures) -> Contents:
    """What the artifact says beside the graph."""
    shown = unseen.take(np.linspace(0, len(unseen) - 1, 5).astype(int))
    sampled = unseen.take(slice(None, None, DAY))
    means, _ = fitting.answer(model, sampled)
    known = data.volume[: data.index(VALIDATION)]
    return Contents(
        task="forecasting",
        details={
            "series": [asdict(VOLUME)],
            "frequency": "1h",
            "context": CONTEXT,
            "horizon": HORIZON,
            "quantiles": list(QUANTILES),
            "covariates": [asdict(feature) for feature in COVARIATES],
        },
        figures=figures,
        examples=forecasting.examples(
            [VOLUME.name],
            shown.contexts,
            lambda _: fitting.answer(model, shown),
            {one.name: shown.futures[..., at] for at, one in enumerate(COVARIATES)},
        ),
        baseline=forecasting.sketches([VOLUME.name], known[~np.isnan(known), np.newaxis], means),
        variant=SHIPPED,
    )


def draw(path: Path, run: Run, unseen: Windows, means: Array, bands: Array) -> None:
    """Two forecasts one after the other, the error over the hours ahead, the learning curve."""
    figure, (left, middle, right) = plots.panels(3)
    row = len(unseen) // 2
    past = np.where(unseen.contexts[row, -SHOWN:, 0] < 0, np.nan, unseen.contexts[row, -SHOWN:, 0])
    series_plots.forecast(
        left, past, unseen.truths[row], means[row, :, 0], bands[row, :, 0], "cars an hour"
    )
    errors = {
        "this model": np.abs(bands[:, :, 0, 1] - unseen.truths),
        "as a week ago": np.abs(weeks.last_week(unseen) - unseen.truths),
    }
    ahead = {name: np.nanmean(values, axis=0) for name, values in errors.items()}
    series_plots.lines(middle, ahead, "hours ahead", "mean absolute error, cars an hour")
    middle.set_ylim(bottom=0)
    curves = {"training": run.column("loss"), "validation": run.column("validation_loss")}
    plots.curves(right, curves, x="epoch", y="loss")
    plots.save(figure, path)


def parts(data: Traffic) -> list[Windows]:
    """The windows to train on, to validate by, and held out."""
    ends = [None, VALIDATION, TEST, None]
    return [weeks.cut(data, *pair) for pair in pairwise(ends)]


def teacher(seen: Windows, known: Windows, recipe: Recipe) -> Road:
    """The network of full width, fitted and calibrated."""
    seed_all(recipe.seed)
    model = Road(dropout=recipe.dropout)
    recipes.initialise(model, recipe)
    fitting.train(model, seen, known, recipe, WORK / "full")
    fitting.calibrate(model, known)
    return model


def train(recipe: Recipe, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    data = road_traffic.load()
    seen, known, unseen = parts(data)
    whole = teacher(seen, known, recipe)
    model, run = variants.distilled(seen, known, whole, recipe, WORK)

    graph = fitting.export(model, MODEL)
    asked = unseen.take(np.linspace(0, len(unseen) - 1, PARITY_WINDOWS).astype(int))
    expected = fitting.answer(model, asked)
    same = forecasting.check(graph, asked.inputs(), expected, FEW)
    means, bands = fitting.answer(model, unseen)
    figures = measure(unseen, means, bands)
    lesson = Lesson(
        source=data.source,
        rows=Split(
            np.arange(data.index(VALIDATION)), np.arange(data.index(TEST), len(data.volume))
        ),
        framework=f"torch {torch.__version__.partition('+')[0]}",
        method=f"a dense network on week, calendar and weather, {SHIPPED}",
        seed=recipe.seed,
        parity=same,
        asked=Asked(len(asked), door.JSON),
        drawn=f"by time: up to {VALIDATION:%B %Y}, and from {TEST:%B %Y} on; "
        "the months between validate",
        notes={
            "recipe": asdict(recipe),
            "epochs": len(run.history),
            "tables": tables.tables(model, data, seen, unseen),
        },
    )
    written = artifact.write(out, MODEL, graph, describe(data, unseen, model, figures), lesson)
    names = [feature.name for feature in COVARIATES]
    others = {"int8": variants.int8(whole, MODEL)}
    written = alternatives.ship(out, HOME, ladder.read(HOME).passed(others))
    forecasting.knock(written.folder, [VOLUME.name], asked.inputs(), expected, names, FEW)
    draw(out / "plots" / "held_out.png", run, unseen, means, bands)
    ladder.draw(HOME, out / "plots" / ladder.PLOT)
    card.write(out, written.manifest, CARD, beside.tables(HOME, written.manifest))
    return written


if __name__ == "__main__":
    network_script.main(train, RECIPE, __file__)
