"""The arm as a MuJoCo model, and where its moving parts are for given joint angles."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError
from jaco_core.models import arm_model
from jaco_core.models.j2n6s300 import TRACKED_POINTS as TRACKED_POINTS
from jaco_core.models.j2n6s300 import kinova_model_folder as kinova_model_folder
from jaco_core.models.linkage import Linkage as Linkage
from jaco_core.models.parts import TrackedPoint as TrackedPoint
from jaco_core.types import Vector


def arm_spec(arm: Arm) -> Any:
    """Returns an editable model (`mujoco.MjSpec`) of `arm` on its base, which is the world's origin.

    It has one velocity actuator per driven joint, in the arm's order and with its speed limits, and a site "palm". Gravity is
    compensated on every moving body, as the arm's firmware does.

    Raises:
        ConfigError: there is no model of this arm.
    """
    spec = arm_model(arm).build(arm)
    spec.modelname = arm.name
    return spec


class Kinematics:
    """Positions and Jacobians of the tracked points in the arm's base frame. Not thread-safe; one `update` takes microseconds."""

    def __init__(self, arm: Arm) -> None:
        points = arm_model(arm).points
        self.names: tuple[str, ...] = tuple(point.name for point in points)
        self.radii: Vector = np.array([point.radius for point in points])
        self._model: Any = arm_spec(arm).compile()
        self._data: Any = mujoco.MjData(self._model)
        self._bodies = np.array([self._model.body(point.body).id for point in points])
        self._offsets = np.array([point.offset for point in points])
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in arm.joint_names])
        self._dofs = np.array([self._model.joint(name).dofadr[0] for name in arm.joint_names])
        self._linkage = Linkage(self._model)
        self._jacobian = np.zeros((3, self._model.nv))
        self.positions: NDArray[np.float64] = np.zeros((len(self.names), 3))
        self.update(arm.home)

    @property
    def model(self) -> Any:
        """The compiled model (`mujoco.MjModel`) of the arm alone."""
        return self._model

    def update(self, position: Vector) -> None:
        """Moves the model to the joint angles `position` [rad], shape (n,); `positions` [m], shape (m, 3), follows `names`.

        Raises:
            ContractError: the wrong number of angles.
        """
        if len(position) != len(self._qpos):
            raise ContractError(f"The arm has {len(self._qpos)} joints and was given {len(position)} angles.")
        data = self._data
        data.qpos[self._qpos] = position
        self._linkage.follow(data)
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
