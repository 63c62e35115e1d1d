"""The closest point to a wanted one within linear limits: a small strictly convex quadratic program.

Solved by DAQP, a dual active-set method (Arnstrom, Bemporad and Axehill: A Dual Active-Set Solver for Embedded Quadratic
Programming Using Recursive LDL' Updates. IEEE TAC 67, 2022).
"""

from __future__ import annotations

from functools import lru_cache

import daqp
import numpy as np
from numpy.typing import NDArray

from jaco_core.types import Vector

_OPTIMAL = 1
_ITERATIONS = 200
_UNBOUNDED = 1e30


def closest(wanted: Vector, lower: Vector, upper: Vector, rows: NDArray[np.float64], bound: Vector) -> Vector | None:
    """Returns argmin |v - wanted|^2 with lower <= v <= upper and rows v <= bound, or None when there is no such v.

    Args:
        wanted: shape (n,), like `lower`, `upper` and the result.
        lower: the simple bounds from below.
        upper: the simple bounds from above.
        rows: shape (k, n), C-contiguous.
        bound: shape (k,).
    """
    count, total = len(wanted), len(wanted) + len(bound)
    low = np.full(total, -_UNBOUNDED)
    low[:count] = lower
    solution, _, flag, _ = daqp.solve(
        _identity(count),
        -wanted,
        rows,
        np.concatenate([upper, bound]),
        low,
        np.zeros(total, dtype=np.int32),
        iter_limit=_ITERATIONS,
        primal_tol=1e-9,
    )
    # Written so that NaN fails too.
    if flag != _OPTIMAL or not abs(sum(solution.tolist())) < _UNBOUNDED:
        return None
    result: Vector = np.minimum(np.maximum(solution, lower), upper)
    return result


@lru_cache
def _identity(count: int) -> NDArray[np.float64]:
    return np.eye(count)
