"""The guide reaches the target by itself, on every arm."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_learner.guide import Guide
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene


def test_it_leads_the_palm_as_far_above_the_target_as_it_is_told() -> None:
    heights = []
    for lift_m in (0.05, 0.09):
        environment = BatchEnv(make_scene(physics_step_s=0.01), 8, seed=0, render=False, restart=False)
        step, guide = environment.reset(list(range(8))), Guide(environment, lift_m)
        for _ in range(40):
            step = environment.step(guide.advise())
        heights.append(np.median(step.palm[:, 2] - step.target[:, 2]))
    # It leaves the palm alone within 3 cm of where it is led.
    assert np.allclose(heights, (0.05, 0.09), atol=0.03) and heights[1] > heights[0] + 0.02


@pytest.mark.parametrize("arm", ["gen3", "j2n6s300"])
def test_it_leads_nearly_every_start_to_the_target(arm: str) -> None:
    environment = BatchEnv(make_scene(arm=arm, physics_step_s=0.01), 20, seed=0, render=False, restart=False)
    environment.reset(list(range(20)))
    guide = Guide(environment)
    for _ in range(50):
        environment.step(guide.advise())
    assert np.mean([status.success for status in environment.statuses]) >= 0.9
    assert np.mean([status.episode_return for status in environment.statuses]) > 35.0
