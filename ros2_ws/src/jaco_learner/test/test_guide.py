"""The guide reaches the target by itself, on every arm."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_learner.guide import Guide
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import make_scene


@pytest.mark.parametrize("arm", ["gen3", "j2n6s300"])
def test_it_leads_nearly_every_start_to_the_target(arm: str) -> None:
    environment = BatchEnv(make_scene(arm=arm, physics_step_s=0.01), 20, seed=0, render=False, restart=False)
    environment.reset(list(range(20)))
    guide = Guide(environment)
    for _ in range(50):
        environment.step(guide.advise())
    assert np.mean([status.success for status in environment.statuses]) >= 0.9
    assert np.mean([status.episode_return for status in environment.statuses]) > 35.0
