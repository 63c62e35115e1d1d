"""What one feedback message of the base says, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jaco_core.errors import ContractError
from jaco_core.types import Vector, frozen_vector
from jaco_driver.kortex.faults import fault_sentence
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.vendor import Message

# [rad/s] Below this a joint stands: what the sensors of an arm at rest show is less.
REST_SPEED = 0.02


@dataclass(frozen=True)
class Feedback:
    """One measurement, received at `steady_ns`.

    `position` [rad], `velocity` [rad/s], `effort` [N m]: shape (n,). `force` [N] and `torque` [N m], shape (3,): from outside on
    the tool, in the base frame. `state`: the vendor's ArmState. `fault`: what is wrong, in words; "" when nothing is.
    """

    sequence: int
    steady_ns: int
    position: Vector
    velocity: Vector
    effort: Vector
    force: Vector
    torque: Vector
    state: int
    fault: str

    @property
    def at_rest(self) -> bool:
        """Whether no joint moves."""
        return bool(np.all(np.abs(self.velocity) < REST_SPEED))


def read_feedback(message: Message, joints: JointMap, sequence: int, steady_ns: int) -> Feedback:
    """Returns `message` in the port's units.

    Raises:
        ContractError: it has another number of actuators, or a number that is not finite.
    """
    actuators = list(message.actuators)
    if len(actuators) != joints.count:
        raise ContractError(f"The base reports {len(actuators)} actuators; this arm has {joints.count}.")
    base = message.base
    closed, speed = _gripper(message)
    pushed = [[getattr(base, f"tool_external_wrench_{what}_{axis}") for axis in "xyz"] for what in ("force", "torque")]
    # Before anything is remembered: the turns of continuous joints count on from the last angle.
    told = [value for one in actuators for value in (one.position, one.velocity, one.torque)]
    if not np.isfinite([*told, closed, speed, *pushed[0], *pushed[1]]).all():
        raise ContractError(
            f"The base tells what is not finite: angles, speeds, torques {told}, gripper {closed}, wrench {pushed}."
        )
    return Feedback(
        sequence,
        steady_ns,
        joints.positions(np.array([one.position for one in actuators]), closed),
        joints.velocities(np.array([one.velocity for one in actuators]), speed),
        joints.efforts(np.array([one.torque for one in actuators])),
        frozen_vector(pushed[0]),
        frozen_vector(pushed[1]),
        int(base.active_state),
        fault_sentence(
            int(base.active_state),
            (int(base.fault_bank_a), int(base.fault_bank_b)),
            [(int(one.fault_bank_a), int(one.fault_bank_b)) for one in actuators],
        ),
    )


def _gripper(message: Message) -> tuple[float, float]:
    """Returns how far the gripper is closed, 0..1, and how fast it moves [1/s]; both come in percent."""
    motors = list(message.interconnect.gripper_feedback.motor)
    if not motors:
        return 0.0, 0.0
    return float(motors[0].position) / 100.0, float(motors[0].velocity) / 100.0
