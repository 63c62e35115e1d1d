"""The functions of a base that are known, by their unique number: service << 16 | function."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Function:
    """A remote procedure. `request`, `response`: names of its messages, "" where there is none."""

    uid: int
    name: str
    request: str = ""
    response: str = ""


def _topic(uid: int, name: str) -> Function:
    return Function(uid, name, "NotificationOptions", "NotificationHandle")


CREATE_SESSION = Function(0x10001, "CreateSession", "CreateSessionInfo")
CLOSE_SESSION = Function(0x10002, "CloseSession")
KEEP_ALIVE = Function(0x10003, "KeepAlive")

READ_ALL_PROTECTION_ZONES = Function(0x20018, "ReadAllProtectionZones", "", "ProtectionZoneList")
STOP_ACTION = Function(0x20032, "StopAction")
UNSUBSCRIBE = Function(0x20061, "Unsubscribe", "NotificationHandle")
STOP = Function(0x20070, "Stop")
GET_MEASURED_POSE = Function(0x20073, "GetMeasuredCartesianPose", "", "Pose")
SEND_TWIST = Function(0x20079, "SendTwistCommand", "TwistCommand")
GET_JOINT_ANGLES = Function(0x2007E, "GetMeasuredJointAngles", "", "JointAngles")
SEND_JOINT_SPEEDS = Function(0x20084, "SendJointSpeedsCommand", "JointSpeeds")
SEND_GRIPPER = Function(0x20088, "SendGripperCommand", "GripperCommand")
GET_GRIPPER = Function(0x20089, "GetMeasuredGripperMovement", "GripperRequest", "Gripper")
EMERGENCY_STOP = Function(0x20091, "ApplyEmergencyStop")
CLEAR_FAULTS = Function(0x20092, "ClearFaults")
GET_OPERATING_MODE = Function(0x20097, "GetOperatingMode", "", "OperatingModeInformation")
SET_SERVOING_MODE = Function(0x20098, "SetServoingMode", "ServoingModeInformation")
GET_SERVOING_MODE = Function(0x20099, "GetServoingMode", "", "ServoingModeInformation")
GET_ACTUATOR_COUNT = Function(0x200AB, "GetActuatorCount", "", "ActuatorInformation")
GET_ARM_STATE = Function(0x200AF, "GetArmState", "", "ArmStateInformation")

OPERATING_MODE_TOPIC = _topic(0x20065, "OnNotificationOperatingModeTopic")
SERVOING_MODE_TOPIC = _topic(0x2009A, "OnNotificationServoingModeTopic")
ARM_STATE_TOPIC = _topic(0x200B0, "OnNotificationArmStateTopic")
SAFETY_TOPIC = _topic(0x9001C, "OnNotificationSafetyTopic")

REFRESH = Function(0x30001, "Refresh")
REFRESH_COMMAND = Function(0x30002, "RefreshCommand")
REFRESH_FEEDBACK = Function(0x30003, "RefreshFeedback", "", "Feedback")

GET_HARD_LIMITS = Function(0x100012, "GetKinematicHardLimits", "", "KinematicLimits")
GET_SOFT_LIMITS = Function(0x100013, "GetKinematicSoftLimits", "ControlModeInformation", "KinematicLimits")

READ_ALL_DEVICES = Function(0x170001, "ReadAllDevices", "", "DeviceHandles")

TOPICS = (OPERATING_MODE_TOPIC, SERVOING_MODE_TOPIC, ARM_STATE_TOPIC, SAFETY_TOPIC)

FUNCTIONS = MappingProxyType({value.uid: value for value in list(globals().values()) if isinstance(value, Function)})
SERVICES = frozenset(uid >> 16 for uid in FUNCTIONS)
