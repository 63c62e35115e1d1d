"""The protection zones that are set up on the base: none of the arm's tracked points may be driven into one.

Shapes and fields are those of `ZoneShape` in Kinova's Base.proto: origin [m] in the base frame, a rotation matrix, and dimensions
[m] in the zone's frame: radius and height of a cylinder around its z axis, radius of a sphere, or the three edges of a box, each
centred on the origin; around it an envelope in which a zone's own speed limits hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaco_core.errors import ContractError
from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector, frozen_vector
from jaco_driver.kortex.vendor import Message, numbers

CYLINDER, SPHERE, BOX = 1, 2, 3
_DIMENSIONS = {CYLINDER: 2, SPHERE: 1, BOX: 3}
_SPEED_LIMITATION = 3

# [m/s^2] and [s]: with this deceleration a point can stop before a zone, after the time that a command takes to arrive.
_DECELERATION = 0.5
_LATENCY = 0.1
_STEP = 1e-5


@dataclass(frozen=True)
class Zone:
    """One zone. `envelope` [m] around it; in there a point moves at most at `envelope_speed` [m/s]."""

    name: str
    shape: int
    origin: Vector
    rotation: NDArray[np.float64]
    dimensions: tuple[float, ...]
    envelope: float = 0.0
    envelope_speed: float = np.inf

    def distance(self, point: Vector) -> float:
        """Returns how far `point` [m], shape (3,), is outside; negative inside."""
        x, y, z = self.rotation.T @ (np.asarray(point) - self.origin)
        if self.shape == SPHERE:
            return float(np.sqrt(x * x + y * y + z * z) - self.dimensions[0])
        if self.shape == CYLINDER:
            gaps = np.array([np.hypot(x, y) - self.dimensions[0], abs(z) - self.dimensions[1] / 2.0])
        else:
            gaps = np.abs([x, y, z]) - np.array(self.dimensions) / 2.0
        return float(np.linalg.norm(np.maximum(gaps, 0.0)) + min(gaps.max(), 0.0))

    def outward(self, point: Vector) -> Vector:
        """Returns the unit vector, shape (3,), along which `point` leaves the zone fastest."""
        steps = np.eye(3) * _STEP
        gradient = np.array([self.distance(point + step) - self.distance(point - step) for step in steps])
        length = float(np.linalg.norm(gradient))
        return gradient / length if length > 0.0 else np.array([0.0, 0.0, 1.0])


def read_zones(message: Message) -> tuple[Zone, ...]:
    """Returns the zones that are enabled.

    Raises:
        ContractError: one of them has a shape or dimensions that are not understood, so it could not be obeyed.
    """
    return tuple(_read_zone(zone) for zone in message.protection_zones if zone.is_enabled)


def _read_zone(zone: Message) -> Zone:
    shape, matrix = zone.shape, zone.shape.orientation
    dimensions = tuple(numbers(shape.dimensions))
    rows = [[row.column1, row.column2, row.column3] for row in (matrix.row1, matrix.row2, matrix.row3)]
    rotation = np.array(rows, dtype=np.float64)
    wanted = _DIMENSIONS.get(int(shape.shape_type))
    if (
        wanted != len(dimensions)
        or not np.all(np.isfinite(dimensions))
        or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3)
    ):
        raise ContractError(
            f"Protection zone '{zone.name}' of the base is not understood (shape {shape.shape_type}, dimensions {dimensions}, "
            f"rotation {rows}); mend or disable it in Kinova's web application."
        )
    speeds = [float(one.translation) for one in zone.envelope_limitations if int(one.type) == _SPEED_LIMITATION]
    return Zone(
        str(zone.name),
        int(shape.shape_type),
        frozen_vector([shape.origin.x, shape.origin.y, shape.origin.z]),
        rotation,
        dimensions,
        max(float(shape.envelope_thickness), 0.0),
        min([speed for speed in speeds if speed > 0.0], default=np.inf),
    )


class ZoneGuard:
    """Slows a joint velocity down so that every tracked point can still stop before every zone. Not thread-safe."""

    def __init__(self, kinematics: Kinematics | None, zones: Sequence[Zone]) -> None:
        """`kinematics` may only be None where there are no zones."""
        self._kinematics = kinematics
        self._zones = tuple(zones)

    def scale(self, position: Vector, velocity: Vector) -> float:
        """Returns the share 0..1 of `velocity` [rad/s] that is allowed at the angles `position` [rad], both of shape (n,).

        Motion away from a zone is never slowed down, so an arm that is inside of one can be driven out.
        """
        if not self._zones or self._kinematics is None:
            return 1.0
        self._kinematics.update(position)
        share = 1.0
        for name, radius in zip(self._kinematics.names, self._kinematics.radii, strict=True):
            point = self._kinematics.position(name)
            moving = self._kinematics.jacobian(name) @ velocity
            for zone in self._zones:
                share = min(share, _share(zone, point, float(radius), moving))
        return share


def _share(zone: Zone, point: Vector, radius: float, moving: Vector) -> float:
    """Returns the share of the point's velocity `moving` [m/s] that `zone` allows."""
    gap = zone.distance(point) - radius
    share = 1.0
    approach = -float(zone.outward(point) @ moving)
    if approach > 0.0:
        # v with v * latency + v^2 / (2 a) = gap
        allowed = _DECELERATION * (np.sqrt(_LATENCY**2 + 2.0 * max(gap, 0.0) / _DECELERATION) - _LATENCY)
        share = min(share, allowed / approach)
        speed = float(np.linalg.norm(moving))
        if gap < zone.envelope and speed > zone.envelope_speed:
            share = min(share, zone.envelope_speed / speed)
    return share
