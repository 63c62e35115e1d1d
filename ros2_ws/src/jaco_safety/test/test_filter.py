"""The filter by itself, in an exact kinematic integration of the arm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_safety.barriers import Barriers, Surroundings
from jaco_safety.filter import VelocityFilter
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import PASSED, Reason, Verdict

DT = 0.01
STILL = np.zeros(9)
MODES = ("random", "bang-bang", "joint limits", "one barrier", "nearest barrier", "unbounded")


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
    proposed = arm.max_velocity * np.array([1, -1, 0, 1, -1, 1, 1, -1, 0])
    filtered = velocity_filter.apply(proposed, proposed, DT, barriers.at(arm.home))
    assert filtered.velocity.tobytes() == proposed.tobytes()
    assert filtered.evidence is PASSED


def test_step_is_ramped_and_does_not_count_as_limited(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    filtered = velocity_filter.apply(only(0, 0.5), STILL, DT, barriers.at(arm.home))
    assert filtered.evidence.verdict is Verdict.RAMPED
    assert filtered.evidence.key == "ramped:acceleration"
    assert filtered.velocity[0] == pytest.approx(arm.max_acceleration[0] * DT)


def test_too_fast_is_clamped_per_joint(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    previous = only(3, 0.837) + only(0, 0.1)
    filtered = velocity_filter.apply(only(3, 5.0) + only(0, 0.1), previous, DT, barriers.at(arm.home))
    assert filtered.evidence.reason is Reason.VELOCITY
    assert (filtered.evidence.subject, filtered.evidence.value, filtered.evidence.bound) == ("joint_4", 5.0, 0.837)
    assert np.array_equal(filtered.velocity, previous)


def test_position_limit_slows_the_approach_and_not_the_retreat(
    arm: Arm, limits: SafetyLimits, velocity_filter: VelocityFilter, barriers: Barriers
) -> None:
    position = arm.home.copy()
    position[6] = arm.upper[6] - limits.position_margin - 0.01
    around = barriers.at(position)
    towards = velocity_filter.apply(only(6, 0.5), only(6, 0.2), DT, around)
    assert (towards.evidence.reason, towards.evidence.subject) == (Reason.POSITION, "finger_1")
    # v t + v^2 / (2 a) = 0.01 rad with t = 0.02 s and a = 4 rad/s^2
    assert towards.velocity[6] == pytest.approx(0.2138, abs=1e-3)
    away = velocity_filter.apply(only(6, -0.04), STILL, DT, around)
    assert away.velocity[6] == -0.04


def test_beyond_a_joint_limit_only_the_way_back_is_open(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    position = arm.home.copy()
    position[6] = arm.lower[6] - 0.05
    around = barriers.at(position)
    assert velocity_filter.apply(only(6, -0.04), STILL, DT, around).velocity[6] == 0.0
    assert velocity_filter.apply(only(6, 0.04), STILL, DT, around).velocity[6] == 0.04


def near_table(arm: Arm, barriers: Barriers) -> tuple[Vector, Surroundings]:
    """Returns a position with a finger tip 1 cm above the table's clearance, reached by lowering joint 2 from home."""
    position = arm.home.copy()
    tables = [index for index, barrier in enumerate(barriers.barriers) if barrier.limited is Reason.TABLE]
    for _ in range(2000):
        around = barriers.at(position)
        if around.distance[tables].min() < 0.01:
            return position, around
        position[1] += 0.001 * np.sign(around.approach[tables][:, 1].sum())
    raise AssertionError("joint 2 does not lead to the table")


def test_table_slows_what_pushes_and_leaves_the_rest(arm: Arm, velocity_filter: VelocityFilter, barriers: Barriers) -> None:
    _, around = near_table(arm, barriers)
    down = np.sign(around.approach[around.distance.argmin(), 1])
    proposed = only(1, 0.5 * down) + only(0, 0.3)
    filtered = velocity_filter.apply(proposed, proposed, DT, around)
    assert filtered.evidence.reason is Reason.TABLE
    assert 0.0 < filtered.evidence.bound < filtered.evidence.value
    up = velocity_filter.apply(-proposed, -proposed, DT, around)
    assert up.evidence is PASSED
    assert up.velocity.tobytes() == (-proposed).tobytes()


def test_blind_halt_brakes_every_joint_to_rest(arm: Arm, velocity_filter: VelocityFilter) -> None:
    velocity, ticks = arm.max_velocity.copy(), 0
    while velocity.any():
        following = velocity_filter.halt_blind(velocity, DT)
        assert np.all(np.abs(following - velocity) <= arm.max_acceleration * DT + 1e-12)
        assert np.all(np.abs(following) <= np.abs(velocity))
        velocity, ticks = following, ticks + 1
    assert ticks <= 28


def propose(mode: str, rng: np.random.Generator, tick: int, last: Vector, arm: Arm, around: Surroundings, victim: int) -> Vector:
    """Returns the next velocity of an adversary that acts in the given `mode`."""
    if mode == "random":
        return rng.uniform(-1.5, 1.5, 9)
    if mode == "bang-bang":
        return last if tick % 10 else arm.max_velocity * rng.integers(-1, 2, 9)
    if mode == "joint limits":
        return last if tick % 100 else 2.0 * arm.max_velocity * rng.choice([-1.0, 1.0], 9)
    if mode == "unbounded":
        return rng.choice([-1e308, -1e3, 0.0, 1e3, 1e308], 9)
    row = victim % len(around.distance) if mode == "one barrier" else int(around.distance.argmin())
    push: Vector = arm.max_velocity * np.sign(around.approach[row])
    return push


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), mode=st.sampled_from(MODES))
def test_no_limit_is_ever_violated(
    arm: Arm, limits: SafetyLimits, barriers: Barriers, velocity_filter: VelocityFilter, seed: int, mode: str
) -> None:
    rng = np.random.default_rng(seed)
    position, velocity, last = arm.home.copy(), STILL, STILL
    victim = int(rng.integers(1000))
    for tick in range(250):
        around = barriers.at(position)
        # The prediction is a straight line; what the arm's curvature adds stays below a millimetre.
        assert around.distance.min() > -1e-3, f"tick {tick}: {around.distance.min()} m"
        assert np.all(position >= arm.lower + limits.position_margin - 1e-9)
        assert np.all(position <= arm.upper - limits.position_margin + 1e-9)
        last = propose(mode, rng, tick, last, arm, around, victim)
        following = velocity_filter.apply(last, velocity, DT, around).velocity
        assert np.all(np.isfinite(following))
        assert np.all(np.abs(following) <= arm.max_velocity)
        assert np.all(np.abs(following - velocity) <= arm.max_acceleration * DT + 1e-12)
        velocity = following
        position = position + velocity * DT


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_from_a_safe_velocity_every_answer_is_safe(
    arm: Arm, limits: SafetyLimits, barriers: Barriers, velocity_filter: VelocityFilter, seed: int
) -> None:
    """Joints brake at different rates: where they cancelled each other's motion, the ramp alone would push into the table."""
    rng = np.random.default_rng(seed)
    _, around = near_table(arm, barriers)
    previous = arm.max_velocity * rng.uniform(-1.0, 1.0, 9)
    previous[6:] = 0.0
    previous = settled(velocity_filter, previous, around)
    for proposed in (STILL, arm.max_velocity * rng.integers(-1, 2, 9)):
        following = velocity_filter.apply(proposed, previous, DT, around).velocity
        stop_time = limits.reaction_time + 0.5 * float(np.max(np.abs(following) / arm.max_acceleration))
        assert np.all(around.approach @ following * stop_time <= np.maximum(around.distance, 0.0) + 1e-6)


def settled(velocity_filter: VelocityFilter, wanted: Vector, around: Surroundings) -> Vector:
    """Returns the velocity that the filter settles at when `wanted` is asked for long enough at one position."""
    velocity = STILL
    for _ in range(40):
        velocity = velocity_filter.apply(wanted, velocity, DT, around).velocity
    return velocity
