"""Detection, standstill and distance from made-up sightings."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_bringup.bench.faults.measure import Sighting, braking_ns, last_word_ns, path_length, standstill

MS = 1_000_000


def run(speeds: list[float]) -> list[Sighting]:
    """Returns one sighting per 10 ms."""
    return [Sighting(index * 10 * MS, index * 10 * MS, np.full(2, speed)) for index, speed in enumerate(speeds)]


def test_braking_begins_with_the_first_decrease_that_leads_to_rest() -> None:
    assert braking_ns(run([0.3, 0.2, 0.3, 0.3, 0.2, 0.1, 0.0]), 0) == 40 * MS
    assert braking_ns(run([0.3, 0.2, 0.1, 0.0]), 15 * MS) == 30 * MS


def test_without_rest_there_is_no_braking() -> None:
    assert braking_ns(run([0.3, 0.2, 0.1]), 0) is None
    assert braking_ns([], 0) is None


def test_standstill_lasts() -> None:
    rest = standstill(run([0.3, 0.0, 0.3] + [0.01] * 20), 0)
    assert rest is not None and rest.now_ns == 30 * MS
    assert standstill(run([0.3] + [0.0] * 10), 0) is None, "too short to be rest"


def test_path_length_follows_the_way() -> None:
    corners = [np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 0.0])]
    assert path_length(corners) == pytest.approx(3.0)
    assert path_length(corners[:1]) == 0.0


def test_the_last_word_is_the_zero_that_nothing_follows() -> None:
    assert last_word_ns(run([0.3, 0.0, 0.3, 0.0, 0.0]), 0) == 30 * MS
    assert last_word_ns(run([0.3, 0.2]), 0) is None
    assert last_word_ns(run([0.0, 0.0, 0.0]), 15 * MS) == 20 * MS
