"""GAIL: it solves a tiny task without its reward, resumes after a kill with the same weights, and runs on simulated arms."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from reacher import STEPS, Killed, Mortal, Reacher, success, untimed
from rich.console import Console

from jaco_core.errors import ConfigError
from jaco_core.types import ENDED, EpisodeStatus
from jaco_learner import evaluate, train
from jaco_learner.adversarial.discriminator import Discriminator
from jaco_learner.adversarial.run import GailRun
from jaco_learner.adversarial.showing import show
from jaco_learner.adversarial.unrewarded import Unrewarded
from jaco_learner.adversarial.visits import Visits
from jaco_learner.imitation.expert import Demonstration
from jaco_learner.recipe import Stage
from jaco_learner.standard.arms import Segment
from jaco_learner.standard.recipe import StandardRecipe, load_standard_recipe
from jaco_sim.envs.batch import BatchStep


def tiny(frames: int, segment: int, **settings: Any) -> Any:
    recipe = load_standard_recipe("reach_gail")
    sizes = {"environments": 16, "hidden": 32, "segment": segment, "stages": (Stage(frames, 1.0),), "discount": 0.8}
    mine = {"steps": 24, "minibatch": 96, "epochs": 4, "demonstrations": 800, "discriminator_batch": 128, **settings}
    return replace(recipe, **sizes, settings=replace(recipe.settings, **mine))


def advise(step: BatchStep) -> NDArray[np.int64]:
    way = step.state[:, 2:] - step.state[:, :2]
    return (1 + np.sign(way) * (np.abs(way) > 0.15)).astype(np.int64)


def shown(recipe: Any, segment: Segment) -> Demonstration:
    return Demonstration(Reacher(recipe, segment), advise)


class Moody(Reacher):
    """Arms whose reward means nothing."""

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        step = super().drive(velocity)
        return replace(step, reward=np.random.default_rng().normal(size=self.count).astype(np.float32))


class Fragile(Reacher):
    """Arms of which each even one ends its episode after every third step."""

    def drive(self, velocity: NDArray[np.floating]) -> BatchStep:
        step = super().drive(velocity)
        early = (np.arange(self.count) % 2 == 0) & (self._steps == 3)
        ended = dict(zip(np.flatnonzero(step.truncated), step.ended, strict=True))
        ended |= {index: EpisodeStatus(0, "reacher", ENDED, step=3, terminated=True) for index in np.flatnonzero(early)}
        self._begin(early)
        return replace(step, terminated=early, ended=[ended[index] for index in sorted(ended)])


def test_it_solves_a_tiny_task(tmp_path: Path) -> None:
    quick = {"discriminator_rate": 1.5e-2, "gradient_penalty": 0.01, "discriminator_updates": 20}
    recipe = replace(tiny(4800, 2400, **quick), learning_rate=6e-3, final_learning_rate=4e-3)
    run = GailRun(recipe, tmp_path, seed=1, make=Moody, shows=shown)
    assert success(run.actor, recipe) < 0.3
    rows = list(run.updates())
    assert run.frames >= recipe.frames and "told apart" in rows[-1]
    assert success(run.actor, recipe) > 0.6


SMALL = {"steps": 5, "minibatch": 40, "epochs": 2, "demonstrations": 100, "discriminator_batch": 16, "discriminator_updates": 2}


def test_a_run_that_is_killed_at_a_random_moment_ends_with_the_same_weights_whatever_the_reward(tmp_path: Path) -> None:
    recipe = tiny(640, 160, **SMALL)
    whole = GailRun(recipe, tmp_path / "whole", 7, make=Moody, shows=shown)
    rows = list(whole.updates())
    # 25 steps look around, 10 are a segment's; after the second and before the last.
    Mortal.left = 25 + 20 + random.randint(1, 19)
    told = f"killed {Mortal.left} steps after the beginning"
    killed = GailRun(recipe, tmp_path / "killed", 7, make=Mortal, shows=shown)
    with pytest.raises(Killed):
        list(killed.updates())
    again = GailRun(recipe, tmp_path / "killed", 7, make=Reacher, shows=_nobody)
    again.resume()
    assert 320 <= again.frames < 640, told
    rest = list(again.updates())
    assert [untimed(row) for row in rest] == [untimed(row) for row in rows[-len(rest) :]], told
    whole_file, file = (_bytes(tmp_path / name / "resume.safetensors") for name in ("whole", "killed"))
    assert file == whole_file and any(name.startswith("demonstrations/") for name in file), told
    assert {name.split("/")[0] for name in file} >= {"discriminator", "discriminator_optimiser"}
    weights = "teacher.safetensors"
    assert (tmp_path / "whole" / weights).read_bytes() == (tmp_path / "killed" / weights).read_bytes()


def test_steps_that_an_early_end_took_away_are_told_in_the_reward_s_place() -> None:
    arms = Unrewarded(Fragile(tiny(100, 100), Segment(1.0, 0)), STEPS)
    assert not arms.reset().reward.any()
    lost = np.array([arms.drive(np.zeros((16, 2))).reward for _ in range(STEPS)])
    # Odd arms come to their time limit, which takes nothing away.
    assert np.array_equal(lost[:, 0], [0, 0, STEPS - 3] * 4) and not lost[:, 1::2].any()
    visits = show(Demonstration(Fragile(tiny(100, 100), Segment(1.0, 0)), advise), 150, STEPS)
    assert visits.state.shape == (160, 4) and visits.action.shape == (160, 2)
    assert visits.absorbed == (STEPS - 3) * int((visits.lost > 0).sum()) > 0
    wanted = advise(Reacher(tiny(100, 100), Segment(1.0, 0)).reset(stagger=True))
    assert np.array_equal(visits.action[:16].numpy(), wanted)


def test_an_early_end_is_worth_what_the_discriminator_makes_of_the_absorbing_state() -> None:
    torch.manual_seed(0)
    judge, discount, early = Discriminator(4, 2, 3, 8), 0.9, 3
    state, action = torch.randn(STEPS, 4), torch.randint(3, (STEPS, 2))
    full = Visits(state, action, torch.zeros(STEPS, dtype=torch.int64))
    short = Visits(state[:early], action[:early], torch.tensor([0, 0, STEPS - early]))
    powers = discount ** torch.arange(STEPS)
    own, absorbed = judge.reward(full, discount), -torch.log(1.0 - judge(*judge.inputs(full, torch.tensor([STEPS]))))
    assert torch.allclose(own, -torch.log(1.0 - judge(*judge.inputs(full, torch.arange(STEPS))))[:, 0], atol=1e-5)
    worth = (powers[:early] * judge.reward(short, discount)).sum()
    wanted = (powers[:early] * own[:early]).sum() + powers[early:].sum() * absorbed
    assert worth.item() == pytest.approx(wanted.item(), rel=1e-5)
    # Where nothing can be told apart, ending early is worth as much as going on.
    for layer in (judge.layers[4].weight, judge.layers[4].bias):
        torch.nn.init.zeros_(layer)
    ways = [(powers[: len(way.lost)] * judge.reward(way, discount)).sum().item() for way in (full, short)]
    assert ways[0] == pytest.approx(ways[1], rel=1e-5)


def test_the_absorbing_state_is_judged_as_often_as_it_lasts() -> None:
    judge = Discriminator(4, 2, 3, 8)
    visits = Visits(torch.randn(10, 4), torch.randint(3, (10, 2)), torch.tensor([0] * 8 + [20, 10]))
    torch.manual_seed(0)
    seen, done = judge.draw(visits, 4000)
    absorbed = seen[:, -1] == 1.0
    assert float(absorbed.float().mean()) == pytest.approx(0.75, abs=0.03)
    assert not seen[absorbed, :-1].any() and not done[absorbed].any() and torch.all(done[~absorbed].sum(1) == 2)


def test_the_program_imitates_the_guide_on_simulated_arms(tmp_path: Path) -> None:
    recipe = _small()
    output = io.StringIO()
    card = train.train(recipe, tmp_path, seed=1, console=Console(file=output, width=250))
    assert "100.0%" in output.getvalue() and "judged" in output.getvalue()
    assert card.training["algorithm"].startswith("GAIL: PPO by Stable-Baselines3") and card.training["frames"] == 64
    assert evaluate.evaluate(tmp_path, episodes=1).episodes == 1
    # What it came to can be the next one's expert.
    run = GailRun(train._of_expert(recipe, tmp_path), tmp_path / "next", 1)
    run._look_around(0)
    assert int(run.model.demonstrations.action.max()) <= 2
    with pytest.raises(ConfigError, match="There is no teacher"):
        train.train(train._of_expert(recipe, tmp_path / "none"), tmp_path / "other", console=Console(file=io.StringIO()))


def test_mistakes_are_told(tmp_path: Path) -> None:
    recipe = load_standard_recipe("reach_gail")
    with pytest.raises(ConfigError, match="GAIL judges states, so observation must be state, got pixels"):
        replace(recipe, observation="pixels")
    with pytest.raises(ConfigError, match="gail cannot continue"):
        train.train(recipe, tmp_path, start_from=tmp_path)


def _small() -> Any:
    """Returns the shipped recipe, for a moment on simulated arms."""
    recipe = load_standard_recipe("reach_gail")
    settings = replace(recipe.settings, **{**SMALL, "steps": 4, "minibatch": 8, "demonstrations": 20})
    sizes = {"environments": 4, "segment": 32, "hidden": 16, "stages": (Stage(64, 1.0),)}
    return replace(recipe, **sizes, settings=settings)


def _nobody(recipe: StandardRecipe, segment: Segment) -> Demonstration:
    raise AssertionError("what was shown is kept")


def _bytes(path: Path) -> dict[str, bytes]:
    from safetensors.torch import load_file

    return {name: tensor.numpy().tobytes() for name, tensor in load_file(path).items()}
