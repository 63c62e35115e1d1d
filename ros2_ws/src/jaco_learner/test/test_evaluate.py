"""A shipped policy's held-out episodes, its pictures, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from jaco_core.errors import ConfigError, ContractError
from jaco_learner import evaluate
from jaco_learner.embedded.methods import grown_spec
from jaco_learner.evaluation_pictures import failure_grid
from jaco_learner.player import load_player
from jaco_policy.checkpoint import load_checkpoint, save_checkpoint
from jaco_sim.profiles import load_profile
from jaco_sim.variation import GROUPS

POLICY = Path(__file__).resolve().parents[4] / "models" / "policies" / "reach"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of one small evaluation with everything asked for."""
    import typer

    folder = tmp_path_factory.mktemp("evaluation")
    app = typer.Typer()
    app.command()(evaluate.main)
    options = ["--episodes", "2", "--sweep", "--pictures", str(folder), "--json", str(folder / "scores.json"), "--task", "reach"]
    result = CliRunner().invoke(app, [str(POLICY), *options])
    assert result.exit_code == 0, result.output
    return folder


def test_the_file_has_the_scores_and_those_of_every_group_of_factors(output: Path) -> None:
    scores = json.loads((output / "scores.json").read_text())
    assert scores["episodes"] == 2 and scores["success_rate"] == 1.0 and scores["mean_reach_time_s"] > 0.0
    assert set(scores["sweep"]) == {"none", *GROUPS, "all"}
    # Without variation the swept profile is the nominal world, whose episodes were scored first.
    assert scores["sweep"]["none"]["mean_return"] == scores["mean_return"]


def test_pictures_can_be_opened(output: Path) -> None:
    for name in ("success", "targets", "returns"):
        assert cv2.imread(str(output / f"{name}.png")) is not None


def test_failures_are_shown_with_their_reason() -> None:
    played = evaluate.play(load_player(POLICY), 8, 0, load_profile("randomized"))
    failures = [episode for episode in played if not episode.status.success]
    assert failures, "the shipped policy was trained without randomisation; choose another world for this test"
    grid = failure_grid(failures)
    assert grid.shape[1] == 960 and grid.dtype == np.uint8 and len(np.unique(grid)) > 50


def test_a_policy_is_scored_on_another_task_of_its_family_and_so_is_a_third_column_that_feels(tmp_path: Path) -> None:
    player = load_player(POLICY, "conveyor")
    assert (player.task, player.feels, load_player(POLICY).task) == ("conveyor", False, "reach")
    checkpoint = load_checkpoint(POLICY)
    for size in ("narrow", "felt-maps"):
        checkpoint.network.grow(grown_spec(checkpoint.network, size))
    save_checkpoint(tmp_path, checkpoint.card, checkpoint.network)
    grown = load_player(tmp_path, "conveyor")
    assert grown.feels
    world = load_profile("nominal")
    one, three = (evaluate.play(each, 1, 4, world)[0].status for each in (player, grown))
    # It begins as the policy that it was grown on, also where that plays another task.
    assert one == three and one.task == "conveyor" and one.episode_return > 0.0
    with pytest.raises(ConfigError, match="leave out --write to score it on 'conveyor'"):
        evaluate._measure(POLICY, 1, 0, None, "conveyor", True, False, None, True)


def test_another_task_is_refused() -> None:
    with pytest.raises(ContractError, match=r"is for task 'reach', not for 'juggle'"):
        load_player(POLICY, "juggle")
