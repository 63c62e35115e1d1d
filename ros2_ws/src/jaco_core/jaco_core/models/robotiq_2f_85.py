"""The gripper that Kinova mounts on its Gen3, a Robotiq 2F-85 (robotiq_2f_85.xml): one motor, 0 (open) to 0.8 rad (closed)."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import mujoco

from jaco_core.models.parts import TrackedPoint, drop_prefix

# [1/s] Full strokes, 85 mm at the 150 mm/s of Robotiq's data sheet.
FULL_SPEED = 150.0 / 85.0
# Gain [N m s/rad] (ours) and peak torque [N m] of its motor at the knuckle: the data sheet's 235 N at the pads, 57 mm away.
SERVO = (20.0, 13.0)

# Between the pads, and the middle of a ball that holds the fingers at any opening [m], with its radius.
PALM = TrackedPoint("palm", "gripper", (0.0, 0.0, 0.12), 0.0)
FINGERS = TrackedPoint("fingers", "gripper", (0.0, 0.0, 0.115), 0.08)

_PREFIX = "gripper/"

# A finger's two bodies count as one link, and the housing as the hand.
LINKS = {"gripper": "hand", "knuckle_1": "finger_1", "finger_1": "finger_1", "knuckle_2": "finger_2", "finger_2": "finger_2"}


def attach(spec: Any, body: str, position: tuple[float, float, float], rotation: tuple[float, float, float, float]) -> None:
    """Mounts the gripper on the link `body` of `spec`, its flange at `position` [m], turned by `rotation` (w, x, y, z)."""
    with as_file(files(__package__) / "robotiq_2f_85.xml") as path:
        gripper = mujoco.MjSpec.from_file(str(path))
    frame = spec.body(body).add_frame(pos=position, quat=rotation)
    spec.attach(gripper, prefix=_PREFIX, frame=frame)
    drop_prefix(spec, _PREFIX)
