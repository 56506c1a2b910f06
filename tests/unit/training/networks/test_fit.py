import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from training.networks import recipe as recipes
from training.networks.fit import CHECKPOINT, METRICS, Batch, Run, Shuffled, Task, fit, seed_all
from training.networks.recipe import OPTIMISERS, Recipe

RECIPE = Recipe(epochs=4, batch_size=8, optimiser="adam", learning_rate=0.05, schedule="cosine")
ROWS = torch.linspace(-1, 1, 32).reshape(-1, 1)


def line(recipe: Recipe) -> Task:
    """y = 3 x, to be learned by one weight."""
    seed_all(recipe.seed)

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        return mse_loss(model(batch[0]), batch[1])

    def validate(model: nn.Module) -> dict[str, float]:
        return {"loss": mse_loss(model(ROWS), 3 * ROWS).item()}

    batches = Shuffled((ROWS, 3 * ROWS), recipe.batch_size, recipe.seed)
    return Task(nn.Linear(1, 1), batches, loss, validate)


def learned(task: Task) -> list[float]:
    return [weight.item() for weight in task.model.parameters()]


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_learns_a_line(optimiser: str, tmp_path: Path) -> None:
    task = line(RECIPE)
    recipe = replace(RECIPE, optimiser=optimiser, learning_rate=0.05, epochs=6)
    losses = fit(task, recipe, tmp_path).column("loss")
    assert losses[-1] < losses[0]


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    one, two = line(RECIPE), line(RECIPE)
    fit(one, RECIPE, tmp_path / "one")
    fit(two, RECIPE, tmp_path / "two")
    assert learned(one) == learned(two)


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole, part, rest = (line(RECIPE) for _ in range(3))
    fit(whole, RECIPE, tmp_path / "whole")

    class Interrupted(Exception):
        pass

    def stop_after_two(model: nn.Module) -> dict[str, float]:
        stop_after_two.calls += 1
        if stop_after_two.calls == 3:
            raise Interrupted
        return part.validate(model)

    stop_after_two.calls = 0
    with pytest.raises(Interrupted):
        fit(replace(part, validate=stop_after_two), RECIPE, tmp_path / "parts")
    assert len((tmp_path / "parts" / METRICS).read_text().splitlines()) == 2
    run = fit(rest, RECIPE, tmp_path / "parts")
    assert learned(rest) == learned(whole)
    assert run.column("epoch") == [1, 2, 3, 4]


def test_a_checkpoint_of_another_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    fit(line(RECIPE), RECIPE, tmp_path)
    other = replace(RECIPE, learning_rate=0.0, schedule="constant")
    task = line(other)
    before = learned(task)
    assert len(fit(task, other, tmp_path).history) == 4
    assert learned(task) == before


def test_metrics_are_a_line_an_epoch(tmp_path: Path) -> None:
    fit(line(RECIPE), RECIPE, tmp_path)
    lines = [json.loads(text) for text in (tmp_path / METRICS).read_text().splitlines()]
    assert [record["epoch"] for record in lines] == [1, 2, 3, 4]
    assert {"loss", "validation_loss", "seconds"} <= lines[0].keys()
    assert (tmp_path / CHECKPOINT).exists()


def test_patience_stops_early_and_keeps_the_best_weights(tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=20, patience=2, learning_rate=10.0, schedule="constant")
    task = line(recipe)
    run = fit(task, recipe, tmp_path)
    losses = run.column("validation_loss")
    assert len(losses) < 20
    assert task.validate(task.model)["loss"] == pytest.approx(min(losses))


def test_without_patience_the_last_weights_count() -> None:
    run, model = Run(), nn.Linear(1, 1)
    for weight in (1.0, 2.0):
        nn.init.constant_(model.weight, weight)
        run.note(model, {"validation_loss": weight}, by_loss=False)
    assert run.best_weights["weight"].item() == 2.0


def test_l1_draws_weights_to_zero(tmp_path: Path) -> None:
    plain, drawn = line(RECIPE), line(RECIPE)
    fit(plain, RECIPE, tmp_path / "plain")
    recipe = replace(RECIPE, l1=10.0)
    fit(drawn, recipe, tmp_path / "drawn")
    assert sum(map(abs, learned(drawn))) < sum(map(abs, learned(plain)))


def test_every_choice_is_on_the_command_line() -> None:
    parser = argparse.ArgumentParser()
    recipes.add_arguments(parser, RECIPE)
    chosen = ["--optimiser", "rmsprop", "--initialisation", "xavier", "--l1", "0.1", "--bfloat16"]
    recipe = recipes.from_arguments(parser.parse_args(chosen))
    expected = replace(RECIPE, optimiser="rmsprop", initialisation="xavier", l1=0.1, bfloat16=True)
    assert recipe == expected


def test_an_unknown_optimiser_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    recipes.add_arguments(parser, RECIPE)
    with pytest.raises(SystemExit):
        parser.parse_args(["--optimiser", "magic"])
    assert "adagrad" in capsys.readouterr().err


@pytest.mark.parametrize(("schedule", "middle"), [("constant", 1), ("cosine", 0.5)])
def test_schedules_end_where_they_should(schedule: str, middle: float) -> None:
    factor = recipes.SCHEDULES[schedule]
    assert factor(0) == 1
    assert factor(0.5) == pytest.approx(middle)


def test_the_triangle_rises_for_a_fifth_and_falls_to_nothing() -> None:
    factor = recipes.SCHEDULES["triangle"]
    assert (factor(0), factor(1)) == (0.2, 0)
    assert factor(0.2) == pytest.approx(1)
