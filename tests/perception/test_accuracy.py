"""Perception on pictures of the simulated scene, against the simulator's own truth, at the size that the policy sees."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from jaco_camera.calibration import Calibration, calibration_from_view
from jaco_camera.perception.colour import ColourRange
from jaco_camera.perception.cover import Cover
from jaco_camera.perception.finder import BallFinder, BallSpec
from jaco_camera.perception.pose import load_pose
from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector
from jaco_sim.profiles import load_profile
from jaco_sim.rendering import Renderer
from jaco_sim.scene import Scene
from jaco_sim.simulation import ArmSimulation, make_scene
from jaco_tasks.reach import TARGET
from jaco_tasks.task import Layout

SIZE = 64
STARTS = 100
BALL = BallSpec(0.035, ColourRange(0.0, 20.0, 0.5, 0.25), 0.0, (0.20, -0.30), (0.65, 0.30))


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene()


@pytest.fixture(scope="module")
def renderer(scene: Scene) -> Iterator[Renderer]:
    own = Renderer(scene.model, SIZE, SIZE)
    yield own
    own.close()


@pytest.fixture(scope="module")
def cover(scene: Scene) -> Cover:
    return Cover(scene.arm)


def seen() -> Calibration:
    return calibration_from_view(SIZE, SIZE, math.radians(load_profile("nominal").policy_camera.fovy))


def test_at_an_episodes_start_the_target_is_found_within_a_centimetre(scene: Scene, renderer: Renderer, cover: Cover) -> None:
    simulation, errors = ArmSimulation(scene), []
    for seed in range(STARTS):
        simulation.reset(seed)
        found = BallFinder(BALL, load_pose("nominal"), cover).find(
            simulation.picture(renderer), seen(), simulation.joints().position
        )
        if found.position is not None:
            errors.append(float(np.linalg.norm(found.position - simulation.scene().objects[TARGET])))
    assert len(errors) >= 0.98 * STARTS
    assert np.median(errors) < 0.003 and max(errors) < 0.010


def posture(kinematics: Kinematics, start: Vector, palm: Vector) -> Vector:
    """Returns joint angles [rad] near `start` with the palm at `palm` [m], by damped least squares."""
    angles = np.array(start)
    for _ in range(60):
        kinematics.update(angles)
        jacobian = kinematics.jacobian("palm")
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-3 * np.eye(3), palm - kinematics.position("palm"))
        angles += np.clip(step, -0.2, 0.2)
    return angles


def test_behind_the_hand_it_is_hidden_and_never_somewhere_else(scene: Scene, renderer: Renderer, cover: Cover) -> None:
    """The hand between camera and target, at all distances: the place that is given is always right."""
    simulation, random, kinematics = ArmSimulation(scene), np.random.default_rng(5), Kinematics(scene.arm)
    pose, errors, hidden, shown = load_pose("nominal"), [], 0, 0
    for seed in range(STARTS):
        simulation.reset(seed)
        start, target = simulation.joints().position, simulation.scene().objects[TARGET]
        towards = (pose.position - target) / np.linalg.norm(pose.position - target)
        between = target + random.uniform(0.08, 0.25) * towards + random.uniform(-0.16, 0.16, 3)
        eyes = BallFinder(BALL, pose, cover)
        simulation.place(Layout(start, {TARGET: target}))
        assert eyes.find(simulation.picture(renderer), seen(), start).position is not None
        arm = posture(kinematics, start, between)
        simulation.place(Layout(arm, {TARGET: target}))
        found = eyes.find(simulation.picture(renderer), seen(), arm)
        assert found.position is not None, (seed, found)
        errors.append(float(np.linalg.norm(found.position - target)))
        hidden += found.hidden
        shown += not found.hidden
    assert np.median(errors) < 0.004 and max(errors) < 0.012
    assert hidden >= 0.2 * STARTS and shown >= 0.2 * STARTS
