"""The arm behind the emulated base: one of Kinova's in MuJoCo whose joints follow speeds as Kinova's servos do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from jaco_core.arms import Arm
from jaco_core.kinematics import Linkage, arm_spec
from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector, frozen_vector
from jaco_driver.emulator.robots import find_robot

# [s] One step of the physics; the actuators' own loop runs at 1 kHz too.
STEP_S = 0.001
# [rad/s] Below this a joint stands still.
STANDSTILL = 2e-3


@dataclass(frozen=True)
class ArmReading:
    """What the arm's sensors say: joints of shape (n,), a gripper's among them, rad, rad/s, N m; the tool's pose and twist in the
    base's frame.

    `tool_rotation`: shape (3, 3), columns are the tool's axes. `wrench`: on the tool, force [N] and torque [N m], shape (6,).
    `configuration`: MuJoCo's qpos, for a renderer.
    """

    position: Vector
    velocity: Vector
    torque: Vector
    tool_position: Vector
    tool_rotation: Vector
    tool_velocity: Vector
    tool_rate: Vector
    wrench: Vector
    configuration: Vector


class EmulatedArm:
    """Moves `model` towards goal speeds, within the arm's accelerations, in steps of 1 ms. It brakes at those too."""

    def __init__(self, arm: Arm, model: Any = None) -> None:
        """`model`: a compiled `mujoco.MjModel` with the arm and perhaps a scene around it; the arm alone if not given.

        Raises:
            ConfigError: no Kortex base has such an arm.
        """
        self.arm = arm
        self.robot = find_robot(arm.name)
        self.model: Any = arm_spec(arm).compile() if model is None else model
        self.model.opt.timestep = STEP_S
        self.model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        self.count = sum(joint.kind == "arm" for joint in arm.joints)
        """How many actuators it has; a gripper's joint comes behind them."""
        # [rad/s] The hard limits; the arm's own file has the lower ones that Kinova advises.
        self.max_speed = frozen_vector(np.deg2rad(self.robot.hard_speeds))
        self._lower, self._upper = arm.lower[: self.count], arm.upper[: self.count]
        self._max_acceleration = arm.max_acceleration[: self.count]
        self._actuators = np.array([self.model.actuator(name).id for name in arm.joint_names[: self.count]])
        self._linkage = Linkage(self.model)
        self.model.actuator_ctrlrange[self._actuators] = np.column_stack((-self.max_speed, self.max_speed))
        self._qpos = np.array([self.model.joint(name).qposadr[0] for name in arm.joint_names])
        self._dofs = np.array([self.model.joint(name).dofadr[0] for name in arm.joint_names])
        self._palm = self.model.site("palm").id
        roots = self.model.body_rootid[self.model.geom_bodyid]
        self._own = roots == self.model.body_rootid[self.model.site_bodyid[self._palm]]
        self._data: Any = mujoco.MjData(self.model)
        self._goal: Vector = np.zeros(self.count)
        self._reference: Vector = np.zeros(self.count)
        self.place(arm.home)

    def place(self, position: Vector) -> None:
        """Puts the joints to `position` [rad], shape (n,), at rest."""
        self._goal[:] = self._reference[:] = 0.0
        self._data.qpos[self._qpos] = position
        self._linkage.follow(self._data)
        self._data.qvel[:] = self._data.ctrl[:] = 0.0
        mujoco.mj_forward(self.model, self._data)

    def move(self, speed: Vector) -> None:
        """Sets the actuators' goal speeds [rad/s]; they are held to the hard limits and go on until the next call."""
        self._goal = np.clip(speed, -self.max_speed, self.max_speed)

    def brake(self) -> None:
        """Sets the goal to rest."""
        self._goal = np.zeros(self.count)

    @property
    def closed(self) -> float:
        """How far the gripper is closed, 0 to 1; 0 where the arm has none."""
        if self.count == len(self.arm):
            return 0.0
        lower, upper = self.arm.lower[self.count], self.arm.upper[self.count]
        return float((self._data.qpos[self._qpos[self.count]] - lower) / (upper - lower))

    def hold_gripper(self, closed: float, speed: float) -> None:
        """Puts the gripper, where the arm has one, to `closed`, 0 (open) to 1, moving at `speed` [1/s]."""
        for joint in range(self.count, len(self.arm)):
            stroke = self.arm.upper[joint] - self.arm.lower[joint]
            self._data.qpos[self._qpos[joint]] = self.arm.lower[joint] + closed * stroke
            self._data.qvel[self._dofs[joint]] = speed * stroke
            self._linkage.follow(self._data)

    def step(self) -> None:
        """Advances by one step."""
        acceleration = self._max_acceleration
        goal = self._within_limits(self._goal, acceleration)
        self._reference = ramp_velocity(self._reference, goal, acceleration, STEP_S)
        self._data.ctrl[self._actuators] = self._reference
        mujoco.mj_step(self.model, self._data)

    def _within_limits(self, goal: Vector, acceleration: Vector) -> Vector:
        """Returns `goal` held to what a joint can still brake from before its position limit, as the base does."""
        position = self._data.qpos[self._qpos[: self.count]]
        up = np.sqrt(2.0 * acceleration * np.maximum(self._upper - position, 0.0))
        down = np.sqrt(2.0 * acceleration * np.maximum(position - self._lower, 0.0))
        return np.clip(goal, -down, up)

    @property
    def standing(self) -> bool:
        """Tells whether every joint stands still, and none is meant to move."""
        return not (self._goal.any() or self._reference.any()) and bool(np.all(np.abs(self._data.qvel[self._dofs]) < STANDSTILL))

    def read(self) -> ArmReading:
        """Returns what the sensors say now."""
        data = self._data
        twist = np.zeros(6)
        mujoco.mj_objectVelocity(self.model, data, mujoco.mjtObj.mjOBJ_SITE, self._palm, twist, 0)
        return ArmReading(
            frozen_vector(data.qpos[self._qpos]),
            frozen_vector(data.qvel[self._dofs]),
            frozen_vector(data.qfrc_actuator[self._dofs]),
            frozen_vector(data.site_xpos[self._palm]),
            np.array(data.site_xmat[self._palm]).reshape(3, 3),
            frozen_vector(twist[3:]),
            frozen_vector(twist[:3]),
            self._wrench(),
            frozen_vector(data.qpos),
        )

    def _wrench(self) -> Vector:
        """Returns what touches the arm from outside as a wrench on the tool, in the base's frame: force [N], torque [N m]."""
        data, total, local = self._data, np.zeros(6), np.zeros(6)
        for index in range(data.ncon):
            contact = data.contact[index]
            first, second = self._own[contact.geom[0]], self._own[contact.geom[1]]
            if first == second:
                continue
            mujoco.mj_contactForce(self.model, data, index, local)
            # MuJoCo gives what the first body does to the second, in the contact's frame, whose axes are the rows of `frame`.
            force = contact.frame.reshape(3, 3).T @ local[:3] * (-1.0 if first else 1.0)
            total[:3] += force
            total[3:] += np.cross(contact.pos - data.site_xpos[self._palm], force)
        return frozen_vector(total)
