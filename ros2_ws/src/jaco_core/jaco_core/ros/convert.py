"""Messages to plain data and back. Malformed messages raise ContractError; nothing is guessed."""

from __future__ import annotations

import array

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Pose, WrenchStamped
from jaco_interfaces.msg import EpisodeState, JointVelocityCommand, SceneState
from jaco_interfaces.srv import ResetEpisode
from sensor_msgs.msg import CameraInfo, Image, JointState

from jaco_core.errors import ContractError
from jaco_core.types import (
    DepthImage,
    EpisodeStart,
    EpisodeStatus,
    JointSample,
    RgbImage,
    SceneSample,
    VelocityCommand,
    WrenchSample,
    frozen_vector,
)
from jaco_core.units import NS_PER_S


def stamp_to_ns(stamp: Time) -> int:
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def ns_to_stamp(nanoseconds: int) -> Time:
    return Time(sec=nanoseconds // NS_PER_S, nanosec=nanoseconds % NS_PER_S)


def joints_from_message(message: JointState) -> JointSample:
    return JointSample(
        stamp_to_ns(message.header.stamp),
        tuple(message.name),
        frozen_vector(message.position),
        frozen_vector(message.velocity),
        frozen_vector(message.effort),
    )


def joints_to_message(sample: JointSample, frame: str) -> JointState:
    message = JointState()
    message.header.stamp = ns_to_stamp(sample.stamp_ns)
    message.header.frame_id = frame
    message.name = list(sample.names)
    message.position = array.array("d", sample.position)
    message.velocity = array.array("d", sample.velocity)
    message.effort = array.array("d", sample.effort)
    return message


def command_from_message(message: JointVelocityCommand) -> VelocityCommand:
    if len(message.velocities) != len(message.joint_names):
        raise ContractError(f"A command names {len(message.joint_names)} joints and gives {len(message.velocities)} velocities.")
    return VelocityCommand(
        stamp_to_ns(message.header.stamp),
        tuple(message.joint_names),
        frozen_vector(message.velocities),
        int(message.sequence),
        int(message.policy_version),
        stamp_to_ns(message.policy_stamp),
    )


def command_to_message(command: VelocityCommand) -> JointVelocityCommand:
    message = JointVelocityCommand()
    message.header.stamp = ns_to_stamp(command.stamp_ns)
    message.joint_names = list(command.names)
    message.velocities = array.array("d", command.velocity)
    message.sequence = command.sequence
    message.policy_version = command.policy_version
    message.policy_stamp = ns_to_stamp(command.policy_stamp_ns)
    return message


def wrench_from_message(message: WrenchStamped) -> WrenchSample:
    force, torque = message.wrench.force, message.wrench.torque
    return WrenchSample(
        stamp_to_ns(message.header.stamp),
        message.header.frame_id,
        frozen_vector((force.x, force.y, force.z)),
        frozen_vector((torque.x, torque.y, torque.z)),
    )


def wrench_to_message(sample: WrenchSample) -> WrenchStamped:
    message = WrenchStamped()
    message.header.stamp = ns_to_stamp(sample.stamp_ns)
    message.header.frame_id = sample.frame
    force, torque = message.wrench.force, message.wrench.torque
    force.x, force.y, force.z = map(float, sample.force)
    torque.x, torque.y, torque.z = map(float, sample.torque)
    return message


def episode_from_message(message: EpisodeState) -> EpisodeStatus:
    return EpisodeStatus(
        stamp_to_ns(message.header.stamp),
        message.task,
        message.phase,
        message.episode,
        message.step,
        message.seed,
        message.reward,
        message.episode_return,
        message.terminated,
        message.truncated,
        message.success,
        message.reason,
        # Recordings of older runs lack it.
        float(getattr(message, "furthest_m", 0.0)),
    )


def start_from_request(request: ResetEpisode.Request) -> EpisodeStart:
    return EpisodeStart(int(request.seed), float(request.furthest_m))


def episode_to_message(status: EpisodeStatus) -> EpisodeState:
    message = EpisodeState(
        task=status.task,
        phase=status.phase,
        episode=status.episode,
        step=status.step,
        seed=status.seed,
        reward=float(status.reward),
        episode_return=float(status.episode_return),
        terminated=bool(status.terminated),
        truncated=bool(status.truncated),
        success=bool(status.success),
        reason=status.reason,
        furthest_m=float(status.furthest_m),
    )
    message.header.stamp = ns_to_stamp(status.stamp_ns)
    return message


def scene_from_message(message: SceneState) -> SceneSample:
    if len(message.object_names) != len(message.object_poses):
        raise ContractError(f"A scene names {len(message.object_names)} objects and gives {len(message.object_poses)} poses.")
    if len(message.missing_names) != len(message.missing_reasons):
        given = len(message.missing_reasons)
        raise ContractError(f"A scene misses {len(message.missing_names)} objects and gives {given} reasons.")
    objects = {
        name: frozen_vector((pose.position.x, pose.position.y, pose.position.z))
        for name, pose in zip(message.object_names, message.object_poses, strict=True)
    }
    missing = dict(zip(message.missing_names, message.missing_reasons, strict=True))
    return SceneSample(stamp_to_ns(message.header.stamp), objects, tuple(message.contacts), tuple(message.hidden_names), missing)


def scene_to_message(sample: SceneSample, frame: str) -> SceneState:
    message = SceneState(object_names=list(sample.objects), contacts=list(sample.contacts), hidden_names=list(sample.hidden))
    message.missing_names, message.missing_reasons = list(sample.missing), list(sample.missing.values())
    message.header.stamp = ns_to_stamp(sample.stamp_ns)
    message.header.frame_id = frame
    for position in sample.objects.values():
        pose = Pose()
        pose.position.x, pose.position.y, pose.position.z = map(float, position)
        message.object_poses.append(pose)
    return message


def image_from_message(message: Image) -> RgbImage:
    """Returns the image, uint8, shape (height, width, 3), RGB.

    Raises:
        ContractError: the encoding is not rgb8 or bgr8, or the data's length does not fit its size.
    """
    if message.encoding not in ("rgb8", "bgr8"):
        raise ContractError(f"The image is encoded as '{message.encoding}'; expected rgb8 or bgr8.")
    if len(message.data) != message.height * message.step or message.step < 3 * message.width:
        raise ContractError(
            f"The image is {message.width} x {message.height} with rows of {message.step} bytes and {len(message.data)} in all; "
            "these do not fit together."
        )
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)
    image = rows[:, : 3 * message.width].reshape(message.height, message.width, 3)
    return image if message.encoding == "rgb8" else np.ascontiguousarray(image[:, :, ::-1])


def image_to_message(image: RgbImage, stamp_ns: int, frame: str) -> Image:
    """Returns an rgb8 message of `image`, uint8, shape (height, width, 3)."""
    height, width, _ = image.shape
    message = Image(height=height, width=width, encoding="rgb8", step=3 * width, is_bigendian=0)
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.header.frame_id = frame
    # An array.array is taken over as it is; bytes or a list would be checked element by element.
    message.data = array.array("B", image.tobytes())
    return message


def depth_from_message(message: Image) -> DepthImage:
    """Returns the depth [mm], uint16, shape (height, width), 0 where it is not known.

    Raises:
        ContractError: the encoding is not 16UC1, or the data's length does not fit its size.
    """
    if message.encoding != "16UC1":
        raise ContractError(f"The depth is encoded as '{message.encoding}'; expected 16UC1, in mm.")
    if len(message.data) != message.height * message.step or message.step < 2 * message.width:
        raise ContractError(
            f"The depth is {message.width} x {message.height} with rows of {message.step} bytes and {len(message.data)} in all; "
            "these do not fit together."
        )
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)
    pixels = np.ascontiguousarray(rows[:, : 2 * message.width]).view(">u2" if message.is_bigendian else "<u2")
    return pixels.astype(np.uint16)


def depth_to_message(depth: DepthImage, stamp_ns: int, frame: str) -> Image:
    """Returns a 16UC1 message (REP 118) of `depth` [mm], uint16, shape (height, width)."""
    height, width = depth.shape
    message = Image(height=height, width=width, encoding="16UC1", step=2 * width, is_bigendian=0)
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.header.frame_id = frame
    message.data = array.array("B", depth.astype("<u2").tobytes())
    return message


def camera_info_to_message(
    width: int, height: int, matrix: np.ndarray, distortion: np.ndarray, stamp_ns: int, frame: str
) -> CameraInfo:
    """Returns the CameraInfo of a plumb_bob camera. `matrix`: intrinsics [px], shape (3, 3); `distortion`: shape (5,)."""
    message = CameraInfo(width=width, height=height, distortion_model="plumb_bob")
    message.header.stamp = ns_to_stamp(stamp_ns)
    message.header.frame_id = frame
    message.d = array.array("d", np.asarray(distortion, dtype=np.float64))
    message.k = np.asarray(matrix, dtype=np.float64).reshape(9)
    message.r = np.eye(3).reshape(9)
    message.p = np.hstack([np.asarray(matrix, dtype=np.float64), np.zeros((3, 1))]).reshape(12)
    return message


def diagnostics_to_message(name: str, hardware: str, text: str, values: dict[str, str], stamp_ns: int) -> DiagnosticArray:
    """Returns one status, level OK, of the node `name` on `hardware`, with `values` as its key-value pairs."""
    status = DiagnosticStatus(name=name, hardware_id=hardware, level=DiagnosticStatus.OK, message=text)
    status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
    message = DiagnosticArray(status=[status])
    message.header.stamp = ns_to_stamp(stamp_ns)
    return message
