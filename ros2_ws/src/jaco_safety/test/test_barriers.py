"""Distances and approach speeds against finite differences, and what counts as outside."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_safety.barriers import Barriers
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Reason


def test_approach_is_the_derivative_of_the_distance(arm: Arm, barriers: Barriers) -> None:
    around, step = barriers.at(arm.home), 1e-6
    for joint in range(len(arm)):
        moved = arm.home.copy()
        moved[joint] += step
        change = barriers.at(moved).distance - around.distance
        assert np.allclose(-change / step, around.approach[:, joint], atol=1e-5)


def test_home_is_inside_everything(arm: Arm, barriers: Barriers) -> None:
    around = barriers.at(arm.home)
    assert around.distance.min() > 0.05
    assert around.excess.max() < 0.0
    assert barriers.violation(around.excess, barriers.tolerance) is None


def test_distance_to_the_table_counts_radius_and_clearance(arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
    around = barriers.at(arm.home)
    row = next(i for i, barrier in enumerate(barriers.barriers) if (barrier.subject, barrier.limited) == ("elbow", Reason.TABLE))
    assert np.isclose(around.distance[row], 0.656 - 0.06 - limits.table_height - limits.table_clearance, atol=1e-3)


def test_joint_beyond_its_limit_is_named(arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
    position = arm.home.copy()
    position[7] = arm.upper[7] + limits.position_fault_margin + 0.02
    evidence = barriers.violation(barriers.at(position).excess, barriers.tolerance)
    assert evidence is not None
    assert (evidence.reason, evidence.subject) == (Reason.POSITION_OUTSIDE, "finger_2")
    assert np.isclose(evidence.value, limits.position_fault_margin + 0.02)


def test_continuous_joints_are_never_outside(arm: Arm, barriers: Barriers) -> None:
    position = arm.home.copy()
    position[[3, 4, 5]] += 40.0 * np.pi
    around = barriers.at(position)
    assert barriers.violation(around.excess, barriers.tolerance) is None
    assert np.array_equal(around.velocity_upper[3:6], arm.max_velocity[3:6])
