"""What one mode allows: how fast the joints, palm and elbow may go, and whether somebody must hold the dead-man key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_safety.limits import SafetyLimits
from jaco_safety.modes import Mode
from jaco_safety.reasons import Evidence, Reason


@dataclass(frozen=True)
class Envelope:
    """Limits of a mode. `speed`: per joint [rad/s], shape (n,); `top_speed`: of palm and elbow [m/s], None in full mode."""

    joint_names: tuple[str, ...]
    full_speed: Vector
    speed: Vector
    top_speed: float | None
    heartbeat: bool

    def slowed(self, proposed: Vector) -> tuple[Vector, Evidence | None]:
        """Returns `proposed`, slowed in proportion until no joint is beyond the mode's speed, and evidence if that changed it."""
        if not (self.speed < self.full_speed).any():
            return proposed, None
        excess = np.abs(proposed) / np.maximum(self.speed, 1e-9)
        joint = int(np.argmax(excess))
        if excess[joint] <= 1.0:
            return proposed, None
        slow: Vector = proposed / excess[joint]
        return slow, Evidence(Reason.MODE_SPEED, self.joint_names[joint], float(proposed[joint]), float(slow[joint]), "rad/s")


def make_envelopes(arm: Arm, limits: SafetyLimits) -> dict[Mode, Envelope]:
    """Returns the envelope of every mode."""
    envelopes = {}
    for mode in Mode:
        own = limits.supervision.of(mode)
        top_speed = limits.reduced_speed if own.reduced else None
        envelopes[mode] = Envelope(
            arm.joint_names, arm.max_velocity, arm.max_velocity * own.speed_scale, top_speed, own.heartbeat
        )
    return envelopes
