"""A tiny training run end to end: worker processes, checkpoints, evaluation."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from typer.testing import CliRunner

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, JacoError
from jaco_learner import evaluate, train
from jaco_learner.film import BestFilm
from jaco_learner.recipe import Recipe, Stage, load_recipe
from jaco_learner.rollouts import RolloutWorkers, WorkerConfig
from jaco_learner.run import Run
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.networks import Column, ColumnSpec


def tiny(**changes: object) -> Recipe:
    stages = (Stage(256, 0.1), Stage(128, 1.0))
    return replace(load_recipe("reach"), environments=8, steps=16, minibatch=64, hidden=16, stages=stages, **changes)


@pytest.mark.parametrize("lstm", [0, 8])
def test_a_run_leaves_a_policy_for_the_arm_with_its_card(tmp_path: Path, lstm: int) -> None:
    output = io.StringIO()
    train.train(tiny(workers=2 if lstm == 0 else 1, lstm=lstm), tmp_path, seed=1, console=Console(file=output, width=200))
    card = load_checkpoint(tmp_path, load_arm("j2n6s300")).card
    assert (card.name, card.task, card.arm, card.column.lstm) == ("reach", "reach", "j2n6s300", lstm)
    assert card.training["frames"] == 384 and card.training["seed"] == 1
    assert card.training["recipe"]["stages"] == [{"frames": 256, "mesh_fraction": 0.1}, {"frames": 128, "mesh_fraction": 1.0}]
    assert "100.0%" in output.getvalue() and "success" in output.getvalue()
    assert list(tmp_path.glob("events.out.tfevents.*"))


def test_evaluation_scores_held_out_episodes_and_repeats(tmp_path: Path) -> None:
    train.train(tiny(workers=1), tmp_path, console=Console(file=io.StringIO()))
    file = tmp_path / "scores.json"
    result = CliRunner().invoke(_app(evaluate.main), [str(tmp_path), "--episodes", "3", "--write", "--json", str(file)])
    assert result.exit_code == 0, result.output
    written = json.loads(file.read_text())
    low, high = written["success_interval"]
    assert low <= written["success_rate"] <= high and written["mean_path_m"] > 0.0
    scores = load_checkpoint(tmp_path).card.scores
    assert scores["episodes"] == 3 and scores["command"].startswith("python -m jaco_learner.evaluate")
    assert evaluate.evaluate(tmp_path, episodes=3).mean_return == scores["mean_return"]
    elsewhere = [str(tmp_path), "--episodes", "2", "--profile", "randomized", "--write"]
    for arguments in (elsewhere, [str(tmp_path), "--episodes", "3", "--write"]):
        assert CliRunner().invoke(_app(evaluate.main), arguments).exit_code == 0
        both = dict(load_checkpoint(tmp_path).card.scores)
        assert both.pop("elsewhere")["randomized"]["episodes"] == 2 and both == scores


def test_mistakes_end_with_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(_app(evaluate.main), [str(tmp_path / "nothing")])
    assert result.exit_code == 1 and "There is no policy in" in result.output
    result = CliRunner().invoke(_app(train.main), ["dance", "--out", str(tmp_path)])
    assert result.exit_code == 1 and "There is no recipe 'dance'" in result.output
    with pytest.raises(ConfigError, match="There is no policy"):
        train.train(tiny(workers=1), tmp_path, start_from=tmp_path / "nothing")


@pytest.mark.parametrize(
    ("task", "margin_m", "words"), [("juggle", 0.0, "There is no task 'juggle'"), ("reach", 0.2, "below 0.1 m, got 0.2")]
)
def test_a_worker_s_failure_reaches_the_learner(task: str, margin_m: float, words: str) -> None:
    column = Column(ColumnSpec(hidden=16))
    workers = RolloutWorkers(1)
    try:
        workers.begin(WorkerConfig(task, "j2n6s300", "nominal", 0.01, margin_m, 0.0, 1.0, 2, 4, False), column, 43, 0)
        with pytest.raises(JacoError, match=words):
            _ask(workers, column)
    finally:
        workers.close()


@pytest.mark.parametrize("observation", ["pixels", "state"])
def test_a_run_that_was_stopped_anywhere_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path, observation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Full meshes, which need no simplification first.
    recipe = replace(tiny(workers=1, segment=1, observation=observation), stages=(Stage(256, 1.0), Stage(128, 1.0)))
    whole = Run(recipe, tmp_path / "whole", 3)
    with monkeypatch.context() as filming:
        _film_early(filming)
        assert len(list(whole.updates())) == 2
    assert (tmp_path / "whole" / "best.mp4").is_file() and not (tmp_path / "stopped").exists()
    if observation == "pixels":
        assert load_checkpoint(tmp_path / "whole").card.training["video"]["frames"] == 256
    if isinstance(whole.actor, Column):
        # Taken from the workers' first pictures, of a light table and a dark arm.
        assert 50.0 < float(whole.actor.mean_image.mean()) < 200.0
    stopped = Run(recipe, tmp_path / "stopped", 3)
    # In the middle of the second segment: what it has done is lost, as it would be to a kill.
    updates = stopped.updates()
    next(updates), next(updates)
    stopped.actor.state_dict()["policy.0.weight" if observation == "state" else "policy.weight"].zero_()
    updates.close()
    again = Run(recipe, tmp_path / "stopped", 3)
    again.resume()
    assert again.frames == 256
    list(again.updates())
    expected = whole.actor.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in again.actor.state_dict().items())
    weights = "teacher.safetensors" if observation == "state" else "policy.safetensors"
    whole.save(), again.save()
    assert (tmp_path / "whole" / weights).read_bytes() == (tmp_path / "stopped" / weights).read_bytes()
    with pytest.raises(ConfigError, match=r"has clip 0\.2, not 0\.1: resume it with the options it began with"):
        Run(replace(recipe, clip=0.1), tmp_path / "stopped", 3).resume()
    with pytest.raises(ConfigError, match="There is no run to resume in"):
        Run(recipe, tmp_path / "other", 3).resume()


def _film_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has a run film its policy after its first segment, which is too early for any other run."""
    consider = BestFilm.consider

    def early(film: BestFilm, frames: int, mean_return: float, elapsed_s: float, last: bool) -> bool:
        return not last and consider(film, frames, 1.0, 1e6, last)

    monkeypatch.setattr(BestFilm, "consider", early)


def test_a_run_can_be_made_longer(tmp_path: Path) -> None:
    recipe = replace(tiny(workers=1, segment=1), stages=(Stage(256, 1.0),))
    list(Run(recipe, tmp_path, 0).updates())
    longer = Run(replace(recipe, stages=(Stage(512, 1.0),)), tmp_path, 0)
    longer.resume()
    assert (longer.frames, longer.progress) == (256, 0.5)
    list(longer.updates())
    assert (longer.frames, longer.progress) == (512, 1.0)


def test_a_teacher_on_the_state_is_scored_like_a_policy(tmp_path: Path) -> None:
    train.train(tiny(workers=1, observation="state"), tmp_path, console=Console(file=io.StringIO()))
    scores = evaluate.evaluate(tmp_path, episodes=3)
    assert scores.episodes == 3 and scores == evaluate.evaluate(tmp_path, episodes=3)
    (tmp_path / "teacher.json").write_text("{}")
    with pytest.raises(ConfigError, match="that can be read"):
        evaluate.evaluate(tmp_path, episodes=3)


def test_the_shipped_recipe_is_the_one_in_the_shipped_card() -> None:
    path = Path(__file__).parents[4] / "models" / "policies" / "reach" / "card.json"
    recipe = load_recipe("reach")
    told = json.loads(path.read_text())["training"]["recipe"]
    assert (told["hidden"], told["lstm"], told["environments"]) == (recipe.hidden, recipe.lstm, recipe.environments)


def _ask(workers: RolloutWorkers, column: Column) -> None:
    workers.request(column)
    workers.collect()


def _app(command):  # type: ignore[no-untyped-def]
    import typer

    app = typer.Typer()
    app.command()(command)
    return app
