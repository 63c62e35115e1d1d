"""The velocity ramp that the supervisor and the environments share."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.ramp import ramp_velocity

ACCELERATION = np.array([5.0, 3.0])


def test_the_change_is_bounded_per_joint() -> None:
    after = ramp_velocity(np.zeros(2), np.array([0.6, -0.8]), ACCELERATION, 0.01)
    np.testing.assert_allclose(after, [0.05, -0.03])


def test_a_target_within_reach_is_met_exactly_and_then_kept() -> None:
    target = np.array([0.1 + 0.2, -0.3])
    velocity = np.zeros(2)
    for _ in range(100):
        velocity = ramp_velocity(velocity, target, ACCELERATION, 0.01)
    assert (velocity == target).all()


def test_a_batch_is_ramped_row_by_row_and_its_input_is_left_alone() -> None:
    current, target = np.zeros((3, 2)), np.tile([[0.6, -0.8]], (3, 1))
    after = ramp_velocity(current, target, ACCELERATION, 0.01)
    assert after.shape == (3, 2)
    assert not current.any()
    np.testing.assert_array_equal(after[0], ramp_velocity(current[0], target[0], ACCELERATION, 0.01))


@pytest.mark.parametrize("joint", [0, 1])
def test_nan_is_not_hidden(joint: int) -> None:
    target = np.zeros(2)
    target[joint] = np.nan
    assert np.isnan(ramp_velocity(np.zeros(2), target, ACCELERATION, 0.01)[joint])
