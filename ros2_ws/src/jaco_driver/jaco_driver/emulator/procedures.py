"""The remote procedures of the emulated base: from a request's frame to its response's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from jaco_driver.emulator.base import Base
from jaco_driver.emulator.feedback import euler_degrees, feedback, unsigned_degrees
from jaco_driver.emulator.notifications import Subscription, Subscriptions
from jaco_driver.emulator.refusal import Refusal
from jaco_driver.emulator.sessions import Connection, Session, Sessions
from jaco_driver.kortex_wire import functions
from jaco_driver.kortex_wire.codes import ControlMode, DeviceType, ErrorCode, FrameType, GripperMode, SubError
from jaco_driver.kortex_wire.frames import VERSION, Frame
from jaco_driver.kortex_wire.functions import FUNCTIONS, SERVICES, TOPICS, Function
from jaco_driver.kortex_wire.schema import message, parse

# [m/s], [deg/s] The Gen3's Cartesian limits.
TWIST_LINEAR, TWIST_ANGULAR = 0.5, 100.0
GRIPPER_DEVICE = 20
# Of notifications that nobody subscribed to.
STRAY_HANDLE = 0xFFFF

Handler = Callable[[Session, Any], Any]


class Procedures:
    """Answers requests. What happens to the base meanwhile goes to `notify` as frames for those who subscribed."""

    def __init__(self, base: Base, notify: Callable[[Connection, Frame], None]) -> None:
        self.sessions = Sessions()
        self._subscriptions = Subscriptions()
        self._base = base
        self._notify = notify
        self._refreshes = 0
        self._frozen: Any = None
        base.event = self._on_event
        self._handlers: dict[Function, Handler] = {
            functions.CLOSE_SESSION: self._close_session,
            functions.KEEP_ALIVE: lambda session, request: None,
            functions.SET_SERVOING_MODE: lambda session, request: base.set_servoing_mode(request.servoing_mode),
            functions.SEND_JOINT_SPEEDS: lambda session, request: base.move(
                session.number, [(entry.joint_identifier, entry.value) for entry in request.joint_speeds]
            ),
            functions.STOP: lambda session, request: base.stop(),
            functions.STOP_ACTION: lambda session, request: base.stop(),
            functions.EMERGENCY_STOP: lambda session, request: base.emergency_stop(),
            functions.CLEAR_FAULTS: lambda session, request: base.clear_faults(),
            functions.SEND_GRIPPER: self._send_gripper,
            functions.UNSUBSCRIBE: lambda session, request: self._subscriptions.remove(request.identifier, session),
            functions.GET_SERVOING_MODE: lambda session, request: {"servoing_mode": base.servoing_mode},
            functions.GET_OPERATING_MODE: lambda session, request: {"operating_mode": base.operating_mode},
            functions.GET_ACTUATOR_COUNT: lambda session, request: {"count": base.actuator_count},
            functions.GET_ARM_STATE: lambda session, request: {"active_state": base.state},
            functions.READ_ALL_PROTECTION_ZONES: lambda session, request: {
                "protection_zones": [zone.message(number) for number, zone in enumerate(base.zones, start=1)]
            },
            functions.GET_JOINT_ANGLES: self._joint_angles,
            functions.GET_GRIPPER: self._gripper,
            functions.GET_MEASURED_POSE: self._pose,
            functions.REFRESH_FEEDBACK: self._feedback,
            functions.GET_HARD_LIMITS: lambda session, request: self._limits(ControlMode.ANGULAR_JOYSTICK),
            functions.GET_SOFT_LIMITS: lambda session, request: self._limits(request.control_mode),
            functions.READ_ALL_DEVICES: self._devices,
        }

    def answer(self, request: Frame, connection: Connection, now_ns: int) -> Frame:
        """Does what `request` asks for and returns the response, which says why not where it was refused."""
        if request.kind == FrameType.PING:
            return Frame(FrameType.PONG, request.session, request.sequence, request.function, request.payload)
        session = 0
        try:
            function = _check(request)
            if function == functions.CREATE_SESSION:
                info = _decode(function, request)
                created = self.sessions.create(info, connection, now_ns, self._base.troubles.wrong_password)
                return request.respond(created.number)
            found = self.sessions.hear(request.session, connection, now_ns)
            session = found.number
            payload = self._call(function, found, _decode(function, request))
        except Refusal as refusal:
            return request.refuse(session, refusal.error, refusal.sub_error, str(refusal))
        return request.respond(session, payload)

    def listen(self, now_ns: int) -> None:
        """Ends the motions of sessions that have fallen silent."""
        for session in self.sessions.fallen_silent(now_ns):
            self._base.release(session.number)

    def _call(self, function: Function, session: Session, request: Any) -> bytes:
        if function in TOPICS:
            return self._subscribe(function, session)
        if function not in self._handlers:
            raise Refusal(SubError.UNIMPLEMENTED, f"The emulator does not do {function.name}.", ErrorCode.PROTOCOL_SERVER)
        result = self._handlers[function](session, request)
        if isinstance(result, dict):
            result = message(function.response, **result)
        return b"" if result is None else bytes(result.SerializeToString())

    def _subscribe(self, topic: Function, session: Session) -> bytes:
        subscription = self._subscriptions.add(topic.uid, session)
        if self._base.troubles.early_notifications and topic == functions.ARM_STATE_TOPIC:
            self._notify(session.connection, subscription.frame(self._base.state_notification()))
        return bytes(message(topic.response, identifier=subscription.handle).SerializeToString())

    def _on_event(self, topic: int, notification: Any) -> None:
        told = self._subscriptions.of(topic)
        if self._base.troubles.stray_notifications:
            told = [Subscription(STRAY_HANDLE, topic, session) for session in self.sessions]
        for subscription in told:
            self._notify(subscription.session.connection, subscription.frame(notification))

    def _close_session(self, session: Session, request: Any) -> None:
        self.sessions.close(session)
        self._base.release(session.number)

    def _send_gripper(self, session: Session, request: Any) -> None:
        fingers = request.gripper.finger
        if len(fingers) != 1:
            raise Refusal(SubError.INVALID_PARAM, f"The gripper has one motor and was sent {len(fingers)} values.")
        self._base.grip(session.number, request.mode, fingers[0].value)

    def _gripper(self, session: Session, request: Any) -> dict[str, Any]:
        gripper = self._base.gripper
        value = gripper.velocity if request.mode == GripperMode.SPEED else gripper.position
        return {"finger": [message("Finger", finger_identifier=0, value=value)]}

    def _joint_angles(self, session: Session, request: Any) -> dict[str, Any]:
        angles = self._base.arm.read().position[: self._base.actuator_count]
        return {
            "joint_angles": [
                message("JointAngle", joint_identifier=index, value=unsigned_degrees(angle)) for index, angle in enumerate(angles)
            ]
        }

    def _pose(self, session: Session, request: Any) -> dict[str, Any]:
        reading = self._base.arm.read()
        x, y, z = reading.tool_position
        roll, pitch, yaw = euler_degrees(reading.tool_rotation)
        return {"x": x, "y": y, "z": z, "theta_x": roll, "theta_y": pitch, "theta_z": yaw}

    def _feedback(self, session: Session, request: Any) -> Any:
        self._refreshes += 1
        if not self._base.troubles.frozen_feedback:
            self._frozen = None
        elif self._frozen is not None:
            return self._frozen
        self._frozen = feedback(self._base, self._base.arm.read(), self._refreshes)
        return self._frozen

    def _limits(self, mode: int) -> dict[str, Any]:
        arm, count = self._base.arm, self._base.actuator_count
        return {
            "control_mode": mode,
            "twist_linear": TWIST_LINEAR,
            "twist_angular": TWIST_ANGULAR,
            "joint_speed_limits": np.rad2deg(arm.max_speed)[:count],
            "joint_acceleration_limits": np.rad2deg(arm.arm.max_acceleration)[:count],
        }

    def _devices(self, session: Session, request: Any) -> dict[str, Any]:
        robot = self._base.arm.robot
        kinds = [DeviceType.BIG_ACTUATOR] * robot.large + [DeviceType.SMALL_ACTUATOR] * (robot.count - robot.large)
        kinds = kinds[: self._base.actuator_count]
        listed = [(DeviceType.BASE, 0), *((kind, 1 + index) for index, kind in enumerate(kinds))]
        listed += [(DeviceType.INTERCONNECT, 1 + len(kinds)), (DeviceType.GRIPPER, GRIPPER_DEVICE)]
        return {
            "device_handle": [
                message("DeviceHandle", device_type=kind, device_identifier=number, order=order)
                for order, (kind, number) in enumerate(listed)
            ]
        }


def _check(request: Frame) -> Function:
    """Returns the function that `request` calls. Raises Refusal for what is no request for a function that a base has."""
    if request.version != VERSION:
        text = f"The header's version is {request.version}, expected {VERSION}."
        raise Refusal(SubError.INCOMPATIBLE_HEADER_VERSION, text, ErrorCode.PROTOCOL_SERVER)
    if request.kind != FrameType.REQUEST:
        text = f"A client sent a frame of type {request.kind}."
        raise Refusal(SubError.UNSUPPORTED_FRAME_TYPE, text, ErrorCode.PROTOCOL_SERVER)
    if request.function >> 16 not in SERVICES:
        text = f"There is no service {request.function >> 16}."
        raise Refusal(SubError.UNSUPPORTED_SERVICE, text, ErrorCode.PROTOCOL_SERVER)
    if request.function not in FUNCTIONS:
        text = f"Service {request.function >> 16} has no function {request.function & 0xFFFF:#x} here."
        raise Refusal(SubError.UNSUPPORTED_METHOD, text, ErrorCode.PROTOCOL_SERVER)
    return FUNCTIONS[request.function]


def _decode(function: Function, request: Frame) -> Any:
    """Returns the request's message, None where the function takes none. Raises Refusal when it does not decode."""
    if not function.request:
        return None
    try:
        return parse(function.request, request.payload)
    except DecodeError:
        text = f"{len(request.payload)} bytes are no {function.request}."
        raise Refusal(SubError.PAYLOAD_DECODING_ERR, text, ErrorCode.PROTOCOL_SERVER) from None
