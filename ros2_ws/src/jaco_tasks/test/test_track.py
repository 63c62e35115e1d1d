"""Ways of objects that move by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.errors import ContractError
from jaco_tasks.track import Track

TRACK = Track(np.array([0.0, 1.0, 3.0]), np.array([(0.4, 0.0, 0.1), (0.4, 0.2, 0.1), (0.4, -0.2, 0.1)]))


@pytest.mark.parametrize(
    ("seconds", "y"),
    [(0.0, 0.0), (0.5, 0.1), (1.0, 0.2), (2.0, 0.0), (3.0, -0.2), (4.0, 0.0), (5.5, 0.1), (6.0, 0.0), (7.0, 0.2)],
)
def test_it_goes_from_point_to_point_and_back_for_ever(seconds: float, y: float) -> None:
    np.testing.assert_allclose(TRACK.at(seconds), (0.4, y, 0.1), atol=1e-12)


def test_it_begins_exactly_where_it_begins_and_cannot_be_changed() -> None:
    np.testing.assert_array_equal(TRACK.at(0.0), TRACK.points[0])
    TRACK.at(0.0)[:] = 9.0
    np.testing.assert_array_equal(TRACK.at(0.0), (0.4, 0.0, 0.1))
    with pytest.raises(ValueError, match="read-only"):
        TRACK.points[0] = 9.0


@pytest.mark.parametrize(
    ("times", "points"),
    [
        ((0.0,), np.zeros((1, 3))),
        ((0.0, 1.0), np.zeros((3, 3))),
        ((0.5, 1.0), np.zeros((2, 3))),
        ((0.0, 1.0, 1.0), np.zeros((3, 3))),
        ((0.0, np.nan), np.zeros((2, 3))),
        ((0.0, 1.0), np.full((2, 3), np.inf)),
    ],
)
def test_what_is_no_way_is_refused(times: tuple[float, ...], points: np.ndarray) -> None:
    with pytest.raises(ContractError, match="times that rise from 0, got"):
        Track(np.array(times), points)
