"""Runs of the standard algorithms: killed and resumed, on simulated arms, by the program; and what is refused."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reacher import Killed, Mortal, Reacher, tiny, untimed
from rich.console import Console

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_learner import evaluate, train
from jaco_learner.film import BestFilm
from jaco_learner.recipe import Stage, checked
from jaco_learner.standard.actors import outputs
from jaco_learner.standard.arms import Segment
from jaco_learner.standard.controls import JointByJoint
from jaco_learner.standard.environment import ArmVecEnv
from jaco_learner.standard.recipe import load_standard_recipe
from jaco_learner.standard.replay import JointReplay
from jaco_learner.standard.run import StandardRun
from jaco_learner.standard.settings import A2cSettings, SacSettings
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.networks import Column

REPLAYED = {"buffer": 300, "warm_up": 64, "batch": 16, "updates": 1}
SMALL = {"sac": REPLAYED, "dqn": REPLAYED, "qrdqn": {**REPLAYED, "quantiles": 4}, "a2c": {"steps": 5}}

PIXELS = {"environments": 2, "segment": 32, "hidden": 16, "convolutions": ((4, 8, 4), (4, 5, 2))}


@pytest.mark.parametrize("algorithm", SMALL)
def test_a_run_that_is_killed_at_a_random_moment_ends_with_the_same_weights(tmp_path: Path, algorithm: str) -> None:
    recipe = tiny(algorithm, 640, segment=160, **SMALL[algorithm])
    whole = StandardRun(recipe, tmp_path / "whole", 7, make=Reacher)
    rows = list(whole.updates())
    # 25 steps look around, 10 are a segment's; after the second and before the last.
    Mortal.left = 25 + 20 + random.randint(1, 19)
    told = f"killed {Mortal.left} steps after the beginning"
    killed = StandardRun(recipe, tmp_path / "killed", 7, make=Mortal)
    with pytest.raises(Killed):
        list(killed.updates())
    again = StandardRun(recipe, tmp_path / "killed", 7, make=Reacher)
    again.resume()
    assert 320 <= again.frames < 640, told
    rest = list(again.updates())
    assert [untimed(row) for row in rest] == [untimed(row) for row in rows[-len(rest) :]], told
    files = ("teacher.safetensors", "resume.safetensors")
    whole_weights, weights = (_tensors(tmp_path / name / files[1]) for name in ("whole", "killed"))
    assert weights.keys() == whole_weights.keys()
    assert all(torch.equal(tensor, whole_weights[name]) for name, tensor in weights.items()), told
    assert (tmp_path / "whole" / files[0]).read_bytes() == (tmp_path / "killed" / files[0]).read_bytes()


def test_the_program_trains_on_simulated_arms_and_the_result_is_filmed_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _film_early(monkeypatch)
    recipe = replace(load_standard_recipe("reach_qrdqn"), observation="pixels", **PIXELS, stages=(Stage(64, 1.0),))
    recipe = replace(recipe, settings=replace(recipe.settings, warm_up=32, batch=4, buffer=100))
    output = io.StringIO()
    card = train.train(recipe, tmp_path, seed=1, console=Console(file=output, width=250))
    assert "100.0%" in output.getvalue() and "exploration" in output.getvalue()
    assert card.training["frames"] == 64 and card.training["algorithm"].startswith("QR-DQN by sb3-contrib")
    assert list(tmp_path.glob("events.out.tfevents.*"))
    assert (tmp_path / "best.mp4").is_file()
    assert load_checkpoint(tmp_path).card.training["video"] == {**card.training["video"], "frames": 32}
    assert (tmp_path / "curve.csv").read_text().startswith("frames,seconds,success,return")
    # Taken from pictures of a light table and a dark arm.
    assert 50.0 < float(load_checkpoint(tmp_path, load_arm("j2n6s300")).column.mean_image.mean()) < 200.0
    assert evaluate.evaluate(tmp_path, episodes=1).episodes == 1


@pytest.mark.parametrize(
    ("algorithm", "encoder"),
    [("qrdqn", {}), ("sac", {"spatial_softmax": True}), ("a2c", {"convolutions": (), "residual": (4, 4)})],
)
def test_a_policy_on_pixels_chooses_as_the_learner_does(tmp_path: Path, algorithm: str, encoder: dict[str, Any]) -> None:
    recipe = replace(tiny(algorithm, 96, **SMALL[algorithm]), observation="pixels", **{**PIXELS, **encoder})
    run = StandardRun(recipe, tmp_path, seed=1, make=Reacher)
    list(run.updates())
    assert isinstance(run.actor, Column)
    assert (run.actor.spec.spatial_softmax, run.actor.spec.residual) == (recipe.spatial_softmax, recipe.residual)
    seen = np.random.default_rng(0).integers(0, 256, (5, 64 * 64 * 3), np.uint8)
    rows = np.hstack((seen.repeat(2, 0), np.tile(np.arange(2, dtype=np.uint8), 5)[:, None])) if algorithm == "qrdqn" else seen
    action = np.asarray(run.model.predict(rows, deterministic=True)[0])
    chosen = outputs(run.actor, torch.from_numpy(seen)).argmax(-1).numpy()
    assert np.array_equal(np.round(action) + 1 if algorithm == "sac" else action.reshape(5, 2), chosen)


def test_what_an_arm_saw_is_kept_once_and_sampled_for_each_joint() -> None:
    recipe = tiny("dqn")
    environment = ArmVecEnv(
        Reacher(replace(recipe, environments=3), Segment(1.0, 0)), JointByJoint(np.ones((2, 3))), pixels=False
    )
    memory = JointReplay(
        30, environment.observation_space, environment.action_space, "cpu", 6, 2, handle_timeout_termination=False
    )
    seen, after = environment.reset(), environment.reset()
    action = np.array([0, 1, 2, 0, 1, 2])
    memory.add(seen, after, action, np.repeat([1.0, 2.0, 3.0], 2), np.zeros(6), [{}] * 6)
    assert memory.observations.shape == (10, 3, 4) and memory.size() == 1
    np.random.seed(0)  # noqa: NPY002 (as the library draws)
    sample = memory.sample(64)
    rows = {tuple(row) for row in np.hstack((seen, after, action[:, None], np.repeat([[1.0], [2.0], [3.0]], 2, axis=0)))}
    drawn = torch.cat((sample.observations, sample.next_observations, sample.actions, sample.rewards), 1).numpy()
    assert {tuple(row) for row in np.float64(drawn)} == {tuple(row) for row in np.float64(np.float32(list(rows)))}


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'reach_a3c' is for a3c; standard algorithms are sac, dqn, qrdqn, a2c"):
        load_standard_recipe("reach_a3c")
    with pytest.raises(ConfigError, match="Recipe 'mine': there is no field 'warm_up'"):
        checked(SacSettings, {"buffer": 1, "batch": 1, "every": 1, "updates": 1, "temperature": 1.0, "smoothing": 0.1}, "mine")
    good = {"steps": 5, "trace": 1.0, "value_weight": 0.5, "entropy": 0.0, "gradient_norm": 1.0}
    with pytest.raises(ConfigError, match="its algorithm knows no field 'tau'"):
        checked(A2cSettings, {**good, "tau": 1.0}, "mine")
    with pytest.raises(ConfigError, match="trace must be float, got '1e-4'"):
        checked(A2cSettings, {**good, "trace": "1e-4"}, "mine")
    recipe = load_standard_recipe("reach_sac")
    with pytest.raises(ConfigError, match=r"settings.batch must be more than 0, got 0"):
        replace(recipe, settings=replace(recipe.settings, batch=0))
    with pytest.raises(ConfigError, match=r"near_starts_until must lie in \[0, 1\), got 1"):
        replace(recipe, near_starts_until=1.0)
    with pytest.raises(ConfigError, match="sac cannot continue"):
        train.train(recipe, tmp_path, start_from=tmp_path)
    with pytest.raises(ConfigError, match="knows no engine 'ray'"):
        train.train(recipe, tmp_path, engine="ray")


def _film_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has a run film its policy after its first segment, which is too early for any other run."""
    consider = BestFilm.consider

    def early(film: BestFilm, frames: int, mean_return: float, elapsed_s: float, last: bool) -> bool:
        return not last and consider(film, frames, 1.0, 1e6, last)

    monkeypatch.setattr(BestFilm, "consider", early)


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(path)
