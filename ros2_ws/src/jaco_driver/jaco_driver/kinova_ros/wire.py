"""How kinova-ros counts: degrees, turns of a finger's motor, twelve joints, and two of the fingers the other way round."""

from __future__ import annotations

import re

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError
from jaco_core.types import Vector

TURNS_PER_RAD = 6800.0 / np.deg2rad(80.0)
"""A finger that is closed by 6,800 turns has turned by 80 degrees (kinova-ros, kinova_arm.cpp)."""

# Our finger -> theirs: Kinova numbers the second and the third finger the other way round than the model's joints.
_FINGERS = {"finger_1": "finger_1", "finger_2": "finger_3", "finger_3": "finger_2"}


def kinova_names(arm: Arm, prefix: str) -> tuple[str, ...]:
    """Returns what kinova-ros calls the joints of `arm`, in the arm's order; `prefix` is the robot's name.

    Raises:
        ConfigError: the arm has joints that kinova-ros does not know.
    """
    names = []
    for name in arm.joint_names:
        if name in _FINGERS:
            names.append(f"{prefix}_joint_{_FINGERS[name]}")
        elif re.fullmatch(r"joint_[1-7]", name):
            names.append(f"{prefix}_{name}")
        else:
            raise ConfigError(f"Arm '{arm.name}' has a joint '{name}'; kinova_ros drives joint_1 to joint_7 and three fingers.")
    return tuple(names)


def to_fields(arm: Arm, velocity: Vector) -> dict[str, float]:
    """Returns the fields of a velocity message for `velocity` [rad/s], shape (n,): joints in deg/s, fingers in turns/s."""
    fields = {}
    for name, speed in zip(arm.joint_names, velocity.tolist(), strict=True):
        if name in _FINGERS:
            fields[_FINGERS[name].replace("_", "")] = speed * TURNS_PER_RAD
        else:
            fields[name.replace("_", "")] = float(np.rad2deg(speed))
    return fields
