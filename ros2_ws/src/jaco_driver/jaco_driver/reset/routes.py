"""Ways from one posture to another: straight lines in joint space, free by the supervisor's own barriers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector, frozen_vector

# Between two postures that are looked at, no joint moves farther than this [rad]: a few centimetres at the arm's full length.
_STEP = 0.05


class Routes:
    """Plans for one arm. `distance` gives the distance [m], shape (k,), to every barrier at joint angles [rad], shape (n,)."""

    def __init__(self, arm: Arm, distance: Callable[[Vector], Vector], clearance: float, limit_margin: float) -> None:
        """`clearance`: kept from every barrier [m]; `limit_margin`: kept from every joint's limit [rad]."""
        self._distance, self._clearance = distance, clearance
        self._lower, self._upper = arm.lower + limit_margin, arm.upper - limit_margin
        self._turns = np.isinf(arm.lower) & np.isinf(arm.upper)

    def nearest(self, goal: Vector, position: Vector) -> Vector:
        """Returns `goal` with its continuous joints turned by whole turns, so that they are nearest to those of `position`."""
        turns = np.where(self._turns, np.round((position - goal) / (2.0 * np.pi)), 0.0)
        return frozen_vector(goal + 2.0 * np.pi * turns)

    def allows(self, position: Vector) -> bool:
        """Tells whether the arm may rest at `position` [rad], shape (n,)."""
        inside = bool(((position >= self._lower) & (position <= self._upper)).all())
        return inside and bool((self._distance(position) >= self._clearance).all())

    def free(self, start: Vector, goal: Vector) -> bool:
        """Tells whether the line from `start` to `goal` keeps clear. Where it starts closer than that, it may not get closer."""
        allowed = np.minimum(self._clearance, self._distance(start) - 1e-3)
        lower, upper = np.minimum(self._lower, start), np.maximum(self._upper, start)
        for share in np.linspace(0.0, 1.0, 2 + int(np.abs(goal - start).max() / _STEP))[1:]:
            position = start + share * (goal - start)
            if ((position < lower) | (position > upper)).any():
                return False
            distance = self._distance(position)
            if (distance < allowed).any():
                return False
            # The way out of a tight place is one way.
            allowed = np.maximum(allowed, np.minimum(self._clearance, distance - 1e-3))
        return True

    def plan(self, start: Vector, goal: Vector, over: Iterable[Vector]) -> tuple[Vector, ...] | None:
        """Returns the postures to pass from `start` to `goal`, the last being the goal; over one of `over` where need be.

        None: no way was found.
        """
        end = self.nearest(goal, start)
        if not self.allows(end):
            return None
        if self.free(start, end):
            return (end,)
        for posture in over:
            between = self.nearest(posture, start)
            end = self.nearest(goal, between)
            if self.allows(between) and self.free(start, between) and self.free(between, end):
                return between, end
        return None
