"""What RefreshFeedback returns: the arm's reading in Kinova's units, degrees from 0 to 360 among them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jaco_core.types import Vector
from jaco_driver.emulator.arm import ArmReading
from jaco_driver.emulator.base import Base
from jaco_driver.kortex_wire.schema import message

# [N m/A] Of large and small actuators at their output, so that a current belongs to a torque; ours, of a likely size.
LARGE_TORQUE_CONSTANT, SMALL_TORQUE_CONSTANT = 11.0, 7.6
VOLTAGE = 24.0
AMBIENT, CORE, MOTOR = 25.0, 38.0, 33.0
_AXES = ("x", "y", "z")


def unsigned_degrees(angle: float) -> float:
    """Returns `angle` [rad] as the base reports it, in [0, 360) deg, where a float of 32 bits is below 360 too."""
    degrees = float(np.float32(math.degrees(angle) % 360.0))
    return degrees if degrees < 360.0 else 0.0


def feedback(base: Base, reading: ArmReading, frame_id: int) -> Any:
    """Returns the message Feedback of `reading`. Its `frame_id` counts up, as the base's does."""
    return message(
        "Feedback",
        frame_id=frame_id & 0xFFFF,
        base=_base_feedback(base, reading),
        actuators=[_actuator_feedback(base, reading, index) for index in range(min(base.actuator_count, base.arm.count))],
        interconnect=_interconnect_feedback(base),
    )


def _base_feedback(base: Base, reading: ArmReading) -> Any:
    pose, angles = reading.tool_position, euler_degrees(reading.tool_rotation)
    fields: dict[str, float] = {}
    for index, axis in enumerate(_AXES):
        fields[f"tool_pose_{axis}"] = fields[f"commanded_tool_pose_{axis}"] = pose[index]
        fields[f"tool_pose_theta_{axis}"] = fields[f"commanded_tool_pose_theta_{axis}"] = angles[index]
        fields[f"tool_twist_linear_{axis}"] = reading.tool_velocity[index]
        fields[f"tool_twist_angular_{axis}"] = math.degrees(reading.tool_rate[index])
        fields[f"tool_external_wrench_force_{axis}"] = reading.wrench[index]
        fields[f"tool_external_wrench_torque_{axis}"] = reading.wrench[3 + index]
    return message(
        "BaseFeedback",
        active_state_connection_identifier=base.holder,
        active_state=base.state,
        arm_voltage=VOLTAGE,
        arm_current=1.0,
        temperature_cpu=CORE,
        temperature_ambient=AMBIENT,
        imu_acceleration_z=9.81,
        fault_bank_a=base.faults.base,
        **fields,
    )


def _actuator_feedback(base: Base, reading: ArmReading, index: int) -> Any:
    large = index < base.arm.robot.large
    torque = float(reading.torque[index])
    return message(
        "ActuatorFeedback",
        position=math.nan if base.troubles.nan_feedback and index == 0 else unsigned_degrees(reading.position[index]),
        velocity=math.degrees(reading.velocity[index]),
        torque=torque,
        current_motor=torque / (LARGE_TORQUE_CONSTANT if large else SMALL_TORQUE_CONSTANT),
        voltage=VOLTAGE,
        temperature_motor=MOTOR,
        temperature_core=CORE,
        fault_bank_a=base.faults.actuators[index],
    )


def _interconnect_feedback(base: Base) -> Any:
    gripper = base.gripper
    motor = message(
        "MotorFeedback",
        motor_id=1,
        position=100.0 * gripper.position,
        velocity=100.0 * abs(gripper.velocity),
        current_motor=0.1 if gripper.velocity else 0.0,
        voltage=VOLTAGE,
        temperature_motor=MOTOR,
    )
    return message(
        "InterconnectFeedback",
        voltage=VOLTAGE,
        temperature_core=CORE,
        gripper_feedback=message("GripperFeedback", motor=[motor]),
    )


def euler_degrees(rotation: Vector) -> tuple[float, float, float]:
    """Returns the angles [deg] about the fixed axes x, y and z, in that order, of `rotation`, shape (3, 3)."""
    pitch = math.asin(float(np.clip(-rotation[2, 0], -1.0, 1.0)))
    roll = math.atan2(rotation[2, 1], rotation[2, 2])
    yaw = math.atan2(rotation[1, 0], rotation[0, 0])
    return math.degrees(roll), math.degrees(pitch), math.degrees(yaw)
