"""Each standard algorithm solves a tiny task, and what it has come to is a policy of this project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from reacher import Reacher, success, tiny

from jaco_learner.standard.actors import nearest_speed_head
from jaco_learner.standard.arms import Segment
from jaco_learner.standard.environment import ArmVecEnv
from jaco_learner.standard.recipe import StandardRecipe
from jaco_learner.standard.run import StandardRun

REPLAYED = {"buffer": 4000, "warm_up": 300}
VALUED = {**REPLAYED, "batch": 128, "updates": 2, "target_every": 200, "exploration_until": 0.4}
RECIPES = [
    tiny("sac", 1600, segment=400, **REPLAYED, batch=64, updates=3, smoothing=0.1, temperature=0.02),
    tiny("dqn", 4000, segment=500, **VALUED),
    tiny("qrdqn", 4000, segment=500, **VALUED, quantiles=5),
    tiny("a2c", 10_000, segment=2500, steps=6),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.algorithm))
def test_it_solves_a_tiny_task(tmp_path: Path, recipe: StandardRecipe) -> None:
    recipe = replace(recipe, learning_rate=6e-3, final_learning_rate=4e-3, discount=0.8)
    run = StandardRun(recipe, tmp_path, seed=2, make=Reacher)
    assert success(run.actor, recipe) < 0.3
    list(run.updates())
    assert run.frames >= recipe.frames
    assert success(run.actor, recipe) > 0.6
    # What is kept chooses as the learner does.
    arms = Reacher(replace(recipe, environments=300), Segment(1.0, 5))
    seen = ArmVecEnv(arms, run.environment.control, pixels=False).reset()
    action = np.asarray(run.model.predict(seen, deterministic=True)[0])
    state = torch.from_numpy(seen[:: run.environment.rows, :4])
    chosen = run.actor(state).argmax(-1).numpy()
    wanted = np.round(action) + 1 if recipe.algorithm == "sac" else action.reshape(chosen.shape)
    assert np.array_equal(wanted, chosen) and set(np.unique(chosen)) == {0, 1, 2}


def test_the_kept_policy_of_sac_takes_the_speed_nearest_to_the_mean(tmp_path: Path) -> None:
    speeds = np.array([[-0.3, 0.0, 0.3], [-0.2, 0.0, 0.2]])
    weight, bias = nearest_speed_head(torch.tensor([[3.0], [-1.0]]), torch.tensor([0.2, 0.1]), speeds)
    x = torch.linspace(-2.0, 2.0, 401)[:, None]
    chosen = (x @ weight.T + bias).view(-1, 2, 3).argmax(-1)
    wanted = torch.tanh(x @ torch.tensor([[3.0, -1.0]]) + torch.tensor([0.2, 0.1]))
    assert torch.equal(chosen, wanted.mul(1.0 - 1e-6).round().long() + 1)
    # Five speeds are as far apart as they are fast.
    five = np.array([[-1.0, -0.5, 0.0, 0.5, 1.0]])
    weight, bias = nearest_speed_head(torch.tensor([[1.0]]), torch.tensor([0.0]), five)
    assert torch.equal((x @ weight.T + bias).argmax(-1), (torch.tanh(x[:, 0]) * 2.0 * (1.0 - 1e-6)).round().long() + 2)
