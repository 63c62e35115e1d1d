"""Distances, approach speeds and singular values against finite differences and numpy, and what counts as outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jaco_core.arms import Arm, arm_names, load_arm
from jaco_core.errors import ConfigError
from jaco_core.kinematics import Kinematics
from jaco_safety.barriers import Barriers
from jaco_safety.limits import SafetyLimits, load_limits
from jaco_safety.reasons import Reason

BOXES = [[0.30, 0.20, 0.0, 0.6, 0.5, 0.35], [0.2, -0.6, 0.1, 0.5, -0.3, 0.4]]


@pytest.fixture(scope="module", params=arm_names())
def crowded(request: pytest.FixtureRequest) -> tuple[Arm, Barriers]:
    """An arm among everything that can be configured."""
    own, limits = load_arm(request.param), load_limits(request.param)
    half_spaces = [[-0.6, -0.8, 0.0, -0.8]]
    return own, Barriers(own, replace(limits, keep_out_boxes=BOXES, half_spaces=half_spaces))


def test_approach_is_the_derivative_of_the_distance(crowded: tuple[Arm, Barriers]) -> None:
    arm, barriers = crowded
    rng, step = np.random.default_rng(3), 1e-6
    for _ in range(5):
        position = arm.home + rng.normal(0.0, 0.25, len(arm))
        around = barriers.at(position)
        for joint in range(len(arm)):
            offset = step * np.eye(len(arm))[joint]
            change = barriers.distance(position + offset) - barriers.distance(position - offset)
            assert np.allclose(-change[around.near] / (2 * step), around.approach[:, joint], atol=1e-5)


def test_speed_jacobians_are_those_of_palm_and_elbow(crowded: tuple[Arm, Barriers]) -> None:
    arm, barriers = crowded
    kinematics = Kinematics(arm)
    kinematics.update(arm.home)
    around = barriers.at(arm.home)
    for row, name in enumerate(("palm", "elbow")):
        assert np.allclose(around.speed_jacobian[row], kinematics.jacobian(name), atol=1e-9)


def test_smallest_singular_value_is_numpys(crowded: tuple[Arm, Barriers]) -> None:
    _, barriers = crowded
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1.0, 30.0):
        jacobian = scale * rng.normal(size=(3, 6))
        expected = np.linalg.svd(jacobian, compute_uv=False)[-1]
        assert barriers._smallest_singular_value(jacobian) == pytest.approx(expected, rel=1e-6)
    assert barriers._smallest_singular_value(np.zeros((3, 6))) == 0.0


def test_home_is_inside_everything(arm: Arm, barriers: Barriers) -> None:
    around = barriers.at(arm.home)
    assert around.distance.min() > 0.03
    assert barriers.excess(around).max() < 0.0
    assert barriers.violation(barriers.excess(around), barriers.tolerance) is None


def test_joint_beyond_its_limit_is_named(arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
    position = arm.home.copy()
    position[7] = arm.upper[7] + limits.position_fault_margin + 0.02
    evidence = barriers.violation(barriers.excess(barriers.at(position)), barriers.tolerance)
    assert evidence is not None
    assert (evidence.reason, evidence.subject) == (Reason.POSITION_OUTSIDE, "finger_2")
    assert np.isclose(evidence.value, limits.position_fault_margin + 0.02)


def test_continuous_joints_are_never_outside(arm: Arm, barriers: Barriers) -> None:
    position = arm.home.copy()
    position[[3, 4, 5]] += 40.0 * np.pi
    around = barriers.at(position)
    assert barriers.violation(barriers.excess(around), barriers.tolerance) is None
    assert np.all(around.velocity_range[1, 3:6] > 0.7)


def test_strained_joint_may_only_give_way(arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
    effort = np.zeros(9)
    effort[2], effort[4] = limits.torque_limits[2] + 0.1, -limits.torque_limits[4] - 0.1
    around = barriers.at(arm.home, effort=effort)
    assert around.velocity_range[1, 2] == 0.0 and around.velocity_range[0, 2] < 0.0
    assert around.velocity_range[0, 4] == 0.0 and around.velocity_range[1, 4] > 0.0


def test_reduced_mode_slows_palm_and_elbow(arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
    around = barriers.at(arm.home, top_speed=limits.reduced_speed)
    assert np.allclose(around.speed_limit, limits.reduced_speed - limits.cartesian_margin)


def test_torques_for_another_number_of_joints_are_refused(arm: Arm, limits: SafetyLimits) -> None:
    with pytest.raises(ConfigError, match="9 joints and the safety limits give 2 torque_limits"):
        Barriers(arm, replace(limits, torque_limits=[1.0, 1.0]))
