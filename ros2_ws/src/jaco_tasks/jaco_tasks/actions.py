"""The discrete action set: per joint an index into its speeds, as the paper's softmax per joint."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaco_core.arms import Arm

# Share of a joint's top speed, so that the controller's overshoot stays below the limit.
SPEED_SHARE = 0.95


def action_speeds(arm: Arm, speeds_per_joint: int = 3) -> NDArray[np.float64]:
    """Returns the speeds [rad/s] that a policy chooses from, shape (n, k): evenly spaced from -v to v, rounded to mrad/s."""
    shares = np.linspace(-SPEED_SHARE, SPEED_SHARE, speeds_per_joint)
    return np.round(np.outer(arm.max_velocity, shares), 3)


def action_velocity(speeds: NDArray[np.float64], action: ArrayLike) -> NDArray[np.float64]:
    """Returns the joint velocity [rad/s], shape (..., n), that the action indices, shape (..., n), stand for."""
    return np.asarray(speeds[np.arange(len(speeds)), np.asarray(action)])
