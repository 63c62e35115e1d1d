"""Joint velocities as what a controller takes: velocities, positions, or a short trajectory that ends at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds

# A position target runs ahead of the measured position by at most what the joint does in this time [s].
_LEAD_S = 0.2
# Commands that come later than this after the last one move the target no farther [s].
_LONGEST_STEP_S = 0.05
# A trajectory keeps the speed for the first time and is at rest after the second [s].
_KEEP_S = 0.1
_BRAKE_S = 0.3


@dataclass(frozen=True)
class Array:
    """Values for a forward command controller: [rad/s] or [rad], shape (n,)."""

    values: Vector


@dataclass(frozen=True)
class Point:
    """A trajectory's point: `seconds` from now, joint angles [rad] and speeds [rad/s], shape (n,)."""

    seconds: float
    position: Vector
    velocity: Vector


@dataclass(frozen=True)
class Trajectory:
    """For a joint trajectory controller. It ends at rest, so an arm that hears nothing more stands still."""

    points: tuple[Point, ...]


Command = Array | Trajectory


class Style(Protocol):
    """How one kind of controller is commanded. `steady_ns`: a steady clock."""

    def begin(self, position: Vector, steady_ns: int) -> Command:
        """Returns rest at the measured `position` [rad], shape (n,)."""

    def move(self, velocity: Vector, position: Vector, steady_ns: int) -> Command:
        """Returns the command for `velocity` [rad/s], shape (n,), with the arm measured at `position` [rad], shape (n,)."""

    def rest(self) -> Command:
        """Returns the command that brakes."""


class VelocityStyle:
    """Velocities as they are. The controller holds the last one, whatever happens to its sender."""

    def __init__(self, arm: Arm) -> None:
        self._zero = np.zeros(len(arm))

    def begin(self, position: Vector, steady_ns: int) -> Command:
        return Array(self._zero)

    def move(self, velocity: Vector, position: Vector, steady_ns: int) -> Command:
        return Array(velocity)

    def rest(self) -> Command:
        return Array(self._zero)


class PositionStyle:
    """A target position that the velocities carry along; it never runs far ahead of the arm nor past its limits."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._lead = _LEAD_S * arm.max_velocity
        self._velocity = np.zeros(len(arm))
        self._target = np.array(arm.home)
        self._steady_ns = 0

    def begin(self, position: Vector, steady_ns: int) -> Command:
        self._target, self._velocity, self._steady_ns = np.array(position), np.zeros(len(self._arm)), steady_ns
        return self.rest()

    def move(self, velocity: Vector, position: Vector, steady_ns: int) -> Command:
        self._carry(velocity, position, steady_ns)
        return Array(self._target)

    def rest(self) -> Command:
        return Array(self._target)

    def _carry(self, velocity: Vector, position: Vector, steady_ns: int) -> None:
        seconds = min(ns_to_seconds(steady_ns - self._steady_ns), _LONGEST_STEP_S)
        target = self._target + seconds * self._velocity
        target = np.clip(target, position - self._lead, position + self._lead)
        self._target = np.clip(target, self._arm.lower, self._arm.upper)
        self._velocity, self._steady_ns = np.array(velocity), steady_ns


class TrajectoryStyle(PositionStyle):
    """The target and where it goes on to, as two points: a moment at this speed, then to rest."""

    def move(self, velocity: Vector, position: Vector, steady_ns: int) -> Command:
        self._carry(velocity, position, steady_ns)
        ahead = self._within(self._target + _KEEP_S * velocity)
        end = self._within(ahead + 0.5 * (_BRAKE_S - _KEEP_S) * velocity)
        return Trajectory((Point(_KEEP_S, ahead, velocity), Point(_BRAKE_S, end, np.zeros(len(self._arm)))))

    def rest(self) -> Command:
        end = self._within(self._target + 0.5 * _KEEP_S * self._velocity)
        return Trajectory((Point(_KEEP_S, end, np.zeros(len(self._arm))),))

    def _within(self, position: Vector) -> Vector:
        return np.clip(position, self._arm.lower, self._arm.upper)


STYLES: Mapping[str, type[VelocityStyle] | type[PositionStyle]] = MappingProxyType(
    {"velocity": VelocityStyle, "position": PositionStyle, "trajectory": TrajectoryStyle}
)
"""By the name that a robot's file gives as `command_interface`."""
