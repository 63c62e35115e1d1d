"""The discrete action set."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import load_arm
from jaco_tasks.actions import action_speeds, action_velocity

ARM = load_arm("j2n6s300")


def test_three_speeds_per_joint_below_the_arm_s() -> None:
    speeds = action_speeds(ARM)
    assert speeds.shape == (9, 3)
    assert (speeds[:, 1] == 0.0).all() and (speeds[:, 0] == -speeds[:, 2]).all()
    assert (speeds[:, 2] < ARM.max_velocity).all() and (speeds[:, 2] > 0.9 * ARM.max_velocity).all()


def test_indices_become_velocities_for_one_arm_and_for_many() -> None:
    speeds = action_speeds(ARM)
    assert not action_velocity(speeds, np.ones(9, int)).any()
    many = action_velocity(speeds, np.full((4, 9), 2))
    np.testing.assert_array_equal(many, np.tile(speeds[:, 2], (4, 1)))
