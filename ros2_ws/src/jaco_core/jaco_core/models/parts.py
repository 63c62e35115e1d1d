"""What the models of all arms are made of: tracked points, and velocity servos on the driven joints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mujoco

from jaco_core.arms import Arm, Joint


@dataclass(frozen=True)
class TrackedPoint:
    """A point that moves with `body`, at `offset` [m] in the body's frame; `radius` [m] of the part of the arm around it."""

    name: str
    body: str
    offset: tuple[float, float, float]
    radius: float


def add_servos(spec: Any, arm: Arm, servo: Callable[[Joint], tuple[float, float]]) -> None:
    """Adds one velocity actuator per driven joint, in the arm's order and with its speed limits.

    `servo` returns a joint's gain [N m s/rad] and peak torque [N m].
    """
    for joint in arm.joints:
        gain, torque = servo(joint)
        actuator = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_velocity(kv=gain)
        actuator.ctrllimited, actuator.ctrlrange = True, (-joint.max_velocity, joint.max_velocity)
        actuator.forcelimited, actuator.forcerange = True, (-torque, torque)


def drop_prefix(spec: Any, prefix: str) -> None:
    """Gives the parts of `spec` whose names begin with `prefix` their own names back: attaching models needs a prefix."""
    for element in (*spec.bodies, *spec.joints, *spec.geoms, *spec.sites, *spec.equalities):
        element.name = element.name.removeprefix(prefix)
    for equality in spec.equalities:
        equality.name1, equality.name2 = equality.name1.removeprefix(prefix), equality.name2.removeprefix(prefix)
    for exclude in spec.excludes:
        exclude.bodyname1, exclude.bodyname2 = exclude.bodyname1.removeprefix(prefix), exclude.bodyname2.removeprefix(prefix)


def compensate_gravity(spec: Any) -> None:
    """Compensates gravity on every body, as the arms' firmware does."""
    for body in spec.bodies:
        if body.name != "world":
            body.gravcomp = 1.0
