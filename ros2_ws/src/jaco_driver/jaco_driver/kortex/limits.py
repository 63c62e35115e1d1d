"""The base's own speed limits, and the stricter of them and the arm file's."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.types import Vector, frozen_vector


def stricter_speeds(arm: Arm, count: int, hard_deg_per_s: list[float]) -> Vector:
    """Returns the speed limits [rad/s], shape (n,), that both the arm's file and the base's hard limits allow.

    `hard_deg_per_s`: of the first `count` joints, in their order.

    Raises:
        ContractError: the base gives another number of limits, or one that is not a positive number.
    """
    hard = np.radians(np.asarray(hard_deg_per_s, dtype=np.float64))
    if len(hard) != count or not np.all(np.isfinite(hard)) or not np.all(hard > 0.0):
        raise ContractError(f"The base gives the speed limits {hard_deg_per_s} deg/s; {count} positive numbers are needed.")
    limits = np.array(arm.max_velocity)
    limits[:count] = np.minimum(limits[:count], hard)
    return frozen_vector(limits)
