"""Leads the palm of an arm elsewhere: joint angles near the given ones (damped least squares)."""

from __future__ import annotations

import numpy as np

from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector, frozen_vector

_ITERATIONS = 25
# As good as there: less than the arm's own tolerance at a posture.
_CLOSE_M = 0.002
# The longest way [m] of which the Jacobian still tells something.
_STRIDE_M = 0.1
# Keeps joints from running away where the arm is stretched [m/rad].
_DAMPING = 0.05


def lead_palm(kinematics: Kinematics, position: Vector, point: Vector) -> Vector:
    """Returns joint angles [rad], shape (n,), from `position` on, whose palm is at `point` [m], shape (3,), or near it.

    Joint limits and obstacles are not looked at. `kinematics` is left at the angles that are returned.
    """
    kinematics.update(position)
    for _ in range(_ITERATIONS):
        way = point - kinematics.position("palm")
        length = float(np.linalg.norm(way))
        if length <= _CLOSE_M:
            break
        jacobian = kinematics.jacobian("palm")
        stride = way * min(1.0, _STRIDE_M / length)
        position = position + jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + _DAMPING**2 * np.eye(3), stride)
        kinematics.update(position)
    return frozen_vector(position)
