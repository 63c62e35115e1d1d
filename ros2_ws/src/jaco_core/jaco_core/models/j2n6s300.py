"""The Jaco, second generation: 6 joints and 3 fingers (j2n6s300).

Meshes and masses are those of the Kinova model in the dm_control wheel (BSD-3), found by path: dm_control is not imported.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import mujoco

from jaco_core.arms import Arm, Joint
from jaco_core.errors import ConfigError
from jaco_core.models.parts import TrackedPoint, add_servos, compensate_gravity, drop_prefix

# Velocity servos as in dm_control's JacoArm and JacoHand: gain [N m s/rad] and peak torque [N m] (Kinova's datasheet; the gain of
# the arm joints is, by its authors' word, a placeholder until the arm is identified).
LARGE_JOINT_SERVO = (500.0, 30.5)
SMALL_JOINT_SERVO = (500.0, 6.8)
FINGER_SERVO = (10.0, 1.0)
LARGE_JOINTS = frozenset({"joint_1", "joint_2", "joint_3"})

_HAND_PREFIX = "hand/"

# Elbow and wrist are the centres of their actuators. The finger tips are the far ends of the distal links.
TRACKED_POINTS = (
    TrackedPoint("elbow", "b_3", (0.0, 0.0, 0.0), 0.06),
    TrackedPoint("wrist", "b_5", (0.0, 0.0, 0.0), 0.05),
    TrackedPoint("palm", "hand", (0.0, -0.0001, -0.159), 0.0),
    TrackedPoint("finger_tip_1", "b_finger_tip_1", (0.044, 0.0, 0.0), 0.01),
    TrackedPoint("finger_tip_2", "b_finger_tip_2", (0.044, 0.0, 0.0), 0.01),
    TrackedPoint("finger_tip_3", "b_finger_tip_3", (0.044, 0.0, 0.0), 0.01),
)

# A finger's two bodies count as one link, and the last link of the arm as part of the hand.
LINKS = {"b_base": "base", "b_6": "hand", "hand": "hand"} | {f"b_{i}": f"link_{i}" for i in range(1, 6)}
LINKS |= {f"b_finger_{i}": f"finger_{i}" for i in range(1, 4)} | {f"b_finger_tip_{i}": f"finger_{i}" for i in range(1, 4)}


def kinova_model_folder() -> Path:
    """Returns the folder with jaco_arm.xml, jaco_hand.xml and their meshes.

    Raises:
        ConfigError: the dm_control wheel, which ships them, is not installed.
    """
    spec = importlib.util.find_spec("dm_control")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("The Jaco's meshes come with the dm_control wheel, which is not installed: pip install dm_control.")
    return Path(spec.submodule_search_locations[0]) / "third_party" / "kinova"


def build(arm: Arm) -> Any:
    """Returns the arm with its hand; site "palm" is the middle of the grip.

    Raises:
        ConfigError: the dm_control wheel is not installed.
    """
    folder = kinova_model_folder()
    spec = mujoco.MjSpec.from_file(str(folder / "jaco_arm.xml"))
    hand = mujoco.MjSpec.from_file(str(folder / "jaco_hand.xml"))
    spec.attach(hand, prefix=_HAND_PREFIX, site=spec.site("wristsite"))
    drop_prefix(spec, _HAND_PREFIX)
    compensate_gravity(spec)
    spec.site("gripsite").name = "palm"
    add_servos(spec, arm, _servo)
    return spec


def _servo(joint: Joint) -> tuple[float, float]:
    if joint.kind == "finger":
        return FINGER_SERVO
    return LARGE_JOINT_SERVO if joint.name in LARGE_JOINTS else SMALL_JOINT_SERVO
