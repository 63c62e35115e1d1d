"""The record of a run: frames, time and episodes, the same for every algorithm, and what a resumed run takes back of it."""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from a3c_support import small
from train_tiny import tiny

from jaco_core.errors import ConfigError
from jaco_core.types import ENDED, EpisodeStatus
from jaco_learner.a3c.recipe import A3cRecipe
from jaco_learner.recipe import Recipe
from jaco_learner.record import Record
from jaco_learner.resume import Learned
from jaco_sim.scene import Scene
from jaco_sim.simulation import make_scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene(profile="nominal")


def learned() -> Learned:
    module = torch.nn.Linear(2, 1)
    return Learned({"actor": module}, torch.optim.Adam(module.parameters()))


def ended(success: bool, total: float) -> EpisodeStatus:
    return EpisodeStatus(0, "reach", ENDED, step=2, reward=0.0, episode_return=total, success=success)


@pytest.mark.parametrize("recipe", [replace(tiny(), profile="nominal"), small(512)], ids=["ppo", "a3c"])
def test_a_stopped_run_s_record_goes_on(tmp_path: Path, scene: Scene, recipe: Recipe | A3cRecipe) -> None:
    record = Record(recipe, scene, tmp_path, 7, None, time.monotonic() - 100.0)
    record.take(128, [ended(True, 30.0), ended(False, 1.0)])
    assert (record.frames, record.progress) == (128, 0.25)
    assert record.row({"entropy": 2.0}).endswith("success 50.0%  return 15.5")
    record.save_curve()
    record.checkpoint(learned())
    # What no checkpoint tells of is lost.
    record.take(128, [ended(True, 30.0)])
    record.row({"entropy": 1.0})
    record.save_curve()

    again = Record(recipe, scene, tmp_path, 7, None, time.monotonic())
    again.resume(learned())
    assert (again.frames, again.progress) == (128, 0.25) and again.elapsed_s >= 100.0
    again.take(384, [ended(True, 30.0)])
    again.row({"entropy": 0.5})
    again.save_curve()
    with (tmp_path / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["frames"], row["return"], row["entropy"]) for row in rows] == [("128", "15.5", "2"), ("512", "20.333", "0.5")]
    card = again.card({"algorithm": "none"}, measured=3)
    assert (card.name, card.arm, card.randomisation, len(card.joints)) == (recipe.name, "j2n6s300", recipe.profile, 9)
    training = card.training
    assert (training["algorithm"], training["measured"], training["seed"], training["frames"]) == ("none", 3, 7, 512)
    assert (training["training_success"], training["training_return"]) == (0.6667, 20.3333)
    with pytest.raises(ConfigError, match="has seed 7, not 8: resume it with the options it began with"):
        Record(recipe, scene, tmp_path, 8, None, time.monotonic()).resume(learned())


def test_a_run_whose_time_is_short_is_over_by_time(tmp_path: Path, scene: Scene) -> None:
    record = Record(tiny(), scene, tmp_path, 0, 10.0, time.monotonic() - 300.0)
    record.take(1, [])
    assert record.progress >= 0.5
    late = Record(tiny(), scene, tmp_path, 0, 10.0, time.monotonic() - 601.0)
    late.take(1, [])
    assert late.progress == 1.0
