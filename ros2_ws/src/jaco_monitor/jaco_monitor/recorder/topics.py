"""What can be recorded: the graph's topics, their types, and which keep their last message for late readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jaco_core.cameras import camera_topics, further_cameras
from jaco_core.errors import ConfigError


@dataclass(frozen=True)
class Topic:
    """A topic and its type, "package/msg/Name". `latched`: its publisher gives the last message to late readers."""

    name: str
    type: str
    latched: bool = False


TOPICS = (
    Topic("/camera/image_raw", "sensor_msgs/msg/Image"),
    Topic("/camera/camera_info", "sensor_msgs/msg/CameraInfo"),
    Topic("/camera/aligned_depth_to_color/image_raw", "sensor_msgs/msg/Image"),
    Topic("/camera/aligned_depth_to_color/camera_info", "sensor_msgs/msg/CameraInfo"),
    Topic("/joint_states", "sensor_msgs/msg/JointState"),
    Topic("/policy/command", "jaco_interfaces/msg/JointVelocityCommand"),
    Topic("/arm/command", "jaco_interfaces/msg/JointVelocityCommand"),
    Topic("/arm/applied", "jaco_interfaces/msg/JointVelocityCommand"),
    Topic("/arm/wrench", "geometry_msgs/msg/WrenchStamped"),
    Topic("/safety/status", "jaco_interfaces/msg/SafetyStatus", latched=True),
    Topic("/safety/step", "jaco_interfaces/msg/SupervisedStep"),
    Topic("/safety/inputs", "jaco_interfaces/msg/StopInput", latched=True),
    Topic("/operator/command", "jaco_interfaces/msg/JointVelocityCommand"),
    Topic("/reset/command", "jaco_interfaces/msg/JointVelocityCommand"),
    Topic("/operator/heartbeat", "std_msgs/msg/Header"),
    Topic("/episode/state", "jaco_interfaces/msg/EpisodeState"),
    Topic("/policy/step", "jaco_interfaces/msg/PolicyStep"),
    Topic("/policy/version", "jaco_interfaces/msg/PolicyVersion", latched=True),
    Topic("/scene", "jaco_interfaces/msg/SceneState"),
    Topic("/tf", "tf2_msgs/msg/TFMessage"),
    Topic("/tf_static", "tf2_msgs/msg/TFMessage", latched=True),
    Topic("/robot_description", "std_msgs/msg/String", latched=True),
    Topic("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray"),
    Topic("/clock", "rosgraph_msgs/msg/Clock"),
)
# Every graph has publishers of these once its nodes are configured.
CORE_TOPICS = frozenset(
    {"/camera/image_raw", "/joint_states", "/policy/command", "/arm/command", "/arm/applied", "/episode/state"}
)
TOPIC_NAMES = tuple(topic.name for topic in TOPICS)


def topics_of_camera(name: str) -> tuple[Topic, ...]:
    """Returns the topics of the further camera called `name`."""
    of = camera_topics(name)
    images = (Topic(topic, "sensor_msgs/msg/Image") for topic in (of.image, of.depth))
    infos = (Topic(topic, "sensor_msgs/msg/CameraInfo") for topic in (of.info, of.depth_info))
    return (*images, *infos)


def select_topics(names: list[str], cameras: Iterable[str] = ()) -> tuple[Topic, ...]:
    """Returns the topics called `names`, and all those of the further `cameras`.

    Raises:
        ConfigError: one is not known, or a camera's name cannot be.
    """
    more = tuple(topic for camera in further_cameras(cameras) for topic in topics_of_camera(camera))
    unknown = sorted(set(names) - set(TOPIC_NAMES))
    if unknown:
        raise ConfigError(f"Cannot record {', '.join(unknown)}: no such topic in this graph; known: {', '.join(TOPIC_NAMES)}.")
    return (*(topic for topic in TOPICS if topic.name in names), *more)
