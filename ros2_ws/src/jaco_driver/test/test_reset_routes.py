from __future__ import annotations

import numpy as np
import pytest
from reset_support import ARM, BARRIERS, routes

from jaco_core.types import Vector
from jaco_driver.reset.routes import Routes

HOME = np.array(ARM.home)


def turned(joint: int, angle: float) -> Vector:
    posture = np.array(HOME)
    posture[joint] += angle
    return posture


def test_a_continuous_joint_takes_the_shorter_way_round() -> None:
    near = routes().nearest(HOME, turned(0, 2.0 * np.pi + 0.1))
    assert near[0] == pytest.approx(HOME[0] + 2.0 * np.pi)
    np.testing.assert_array_equal(near[1:], HOME[1:])
    # A joint with limits has one place only.
    assert routes().nearest(HOME, turned(1, 2.0 * np.pi))[1] == HOME[1]


def test_a_line_that_keeps_clear_is_the_way() -> None:
    goal = turned(0, 0.6)
    way = routes().plan(HOME, goal, ())
    assert way is not None and len(way) == 1
    np.testing.assert_array_equal(way[0], goal)


def test_what_ends_in_the_table_is_no_way() -> None:
    own, into_the_table = routes(), turned(1, -0.8)
    assert not own.allows(into_the_table) and not own.free(HOME, into_the_table)
    assert own.plan(HOME, into_the_table, (HOME,)) is None


def wall(position: Vector) -> Vector:
    """The distance to a wall across joint 1's way, which ends where joint 4 is turned by half a radian."""
    across, along = abs(position[0] - HOME[0] - 0.5) - 0.05, position[3] - HOME[3] - 0.5
    return np.array([max(across, along)])


def test_a_detour_is_found_around_what_is_in_the_way() -> None:
    own, goal = Routes(ARM, wall, 0.02, 0.04), turned(0, 1.0)
    around = np.array(turned(3, 1.5))
    around[0] += 0.5
    assert not own.free(HOME, goal) and own.plan(HOME, goal, ()) is None
    assert own.plan(HOME, goal, (turned(1, 0.2),)) is None
    way = own.plan(HOME, goal, (turned(1, 0.2), around))
    assert way is not None
    np.testing.assert_array_equal(way, (around, goal))


def test_the_way_out_of_a_tight_place_is_open_and_the_way_in_is_not() -> None:
    own = routes()
    tight = np.array(HOME)
    while BARRIERS.distance(tight).min() > 0.005:
        tight[1] -= 0.01
    assert not own.allows(tight)
    assert own.free(tight, HOME) and not own.free(HOME, tight)
    deeper = tight + (tight - HOME) * 0.1
    assert not own.free(tight, deeper)


def test_limits_of_joints_are_kept() -> None:
    own = routes()
    beyond = np.array(HOME)
    beyond[6] = ARM.upper[6] - 0.01
    assert not own.allows(beyond) and own.plan(HOME, beyond, ()) is None
    assert own.free(beyond, HOME)
