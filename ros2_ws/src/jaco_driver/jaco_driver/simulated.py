"""An arm that is not there, in MuJoCo's physics: servos that lag, inertia, friction, torques that can be measured."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from jaco_core.arms import Arm
from jaco_core.kinematics import Linkage, arm_spec
from jaco_core.types import JointSample
from jaco_core.units import seconds_to_ns
from jaco_driver.fake import FakeArm

_STEP_S = 0.002
_STEP_NS = seconds_to_ns(_STEP_S)


class SimulatedArm(FakeArm):
    """The arm's own model without a scene. What can fail, and how it is made to, is as with the fake arm."""

    def __init__(self, arm: Arm) -> None:
        super().__init__(arm)
        spec = arm_spec(arm)
        spec.option.timestep = _STEP_S
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        self._model: Any = spec.compile()
        self._data: Any = mujoco.MjData(self._model)
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in arm.joint_names])
        self._dofs = np.array([self._model.joint(name).dofadr[0] for name in arm.joint_names])
        self._data.qpos[self._qpos] = arm.home
        Linkage(self._model).follow(self._data)
        mujoco.mj_forward(self._model, self._data)

    def state(self, now_ns: int) -> JointSample:
        sample = super().state(now_ns)
        effort = self._data.qfrc_actuator[self._dofs]
        return JointSample(now_ns, sample.names, sample.position, sample.velocity, effort)

    def _advance(self, now_ns: int) -> None:
        """Steps the physics to at most one step before `now_ns`: with time, never ahead of it."""
        time_ns = self._time_ns if self._time_ns is not None else now_ns
        while time_ns + _STEP_NS <= now_ns:
            while self._pending and self._pending[0][0] <= time_ns:
                self._goal = self._pending.pop(0)[1]
            self._data.ctrl[:] = self._goal
            mujoco.mj_step(self._model, self._data)
            time_ns += _STEP_NS
        self._position = np.array(self._data.qpos[self._qpos])
        self._velocity = np.array(self._data.qvel[self._dofs])
        self._time_ns = time_ns
