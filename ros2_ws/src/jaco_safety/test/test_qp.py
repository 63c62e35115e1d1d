"""The quadratic program against answers that are known."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jaco_safety.qp import closest

ONES = np.ones(3)


def test_wish_within_all_limits_is_the_answer() -> None:
    wanted = np.array([0.1, -0.2, 0.3])
    answer = closest(wanted, -ONES, ONES, np.eye(3), np.full(3, 0.5))
    assert answer is not None and np.allclose(answer, wanted, atol=1e-12)


def test_wish_beyond_a_plane_is_projected_onto_it() -> None:
    normal = np.array([[1.0, 1.0, 0.0]]) / np.sqrt(2.0)
    answer = closest(np.array([1.0, 1.0, 0.5]), -2 * ONES, 2 * ONES, normal, np.zeros(1))
    assert answer is not None and np.allclose(answer, [0.0, 0.0, 0.5], atol=1e-9)


def test_contradiction_has_no_answer() -> None:
    rows = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    assert closest(np.zeros(3), -ONES, ONES, rows, np.array([-0.5, -0.5])) is None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_feasible_point_is_closer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted, rows, bound = rng.normal(size=9), rng.normal(size=(12, 9)), rng.uniform(0.0, 0.5, 12)
    answer = closest(wanted, -np.ones(9), np.ones(9), rows, bound)
    assert answer is not None, "zero keeps every limit"
    assert np.all(np.abs(answer) <= 1.0) and np.all(rows @ answer <= bound + 1e-7)
    for other in 0.3 * rng.normal(size=(200, 9)):
        if np.all(rows @ other <= bound):
            assert np.linalg.norm(answer - wanted) <= np.linalg.norm(other - wanted) + 1e-9
