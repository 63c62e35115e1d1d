"""Which action was executed, or shown by an operator, seen from what the arm's side applied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector

# Applied velocities that differ by less are the same [rad/s].
TOLERANCE = 0.02


def executed_action(
    chosen: NDArray[np.int64],
    speeds: NDArray[np.float64],
    before: Vector,
    applied: NDArray[np.float64],
    max_acceleration: Vector,
    tick_s: float,
) -> NDArray[np.int64]:
    """Returns, per joint, the index of the speed that would have been applied most like `applied`, shape (n,).

    An arm's velocity is ramped, so a speed is compared by the mean of its ramp from `before`, the velocity [rad/s] that was
    applied last, over as many ticks as there are rows in `applied`, shape (ticks, n). Where the `chosen` speed explains what was
    applied as well as any other does, within TOLERANCE, it is the one: on a long ramp two speeds look the same.
    """
    distance = _distances(speeds, before, applied, max_acceleration, tick_s)
    joints = np.arange(len(speeds))
    nearest = distance.argmin(axis=0)
    explained = distance[chosen, joints] <= distance[nearest, joints] + TOLERANCE
    return np.where(explained, chosen, nearest)


def corrected_action(
    speeds: NDArray[np.float64],
    share: float,
    before: Vector,
    applied: NDArray[np.float64],
    max_acceleration: Vector,
    tick_s: float,
) -> NDArray[np.int64]:
    """Returns, per joint, the index of the speed that an operator's motion `applied`, shape (ticks, n), stands for, shape (n,).

    Operators are slower than policies, by their mode's limits and by their own care: `share` of a speed, ramped to from the
    velocity [rad/s] `before`, is what the motion is compared with. Of speeds that are as near, within TOLERANCE, it is the
    slowest: on a long ramp they look the same.
    """
    distance = _distances(share * speeds, before, applied, max_acceleration, tick_s)
    near = distance <= distance.min(axis=0) + TOLERANCE
    slowest: NDArray[np.int64] = np.where(near, np.abs(speeds.T), np.inf).argmin(axis=0)
    return slowest


def _distances(
    speeds: NDArray[np.float64], before: Vector, applied: NDArray[np.float64], max_acceleration: Vector, tick_s: float
) -> NDArray[np.float64]:
    """Returns how far each speed's mean ramp is from what was applied [rad/s], shape (choices, n)."""
    velocity = np.tile(before, (speeds.shape[1], 1))
    means = np.zeros_like(velocity)
    for _ in applied:
        velocity = ramp_velocity(velocity, speeds.T, max_acceleration, tick_s)
        means += velocity / len(applied)
    distance: NDArray[np.float64] = np.abs(means - applied.mean(axis=0))
    return distance
