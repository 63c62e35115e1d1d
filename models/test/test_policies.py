"""Every shipped policy loads, fits its arm and task, and says how it scores and how that was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.inference import PolicyRuntime
from jaco_tasks.registry import make_task

# Less is asked of what learned with nothing that only a simulator knows; the paper's networks had 1 to 21 after 5 M frames.
FROM_PIXELS_ALONE = "A3C"
POLICIES = sorted(card.parent for card in (Path(__file__).parents[1] / "policies").glob("*/card.json"))


def test_there_is_a_policy() -> None:
    assert [folder.name for folder in POLICIES].count("reach") == 1


@pytest.mark.parametrize("folder", POLICIES, ids=lambda folder: folder.name)
def test_a_policy_loads_for_its_arm_and_acts(folder: Path) -> None:
    card = load_checkpoint(folder).card
    arm, task = load_arm(card.arm), make_task(card.task)
    runtime = PolicyRuntime(load_checkpoint(folder, arm))
    camera = card.camera
    decision = runtime.act(np.full((camera.height, camera.width, 3), 128, np.uint8), np.zeros(runtime.inputs))
    assert decision.velocity.shape == (len(arm),) and np.all(np.abs(decision.velocity) <= arm.max_velocity)
    assert card.control_period_s == task.control_period_s


@pytest.mark.parametrize("folder", POLICIES, ids=lambda folder: folder.name)
def test_a_card_says_how_its_scores_were_measured(folder: Path) -> None:
    card = load_checkpoint(folder).card
    # Where it was trained, and without variation, which is the bar for all.
    for scores in (card.scores, card.scores if card.randomisation == "nominal" else card.scores["elsewhere"]["nominal"]):
        assert scores["episodes"] >= 100 and "evaluate" in scores["command"]
    if card.training["algorithm"].startswith(FROM_PIXELS_ALONE):
        assert scores["mean_return"] >= 20.0
    else:
        assert scores["success_rate"] >= 0.95


def test_randomisation_pays_in_worlds_that_training_never_saw() -> None:
    scores = {folder.name: load_checkpoint(folder).card.scores for folder in POLICIES}
    plain, worlds = scores["reach"]["elsewhere"], ("twin-1", "twin-2", "twin-3")
    for name in ("reach_randomized", "reach_randomized_pixels"):
        varied = scores[name]["elsewhere"]
        assert all(plain[world]["success_rate"] + 0.3 < varied[world]["success_rate"] for world in worlds), name
    # What is shipped for the worlds that nobody has seen yet.
    assert scores["reach_randomized"]["success_rate"] >= 0.95
    assert all(scores["reach_randomized"]["elsewhere"][world]["success_rate"] >= 0.9 for world in worlds)


def test_the_readme_lists_every_policy() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text()
    assert all(f"`{folder.name}`" in text for folder in POLICIES)
