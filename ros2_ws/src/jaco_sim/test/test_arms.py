"""Every arm that has a model has its scene: starts, motion, contacts by link, camera, randomisation."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_core.models import MODELS, arm_model
from jaco_sim.envs.batch import BatchEnv
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_tasks.task import Layout

ARMS = sorted(MODELS)


@pytest.mark.parametrize("profile", ["nominal", "randomized"])
@pytest.mark.parametrize("arm", ARMS)
def test_an_episode_runs_on_every_arm(arm: str, profile: str) -> None:
    scene = make_scene(arm=arm, profile=profile)
    environment = BatchEnv(scene, 2, seed=0)
    first = environment.reset([1, 2])
    assert first.state.shape == (2, environment.state_size)
    action = np.full((2, len(scene.arm)), 2)
    action[:, 1] = 0
    steps = [environment.step(action) for _ in range(3)]
    environment.close()
    assert (np.abs(steps[-1].palm - first.palm).max(axis=1) > 0.01).all()
    assert (steps[-1].image != first.image).any() and steps[-1].image.std() > 10.0


@pytest.mark.parametrize("arm", ARMS)
def test_every_body_that_moves_is_a_link(arm: str) -> None:
    model, links = make_scene(arm=arm).model, arm_model(load_arm(arm)).links
    moving = {model.body(int(model.jnt_bodyid[joint])).name for joint in range(model.njnt)}
    assert moving <= set(links) and arm_model(load_arm(arm)).hand in links
    assert all(body in {model.body(index).name for index in range(model.nbody)} for body in links)


def test_a_gen3_that_reaches_through_the_table_touches_it() -> None:
    simulation = ArmSimulation(make_scene(arm="gen3"))
    angles = simulation.arm.home.copy()
    angles[1] = 1.6
    simulation.place(Layout(angles, {"target": np.array([0.4, 0.0, 0.035])}))
    assert "bracelet|table" in simulation.contacts()
