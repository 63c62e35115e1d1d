"""Plain data: copied, read-only, checked."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.errors import ContractError
from jaco_core.types import JointSample, VelocityCommand, frozen_vector


def test_arrays_are_copied_and_read_only() -> None:
    position = np.zeros(2)
    sample = JointSample(1, ("a", "b"), position, np.zeros(2))
    position[0] = 5.0
    assert sample.position[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        sample.position[0] = 1.0


@pytest.mark.parametrize(("positions", "velocities", "efforts"), [(1, 2, 0), (2, 3, 0), (2, 2, 1)])
def test_lengths_that_disagree_are_refused(positions: int, velocities: int, efforts: int) -> None:
    with pytest.raises(ContractError, match="2 joints"):
        JointSample(1, ("a", "b"), np.zeros(positions), np.zeros(velocities), np.zeros(efforts))


def test_ordered_picks_by_name() -> None:
    sample = JointSample(7, ("c", "a", "b"), frozen_vector((3, 1, 2)), frozen_vector((30, 10, 20)), frozen_vector((6, 4, 5)))
    ordered = sample.ordered(("a", "b"))
    assert ordered.names == ("a", "b")
    np.testing.assert_array_equal(ordered.position, (1, 2))
    np.testing.assert_array_equal(ordered.velocity, (10, 20))
    np.testing.assert_array_equal(ordered.effort, (4, 5))
    assert ordered.stamp_ns == 7


def test_ordered_names_what_is_missing() -> None:
    sample = JointSample(7, ("a",), frozen_vector((1,)), frozen_vector((1,)))
    with pytest.raises(ContractError, match="lacks z"):
        sample.ordered(("a", "z"))


def test_a_command_keeps_its_own_copy() -> None:
    velocity = np.ones(2)
    command = VelocityCommand(1, ("a", "b"), velocity)
    velocity[:] = 9.0
    np.testing.assert_array_equal(command.velocity, (1.0, 1.0))
