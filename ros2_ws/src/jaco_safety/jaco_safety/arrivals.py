"""Messages as the supervisor's inputs. A malformed one is not dropped: the supervisor judges it, and stops with the evidence."""

from __future__ import annotations

import zlib
from typing import Any

from jaco_core.errors import ContractError
from jaco_core.ros.convert import command_from_message, joints_from_message, stamp_to_ns
from jaco_core.types import VelocityCommand, frozen_vector
from jaco_safety.answer import Answer
from jaco_safety.interlocks import InputKind
from jaco_safety.supervisor import Supervisor

# A serialised message begins with four octets on its encoding (DDS-XTypes 1.3, 7.6.3.1.2), an image goes on with the seconds and
# nanoseconds of its stamp, of four octets each.
_STAMP_END = 12


def joints_answer(supervisor: Supervisor, message: Any, now_ns: int) -> Answer:
    """Returns the answer to a sensor_msgs/JointState received at `now_ns`."""
    try:
        return supervisor.on_joints(joints_from_message(message), now_ns)
    except ContractError as error:
        return supervisor.on_malformed_joints(stamp_to_ns(message.header.stamp), str(error), now_ns)


def command_of(message: Any) -> VelocityCommand:
    """Returns the command in a JointVelocityCommand, as it is where it cannot be one."""
    try:
        return command_from_message(message)
    except ContractError:
        stamp_ns = stamp_to_ns(message.header.stamp)
        return VelocityCommand(stamp_ns, tuple(message.joint_names), frozen_vector(message.velocities), int(message.sequence))


def input_kind(number: int) -> InputKind:
    """Returns the kind of a stop input; one that is not known counts as hardware."""
    return InputKind(number) if number in list(InputKind) else InputKind.HARDWARE


def picture_digest(serialised: bytes) -> int:
    """Returns what stands for the pixels of a serialised sensor_msgs/Image: the same for the same picture under a new stamp."""
    return zlib.crc32(memoryview(serialised)[_STAMP_END:])
