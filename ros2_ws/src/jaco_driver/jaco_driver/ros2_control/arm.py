"""The arm port on a ros2_control controller."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.types import Vector, frozen_vector
from jaco_driver.feedback import JointFeedback, Measured
from jaco_driver.port import ArmInFault, ConnectionLost
from jaco_driver.ros2_control.commands import STYLES, Command
from jaco_driver.ros2_control.robots import Robot
from jaco_driver.topic_arm import Link, TopicArm

# A fault must be gone so long after the services that clear it have answered [s].
_CLEARED_WITHIN_S = 2.0


class ControllerLink(Link, Protocol):
    """What the arm needs of a controller beyond joint states."""

    def controlled_joints(self, timeout: float) -> tuple[str, ...]:
        """Returns the joints of the controller, in its order. Raises ConnectionLost: no answer within `timeout` [s]."""

    def send(self, command: Command) -> None:
        """Publishes a command. Does not wait."""

    def reset(self, timeout: float) -> str:
        """Calls what clears faults and returns what was refused, as a clause, or "". Raises ConnectionLost."""


class Ros2ControlArm(TopicArm):
    """Velocities to a controller. Joints and their order are compared with the controller's own parameters."""

    def __init__(
        self,
        arm: Arm,
        robot: Robot,
        make_link: Callable[[], ControllerLink],
        state_timeout: float,
        connect_timeout: float,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`state_timeout`: joint states older than this [s] are a lost connection; `connect_timeout` [s]: for `configure`.

        Raises:
            ConfigError: the robot's file does not fit the arm.
        """
        names, driven = robot.state_names(arm), robot.driven(arm)
        super().__init__(
            arm, JointFeedback(arm, names, state_timeout, torques=robot.effort == "compensated"), connect_timeout, clock
        )
        self._robot, self._make_link = robot, make_link
        self._count, self._names = len(driven), names[: len(driven)]
        self._style = STYLES[robot.command_interface](driven)
        self._controller: ControllerLink | None = None

    def connect(self) -> Link:
        link = self._make_link()
        try:
            joints = link.controlled_joints(self.connect_timeout)
            if joints != self._names:
                raise ContractError(
                    f"Controller '{self._robot.controller}' drives {', '.join(joints)}; arm '{self._arm.name}' has "
                    f"{', '.join(self._names)}, in this order."
                )
        except (ConnectionLost, ContractError):
            link.close()
            raise
        self._controller = link
        return link

    def begin(self, measured: Measured) -> None:
        self._send(self._style.begin(measured.position[: self._count], self._clock()))

    def command(self, velocity: Vector, measured: Measured) -> Vector:
        applied = frozen_vector([*velocity[: self._count], *[0.0] * (len(velocity) - self._count)])
        self._send(self._style.move(applied[: self._count], measured.position[: self._count], self._clock()))
        return applied

    def rest(self) -> None:
        self._send(self._style.rest())

    def clear(self) -> None:
        link = self._controller
        if link is None:
            return
        refused = link.reset(self.connect_timeout)
        try:
            link.wait(lambda: not link.trouble(), _CLEARED_WITHIN_S, "the fault to clear")
        except ConnectionLost:
            answer = f" ({refused})" if refused else ""
            raise ArmInFault(f"Arm '{self._arm.name}' is still in fault: {link.trouble()}{answer}.") from None

    def _send(self, command: Command) -> None:
        if self._controller is not None:
            self._controller.send(command)
