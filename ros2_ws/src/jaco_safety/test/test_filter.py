"""The filter by itself, in an exact kinematic integration of the arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_safety.barriers import Barriers, Surroundings
from jaco_safety.filter import VelocityFilter
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import PASSED, Reason, Verdict

DT = 0.01
STILL = np.zeros(9)


def only(joint: int, velocity: float) -> Vector:
    """Returns `velocity` [rad/s] for one joint and zero for the others."""
    result = np.zeros(9)
    result[joint] = velocity
    return result


def test_command_within_limits_passes_bit_identical(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    proposed = np.array([0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.1, -0.1, 0.0]) / 3.0
    filtered = velocity_filter.apply(proposed, proposed * 0.95, DT, barriers.at(arm.home))
    assert filtered.velocity.tobytes() == proposed.tobytes()
    assert filtered.evidence is PASSED


def test_full_speed_passes_bit_identical(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    # The policy's speeds: 95 % of the joints' own, in a direction that keeps the hand slow enough.
    proposed = 0.95 * arm.max_velocity * np.array([0, 0, 0, 1, 0, -1, 1, -1, 0])
    filtered = velocity_filter.apply(proposed, proposed, DT, barriers.at(arm.home))
    assert filtered.velocity.tobytes() == proposed.tobytes()
    assert filtered.evidence is PASSED


def test_step_is_ramped_and_does_not_count_as_limited(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    filtered = velocity_filter.apply(only(0, 0.5), STILL, DT, barriers.at(arm.home))
    assert filtered.evidence.verdict is Verdict.RAMPED
    assert filtered.evidence.key == "ramped:acceleration"
    assert filtered.velocity[0] == pytest.approx(arm.max_acceleration[0] * DT)


def test_too_fast_is_clamped_per_joint(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    previous = only(3, 0.837 * 0.96) + only(0, 0.1)
    filtered = velocity_filter.apply(only(3, 5.0) + only(0, 0.1), previous, DT, barriers.at(arm.home))
    assert filtered.evidence.reason is Reason.VELOCITY
    assert (filtered.evidence.subject, filtered.evidence.value) == ("joint_4", 5.0)
    assert filtered.evidence.bound == pytest.approx(0.837 * 0.96)
    assert np.allclose(filtered.velocity, previous)


def test_position_limit_slows_the_approach_and_not_the_retreat(
    arm: Arm, limits: SafetyLimits, velocity_filter: VelocityFilter, barriers: Barriers
) -> None:
    position = arm.home.copy()
    position[6] = arm.upper[6] - limits.position_margin - 0.01
    around = barriers.at(position)
    towards = velocity_filter.apply(only(6, 0.45), only(6, 0.06), DT, around)
    assert (towards.evidence.reason, towards.evidence.subject) == (Reason.POSITION, "finger_1")
    # Exponential: 0.01 rad are left, and the longest braking line takes 0.03 s + 0.837 / (2 * 3) s = 0.1695 s.
    assert towards.velocity[6] == pytest.approx(0.01 / 0.1695, abs=1e-3)
    away = velocity_filter.apply(only(6, -0.04), STILL, DT, around)
    assert away.velocity[6] == -0.04


def test_beyond_a_joint_limit_only_the_way_back_is_open(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    position = arm.home.copy()
    position[6] = arm.lower[6] - 0.05
    around = barriers.at(position)
    assert velocity_filter.apply(only(6, -0.04), STILL, DT, around).velocity[6] == 0.0
    assert velocity_filter.apply(only(6, 0.04), STILL, DT, around).velocity[6] == 0.04


def near_table(arm: Arm, barriers: Barriers) -> tuple[Vector, Surroundings, float]:
    """Returns a position 1 cm above what must be kept free over the table, and which way joint 2 leads down."""
    position = arm.home.copy()
    tables = np.array([index for index, barrier in enumerate(barriers.barriers) if barrier.limited is Reason.TABLE])
    down = np.zeros(9)
    down[1] = 0.001
    sign = 1.0 if barriers.distance(position + down)[tables].min() < barriers.distance(position)[tables].min() else -1.0
    for _ in range(2000):
        if barriers.distance(position)[tables].min() < 0.01:
            return position, barriers.at(position), sign
        position = position + sign * down
    raise AssertionError("joint 2 does not lead to the table")


def test_table_slows_what_pushes_and_leaves_the_rest(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    _, around, down = near_table(arm, barriers)
    proposed = only(1, 0.3 * down) + only(0, 0.3) + only(7, -0.2)
    filtered = velocity_filter.apply(proposed, STILL, DT, around)
    for _ in range(30):
        filtered = velocity_filter.apply(proposed, filtered.velocity, DT, around)
    assert filtered.evidence.reason is Reason.TABLE
    assert 0.0 < filtered.evidence.bound < filtered.evidence.value
    assert 0.0 < abs(filtered.velocity[1]) < 0.3
    assert filtered.velocity[0] == pytest.approx(0.3, abs=1e-3), "turning about the base does not bring the hand down"
    up = velocity_filter.apply(-proposed / 2, -proposed / 2, DT, around)
    assert up.evidence is PASSED
    assert up.velocity.tobytes() == (-proposed / 2).tobytes()


def test_jerk_is_bounded_where_a_ramp_turns_round(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    around, step = barriers.at(arm.home), arm.max_acceleration * DT
    # It was speeding up by a full step: it may hold its speed now, and brake a tick later.
    first = velocity_filter.apply(-arm.max_velocity, 2 * step, DT, around, last_change=step)
    assert np.allclose(first.velocity, 2 * step)
    assert first.evidence.key == "limited:velocity", "the proposal itself is too fast"
    wanted = velocity_filter.apply(-0.2 * arm.max_velocity, 2 * step, DT, around, last_change=step)
    assert wanted.evidence.key == "ramped:jerk"
    second = velocity_filter.apply(-0.2 * arm.max_velocity, first.velocity, DT, around, last_change=0 * step)
    assert np.allclose(second.velocity, step)


def test_hand_too_fast_is_slowed_and_named(
    arm: Arm, limits: SafetyLimits, velocity_filter: VelocityFilter, barriers: Barriers
) -> None:
    around = barriers.at(arm.home)
    sideways = 0.95 * arm.max_velocity * np.sign(around.speed_jacobian[0, 1])
    velocity, change = STILL, STILL
    for _ in range(60):
        filtered = velocity_filter.apply(sideways, velocity, DT, around, change)
        velocity, change = filtered.velocity, filtered.velocity - velocity
        assert np.linalg.norm(around.speed_jacobian[0] @ velocity) <= (limits.tool_speed - limits.cartesian_margin) + 1e-6
    assert (filtered.evidence.reason, filtered.evidence.subject) == (Reason.CARTESIAN_SPEED, "tool")
    assert np.linalg.norm(around.speed_jacobian[0] @ velocity) > 0.9 * (limits.tool_speed - limits.cartesian_margin)


def test_where_no_velocity_keeps_all_rows_the_arm_brakes(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    """Rows that contradict each other, as a sudden obstacle on both sides would: what is left is the braking line."""
    around = barriers.at(arm.home)
    row = np.zeros((2, 9))
    row[0, 0], row[1, 0] = 1.0, -1.0
    trapped = replace(around, near=around.near[:2], approach=row, allowed=np.array([-0.5, -0.5]))
    velocity, change = 0.3 * arm.max_velocity, STILL
    direction = velocity / np.linalg.norm(velocity)
    for _ in range(12):
        filtered = velocity_filter.apply(arm.max_velocity, velocity, DT, trapped, change)
        assert np.all(np.abs(filtered.velocity) <= np.abs(velocity) + 1e-12)
        assert np.all(np.abs(filtered.velocity - velocity) <= arm.max_acceleration * DT + 1e-12)
        if np.linalg.norm(filtered.velocity) > 0.1:
            assert np.allclose(filtered.velocity / np.linalg.norm(filtered.velocity), direction), "in a straight line"
        velocity, change = filtered.velocity, filtered.velocity - velocity
    assert not velocity.any()


def test_blind_halt_brakes_every_joint_to_rest(arm: Arm, velocity_filter: VelocityFilter) -> None:
    velocity, ticks = arm.max_velocity.copy(), 0
    while velocity.any():
        following = velocity_filter.halt_blind(velocity, DT)
        assert np.all(np.abs(following - velocity) <= arm.max_acceleration * DT + 1e-12)
        assert np.all(np.abs(following) <= np.abs(velocity))
        velocity, ticks = following, ticks + 1
    assert ticks <= 28
