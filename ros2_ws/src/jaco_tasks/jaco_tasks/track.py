"""How an object of a task moves by itself: at a constant speed between points, as a pure function of the time since a start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.errors import ContractError
from jaco_core.types import Vector, frozen_vector


@dataclass(frozen=True)
class Track:
    """A way along `points` [m], shape (k, 3), base frame, which are reached at `times` [s], shape (k,), rising from 0.

    From the last point it goes back the way that it came, and so on for ever.

    Raises:
        ContractError: fewer than two points, not a time for each, or times that do not rise from 0.
    """

    times: Vector
    points: NDArray[np.float64]

    def __post_init__(self) -> None:
        times, points = frozen_vector(self.times), np.array(self.points, np.float64)
        points.setflags(write=False)
        finite = np.isfinite(times).all() and np.isfinite(points).all()
        if len(times) < 2 or points.shape != (len(times), 3) or not finite or times[0] != 0.0 or (np.diff(times) <= 0.0).any():
            raise ContractError(
                f"A track takes 2 or more points (k, 3) and as many times that rise from 0, got {points.shape}, {times.tolist()}."
            )
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "points", points)

    def at(self, seconds: float) -> Vector:
        """Returns the position [m], shape (3,), `seconds` [s] after the start."""
        whole = float(self.times[-1])
        there = whole - abs(seconds % (2.0 * whole) - whole)
        index = min(int(np.searchsorted(self.times, there, side="right")), len(self.times) - 1)
        since, until = self.times[index - 1], self.times[index]
        before, after = self.points[index - 1], self.points[index]
        return np.asarray(before + (there - since) / (until - since) * (after - before))
