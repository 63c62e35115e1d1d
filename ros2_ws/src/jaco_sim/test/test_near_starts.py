"""Starts near the target: the task's own, all over the table, and functions of their seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jaco_sim.palm import PalmOf
from jaco_sim.scene import Scene
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_tasks.near_starts import NearStarts


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene(physics_step_s=0.01, mesh_fraction=0.1)


def near_starts(scene: Scene, furthest: float) -> NearStarts:
    task = NearStarts(scene.task, scene.arm, PalmOf(scene), seed=5)
    task.furthest = furthest
    return task


@pytest.mark.parametrize("furthest", [0.14, 0.2, 0.5])
def test_near_starts_are_starts_of_the_task(scene: Scene, furthest: float) -> None:
    task, own = near_starts(scene, furthest), scene.task
    simulation = ArmSimulation(replace(scene, task=task))
    targets, palms = [], []
    for seed in range(40):
        simulation.reset(seed)
        layout, palm = simulation.layout, simulation.palm
        assert layout is not None and own.accepts(layout, palm) and simulation.contacts() == ()
        targets.append(layout.objects["target"])
        palms.append(palm)
    distance = np.linalg.norm(np.subtract(targets, palms), axis=1)
    assert np.count_nonzero(distance <= furthest) >= 38 and (distance > 0.1).all()
    # All over the table, as the task has them.
    low, high = np.min(targets, axis=0), np.max(targets, axis=0)
    assert (low[:2] >= (0.27, -0.2)).all() and (high[:2] <= (0.57, 0.2)).all() and (high - low)[:2].min() > 0.15
    assert len({target.tobytes() for target in targets}) > 30


def test_a_near_start_is_a_function_of_its_seed(scene: Scene) -> None:
    starts = []
    for _ in range(2):
        simulation = ArmSimulation(replace(scene, task=near_starts(scene, 0.2)))
        for seed in (3, 4, 3):
            simulation.reset(seed)
            starts.append((simulation.palm.tobytes(), simulation.objects.tobytes()))
    assert starts[:3] == starts[3:] and starts[0] == starts[2] != starts[1]


def test_without_a_distance_starts_are_the_tasks_own(scene: Scene) -> None:
    wrapped, own = ArmSimulation(replace(scene, task=near_starts(scene, float("inf")))), ArmSimulation(scene)
    for seed in range(5):
        wrapped.reset(seed)
        own.reset(seed)
        assert wrapped.palm.tobytes() == own.palm.tobytes() and wrapped.objects.tobytes() == own.objects.tobytes()


def test_an_episode_that_finds_no_near_start_begins_further_away(scene: Scene) -> None:
    asked: list[bytes] = []

    def far_away(position: np.ndarray) -> np.ndarray:
        asked.append(position.tobytes())
        return np.array([9.0, 9.0, 9.0])

    task = NearStarts(scene.task, scene.arm, far_away, seed=5)
    task.furthest = 0.2
    layout = task.sample_layout(scene.arm, np.random.default_rng(1))
    assert len(set(asked)) == 200 and layout.joint_position.tobytes() not in asked
