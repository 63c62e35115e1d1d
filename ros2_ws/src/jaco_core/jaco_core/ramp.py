"""How a velocity command changes with time: the same ramp for the safety supervisor and for the simulated environments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ramp_velocity(
    current: NDArray[np.float64], target: NDArray[np.float64], max_acceleration: NDArray[np.float64], seconds: float
) -> NDArray[np.float64]:
    """Returns `current` [rad/s] moved towards `target` [rad/s] by at most `max_acceleration` [rad/s^2] times `seconds`.

    Shapes (..., n), (..., n), (n,). A velocity within reach of the target is the target exactly. NaN stays NaN: check before.
    """
    change = max_acceleration * seconds
    difference = target - current
    return np.where(np.abs(difference) <= change, target, current + np.clip(difference, -change, change))
