"""The Kinova Gen3 with 7 joints and its gripper: Kinova's frames and masses, capsules around the links (gen3.xml)."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import mujoco

from jaco_core.arms import Arm, Joint
from jaco_core.models import robotiq_2f_85
from jaco_core.models.parts import TrackedPoint, add_servos, compensate_gravity

# Gain [N m s/rad] (ours) and peak torque [N m] (Kinova's URDF) of the servos.
LARGE_JOINT_SERVO = (400.0, 39.0)
SMALL_JOINT_SERVO = (100.0, 9.0)
LARGE_JOINTS = frozenset({"joint_1", "joint_2", "joint_3", "joint_4"})

# The middle of the last link's flange [m], and its orientation (w, x, y, z).
_FLANGE = (0.0, 0.0, -0.0615), (0.0, 1.0, 0.0, 0.0)

# Elbow and wrist are the centres of joints 4 and 6.
TRACKED_POINTS = (
    TrackedPoint("elbow", "forearm", (0.0, 0.0, 0.0), 0.05),
    TrackedPoint("wrist", "wrist_2", (0.0, 0.0, 0.0), 0.045),
    robotiq_2f_85.FINGERS,
    robotiq_2f_85.PALM,
)

# Each body of the arm is a link of its own, under its own name.
_BODIES = ("base", "shoulder", "half_arm_1", "half_arm_2", "forearm", "wrist_1", "wrist_2", "bracelet")
LINKS = {name: name for name in _BODIES} | robotiq_2f_85.LINKS


def build(arm: Arm) -> Any:
    """Returns the arm with its gripper; site "palm" lies between the gripper's pads."""
    with as_file(files(__package__) / "gen3.xml") as path:
        spec = mujoco.MjSpec.from_file(str(path))
    robotiq_2f_85.attach(spec, "bracelet", *_FLANGE)
    compensate_gravity(spec)
    add_servos(spec, arm, _servo)
    return spec


def _servo(joint: Joint) -> tuple[float, float]:
    if joint.kind == "finger":
        return robotiq_2f_85.SERVO
    return LARGE_JOINT_SERVO if joint.name in LARGE_JOINTS else SMALL_JOINT_SERVO
