"""What a minute of motion leaves: joints, commands and pictures with their stamps. Refuses what nothing can be learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError

Array = NDArray[np.float64]
LONGEST_DELAY_S = 0.3
"""Longest delay that is looked for: what a profile may have."""
_LEAST_SECONDS = 20.0
# Less than this and friction, gain and delay of a joint look alike.
_LEAST_TRAVEL, _LEAST_SPEED = 0.05, 0.10
# More than this between two joint states is the start of something new: a reset, or a gap.
_GAP_S, _JUMP = 0.05, 0.03


@dataclass(frozen=True)
class MotionRecord:
    """One arm's motion. Times in s, on one clock that only rises; joints in the arm's order.

    `times`: of joint states, shape (t,), with `position` [rad] and `velocity` [rad/s], shape (t, n). `command_times`: when a
    velocity was applied, shape (c,), with `command` [rad/s], shape (c, n); each holds until the next. `image_times`: stamps of
    `images`, uint8, shape (k, h, w, 3), RGB. `camera_matrix`: the camera's intrinsics [px], shape (3, 3), None without pictures.
    """

    arm: Arm
    times: Array
    position: Array
    velocity: Array
    command_times: Array
    command: Array
    image_times: Array = field(default_factory=lambda: np.zeros(0))
    images: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 0, 3), np.uint8))
    camera_matrix: Array | None = None

    def stretches(self) -> list[slice]:
        """Returns where the joint states go on without a gap or a reset: slices of `times`."""
        step = np.diff(self.times)
        expected = 0.5 * (self.velocity[1:] + self.velocity[:-1]) * step[:, None]
        jumps = np.abs(np.diff(self.position, axis=0) - expected).max(axis=1, initial=0.0) > _JUMP
        cuts = np.flatnonzero((step > _GAP_S) | jumps) + 1
        bounds = [0, *cuts.tolist(), len(self.times)]
        return [slice(first, last) for first, last in pairwise(bounds) if last - first > 1]

    @property
    def seconds(self) -> float:
        """How long the arm was watched, without gaps [s]."""
        return float(sum(self.times[part.stop - 1] - self.times[part.start] for part in self.stretches()))

    def require_motion(self) -> None:
        """Checks that the record is long enough and that every joint moved.

        Raises:
            ConfigError: it is too short, holds a number that is not finite, or a joint hardly moved.
        """
        for label in ("times", "position", "velocity", "command_times", "command"):
            if not np.isfinite(getattr(self, label)).all():
                raise ConfigError(f"The record's {label} holds a number that is not finite; record again.")
        if self.seconds < _LEAST_SECONDS:
            raise ConfigError(
                f"The record has {self.seconds:.1f} s of motion; identification needs at least {_LEAST_SECONDS:.0f} s, "
                "better a minute."
            )
        travel = np.max([np.ptp(self.position[part], axis=0) for part in self.stretches()], axis=0)
        speed = np.ptp(self.velocity, axis=0)
        for name, way, spread in zip(self.arm.joint_names, travel, speed, strict=True):
            if way < _LEAST_TRAVEL or spread < _LEAST_SPEED:
                raise ConfigError(
                    f"Joint {name} hardly moved: over {way:.3f} rad, between speeds {spread:.3f} rad/s apart; identification "
                    f"needs at least {_LEAST_TRAVEL} rad and {_LEAST_SPEED} rad/s of every joint."
                )

    def commanded(self, start: Array, seconds: float) -> Array:
        """Returns the mean of what was commanded [rad/s] from each of the times `start` on, for `seconds`; shape (..., n).

        The mean over a step makes a delay that is no whole number of steps count, and the result smooth in it.
        """
        held = np.diff(self.command_times, append=self.command_times[-1] + 1.0)
        times = np.append(self.command_times, self.command_times[-1] + 1.0)
        total = np.vstack((np.zeros(self.command.shape[1]), np.cumsum(self.command * held[:, None], axis=0)))
        way = [np.interp(start + seconds, times, column) - np.interp(start, times, column) for column in total.T]
        return np.stack(way, axis=-1) / seconds

    def position_at(self, times: Array) -> Array:
        """Returns the joint angles [rad] at `times`, shape (..., n), between two joint states on the line between them."""
        return np.stack([np.interp(times, self.times, column) for column in self.position.T], axis=-1)
