"""The arm as a MuJoCo model, and where its moving parts are for given joint angles.

Meshes and masses are those of the Kinova model in the dm_control wheel (BSD-3), found by path: dm_control is not imported.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.types import Vector

# Velocity servos as in dm_control's JacoArm and JacoHand: gain [N m s/rad] and peak torque [N m] (Kinova's datasheet; the gain of
# the arm joints is, by its authors' word, a placeholder until the arm is identified).
LARGE_JOINT_SERVO = (500.0, 30.5)
SMALL_JOINT_SERVO = (500.0, 6.8)
FINGER_SERVO = (10.0, 1.0)
LARGE_JOINTS = frozenset({"joint_1", "joint_2", "joint_3"})

_HAND_PREFIX = "hand/"


@dataclass(frozen=True)
class TrackedPoint:
    """A point that moves with `body`, at `offset` [m] in the body's frame; `radius` [m] of the part of the arm around it."""

    name: str
    body: str
    offset: tuple[float, float, float]
    radius: float


# Elbow and wrist are the centres of their actuators. The finger tips are the far ends of the distal links.
TRACKED_POINTS = (
    TrackedPoint("elbow", "b_3", (0.0, 0.0, 0.0), 0.06),
    TrackedPoint("wrist", "b_5", (0.0, 0.0, 0.0), 0.05),
    TrackedPoint("palm", "hand", (0.0, -0.0001, -0.159), 0.0),
    TrackedPoint("finger_tip_1", "b_finger_tip_1", (0.044, 0.0, 0.0), 0.01),
    TrackedPoint("finger_tip_2", "b_finger_tip_2", (0.044, 0.0, 0.0), 0.01),
    TrackedPoint("finger_tip_3", "b_finger_tip_3", (0.044, 0.0, 0.0), 0.01),
)


def kinova_model_folder() -> Path:
    """Returns the folder with jaco_arm.xml, jaco_hand.xml and their meshes.

    Raises:
        ConfigError: the dm_control wheel, which ships them, is not installed.
    """
    spec = importlib.util.find_spec("dm_control")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("The Jaco's meshes come with the dm_control wheel, which is not installed: pip install dm_control.")
    return Path(spec.submodule_search_locations[0]) / "third_party" / "kinova"


def arm_spec(arm: Arm) -> Any:
    """Returns an editable model (`mujoco.MjSpec`) of `arm` on its base, which is the world's origin.

    It has one velocity actuator per driven joint, in the arm's order and with its speed limits, and a site "palm". Gravity is
    compensated on every moving body, as the arm's firmware does.

    Raises:
        ConfigError: there is no model of this arm.
    """
    if arm.name != "j2n6s300":
        raise ConfigError(f"There is no simulation model of arm '{arm.name}'; known: j2n6s300.")
    folder = kinova_model_folder()
    spec = mujoco.MjSpec.from_file(str(folder / "jaco_arm.xml"))
    hand = mujoco.MjSpec.from_file(str(folder / "jaco_hand.xml"))
    spec.attach(hand, prefix=_HAND_PREFIX, site=spec.site("wristsite"))
    _drop_prefix(spec)
    spec.modelname = arm.name
    for body in spec.bodies:
        if body.name != "world":
            body.gravcomp = 1.0
    spec.site("gripsite").name = "palm"
    for joint in arm.joints:
        gain, torque = _servo(joint.kind, joint.name)
        actuator = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.set_to_velocity(kv=gain)
        actuator.ctrllimited, actuator.ctrlrange = True, (-joint.max_velocity, joint.max_velocity)
        actuator.forcelimited, actuator.forcerange = True, (-torque, torque)
    return spec


def _servo(kind: str, name: str) -> tuple[float, float]:
    if kind == "finger":
        return FINGER_SERVO
    return LARGE_JOINT_SERVO if name in LARGE_JOINTS else SMALL_JOINT_SERVO


def _drop_prefix(spec: Any) -> None:
    """Gives the hand's parts their own names back: attaching needs a prefix, since both files define the same materials."""
    for element in (*spec.bodies, *spec.joints, *spec.geoms, *spec.sites):
        element.name = element.name.removeprefix(_HAND_PREFIX)
    for exclude in spec.excludes:
        exclude.bodyname1 = exclude.bodyname1.removeprefix(_HAND_PREFIX)
        exclude.bodyname2 = exclude.bodyname2.removeprefix(_HAND_PREFIX)


class Kinematics:
    """Positions and Jacobians of the tracked points in the arm's base frame. Not thread-safe; one `update` takes microseconds."""

    def __init__(self, arm: Arm) -> None:
        self.names: tuple[str, ...] = tuple(point.name for point in TRACKED_POINTS)
        self.radii: Vector = np.array([point.radius for point in TRACKED_POINTS])
        self._model: Any = arm_spec(arm).compile()
        self._data: Any = mujoco.MjData(self._model)
        self._bodies = np.array([self._model.body(point.body).id for point in TRACKED_POINTS])
        self._offsets = np.array([point.offset for point in TRACKED_POINTS])
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in arm.joint_names])
        self._dofs = np.array([self._model.joint(name).dofadr[0] for name in arm.joint_names])
        self._jacobian = np.zeros((3, self._model.nv))
        self.positions: NDArray[np.float64] = np.zeros((len(self.names), 3))
        self.update(arm.home)

    def update(self, position: Vector) -> None:
        """Moves the model to the joint angles `position` [rad], shape (n,); `positions` [m], shape (m, 3), follows `names`.

        Raises:
            ContractError: the wrong number of angles.
        """
        if len(position) != len(self._qpos):
            raise ContractError(f"The arm has {len(self._qpos)} joints and was given {len(position)} angles.")
        data = self._data
        data.qpos[self._qpos] = position
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        rotation = data.xmat[self._bodies].reshape(-1, 3, 3)
        self.positions = data.xpos[self._bodies] + np.einsum("mij,mj->mi", rotation, self._offsets)

    def position(self, name: str) -> Vector:
        """Returns where the tracked point `name` is [m], shape (3,)."""
        return np.array(self.positions[self._index(name)])

    def jacobian(self, name: str) -> NDArray[np.float64]:
        """Returns d(position of the tracked point `name`) / d(joint angles) [m/rad], shape (3, n), at the last `update`."""
        index = self._index(name)
        mujoco.mj_jac(self._model, self._data, self._jacobian, None, self.positions[index], self._bodies[index])
        return self._jacobian[:, self._dofs]

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise ConfigError(f"There is no tracked point '{name}'; known: {', '.join(self.names)}.")
        return self.names.index(name)
