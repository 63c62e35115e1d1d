"""The messages of the Kortex wire as tables, and classes made of them when this module is first imported.

A line of a table is "first number, type, names": the names have consecutive numbers. A type with * is repeated; one that begins
with a capital letter is another message. Enumerations are int32, which is the same on the wire.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_TABLES = {
    # The envelope.
    "Header": "1 fixed32 frame_info message_info service_info payload_info",
    "Frame": """
        1 Header header
        2 bytes payload""",
    "Error": """
        1 int32 error_code
        2 uint32 error_sub_code
        3 string error_sub_string""",
    # Common.
    "Empty": "",
    "DeviceHandle": """
        1 int32 device_type
        2 uint32 device_identifier order""",
    "DeviceHandles": "1 DeviceHandle* device_handle",
    "Timestamp": "1 uint32 sec usec",
    "UserProfileHandle": """
        1 uint32 identifier
        2 fixed32 permission""",
    "Connection": """
        1 UserProfileHandle user_handle
        2 string connection_information
        3 uint32 connection_identifier""",
    "NotificationOptions": """
        1 int32 type
        2 uint32 rate_m_sec
        3 float threshold_value""",
    "NotificationHandle": "1 uint32 identifier",
    "SafetyHandle": "1 uint32 identifier",
    "SafetyNotification": """
        1 SafetyHandle safety_handle
        2 int32 value
        3 Timestamp timestamp
        4 UserProfileHandle user_handle
        5 Connection connection""",
    # Session.
    "CreateSessionInfo": """
        1 string username
        2 uint32 session_inactivity_timeout
        3 string password
        4 uint32 connection_inactivity_timeout""",
    # Base.
    "ServoingModeInformation": "1 int32 servoing_mode",
    "ServoingModeNotification": """
        1 int32 servoing_mode
        2 Timestamp timestamp
        3 UserProfileHandle user_handle
        4 Connection connection""",
    "OperatingModeInformation": """
        1 int32 operating_mode
        2 DeviceHandle device_handle""",
    "OperatingModeNotification": """
        1 int32 operating_mode
        2 Timestamp timestamp
        3 UserProfileHandle user_handle
        4 Connection connection
        5 DeviceHandle device_handle""",
    "ArmStateInformation": """
        1 int32 active_state
        2 Connection connection""",
    "ArmStateNotification": """
        1 int32 active_state
        2 Timestamp timestamp
        3 Connection connection""",
    "ActuatorInformation": "1 uint32 count",
    "JointSpeed": """
        1 uint32 joint_identifier
        2 float value
        3 uint32 duration""",
    "JointSpeeds": """
        1 JointSpeed* joint_speeds
        2 uint32 duration""",
    "JointAngle": """
        1 uint32 joint_identifier
        2 float value""",
    "JointAngles": "1 JointAngle* joint_angles",
    "Pose": "1 float x y z theta_x theta_y theta_z",
    "Twist": "1 float linear_x linear_y linear_z angular_x angular_y angular_z",
    "TwistCommand": """
        1 int32 reference_frame
        2 Twist twist
        3 uint32 duration""",
    "Finger": """
        1 uint32 finger_identifier
        2 float value""",
    "Gripper": "1 Finger* finger",
    "GripperCommand": """
        1 int32 mode
        2 Gripper gripper
        3 uint32 duration""",
    "GripperRequest": "1 int32 mode",
    "Point": "1 float x y z",
    "RotationMatrixRow": "1 float column1 column2 column3",
    "RotationMatrix": "1 RotationMatrixRow row1 row2 row3",
    "CartesianLimitation": """
        1 int32 type
        2 float translation orientation""",
    "ZoneShape": """
        1 int32 shape_type
        2 Point origin
        3 RotationMatrix orientation
        4 float* dimensions
        5 float envelope_thickness""",
    "ProtectionZoneHandle": """
        1 uint32 identifier
        2 fixed32 permission""",
    "ProtectionZone": """
        1 ProtectionZoneHandle handle
        2 string name application_data
        4 bool is_enabled
        5 ZoneShape shape
        6 CartesianLimitation* limitations envelope_limitations""",
    "ProtectionZoneList": "1 ProtectionZone* protection_zones",
    # Control configuration.
    "ControlModeInformation": "1 int32 control_mode",
    "KinematicLimits": """
        1 int32 control_mode
        2 float twist_linear twist_angular
        4 float* joint_speed_limits joint_acceleration_limits""",
    "KinematicLimitsList": "1 KinematicLimits* kinematic_limits_list",
    # Cyclic feedback.
    "MessageId": "1 fixed32 identifier",
    "MotorFeedback": """
        1 fixed32 motor_id
        4 float position velocity
        7 float current_motor voltage
        10 float temperature_motor""",
    "GripperFeedback": """
        1 MessageId feedback_id
        2 fixed32 status_flags fault_bank_a fault_bank_b warning_bank_a warning_bank_b
        7 MotorFeedback* motor""",
    "InterconnectFeedback": """
        1 MessageId feedback_id
        2 fixed32 status_flags jitter_comm
        4 float imu_acceleration_x imu_acceleration_y imu_acceleration_z
        7 float imu_angular_velocity_x imu_angular_velocity_y imu_angular_velocity_z
        10 float voltage temperature_core
        12 fixed32 fault_bank_a fault_bank_b warning_bank_a warning_bank_b
        18 GripperFeedback gripper_feedback""",
    "ActuatorFeedback": """
        1 fixed32 command_id status_flags jitter_comm
        4 float position velocity torque current_motor voltage temperature_motor temperature_core
        11 fixed32 fault_bank_a fault_bank_b warning_bank_a warning_bank_b""",
    "BaseFeedback": """
        1 uint32 active_state_connection_identifier
        2 int32 active_state
        3 float arm_voltage arm_current temperature_cpu temperature_ambient
        7 float imu_acceleration_x imu_acceleration_y imu_acceleration_z
        10 float imu_angular_velocity_x imu_angular_velocity_y imu_angular_velocity_z
        13 float tool_pose_x tool_pose_y tool_pose_z tool_pose_theta_x tool_pose_theta_y tool_pose_theta_z
        19 float tool_twist_linear_x tool_twist_linear_y tool_twist_linear_z
        22 float tool_twist_angular_x tool_twist_angular_y tool_twist_angular_z
        25 float tool_external_wrench_force_x tool_external_wrench_force_y tool_external_wrench_force_z
        28 float tool_external_wrench_torque_x tool_external_wrench_torque_y tool_external_wrench_torque_z
        31 fixed32 fault_bank_a fault_bank_b warning_bank_a warning_bank_b
        35 float commanded_tool_pose_x commanded_tool_pose_y commanded_tool_pose_z
        38 float commanded_tool_pose_theta_x commanded_tool_pose_theta_y commanded_tool_pose_theta_z""",
    "Feedback": """
        1 fixed32 frame_id
        2 BaseFeedback base
        3 ActuatorFeedback* actuators
        4 InterconnectFeedback interconnect""",
}

_PACKAGE = "jaco.kortex_wire"
_Field = descriptor_pb2.FieldDescriptorProto


def message_names() -> list[str]:
    """Returns the names of the messages that are known."""
    return sorted(_TABLES)


def message(name: str, /, **fields: Any) -> Any:
    """Returns a new message called `name` with some of its fields set. A wrong name is a KeyError, a wrong field a ValueError."""
    return _CLASSES[name](**fields)


def parse(name: str, payload: bytes) -> Any:
    """Returns the message called `name` that `payload` encodes; raises google.protobuf.message.DecodeError when it does not."""
    parsed = _CLASSES[name]()
    parsed.ParseFromString(payload)
    return parsed


def _add_fields(entry: Any, table: str) -> None:
    for line in table.strip().splitlines():
        number, kind, *names = line.split()
        for offset, name in enumerate(names):
            field = entry.field.add(name=name, number=int(number) + offset)
            repeated = kind.endswith("*")
            field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
            scalar = kind.removesuffix("*")
            if scalar[0].isupper():
                field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{scalar}"
            else:
                field.type = getattr(_Field, f"TYPE_{scalar.upper()}")


def _make_classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="jaco/kortex_wire.proto", package=_PACKAGE, syntax="proto3")
    for name, table in _TABLES.items():
        _add_fields(file.message_type.add(name=name), table)
    # A pool of its own: kortex_api, in the same process, has the same messages in the default one.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptors = {name: pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in _TABLES}
    if hasattr(message_factory, "GetMessageClass"):
        return {name: message_factory.GetMessageClass(found) for name, found in descriptors.items()}
    # protobuf 3.20, which kortex_api wants.
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(found) for name, found in descriptors.items()}


_CLASSES = _make_classes()
