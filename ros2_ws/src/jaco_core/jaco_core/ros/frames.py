"""Where frames are that move with their parent: /tf_static. Needs tf2_msgs, which not every installation has."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

import mujoco
import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node

from jaco_core.frames import FixedFrame
from jaco_core.ros import qos


class StaticFrames:
    """The frames that one node knows. Late readers get them too, and a frame that is told again has moved.

    Without tf2_msgs nothing is told, and `available` is false.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        try:
            self._type: Any = importlib.import_module("tf2_msgs.msg").TFMessage
        except ImportError:
            self._type = None
        self._publisher = None if self._type is None else node.create_publisher(self._type, "/tf_static", qos.LATCHED)

    @property
    def available(self) -> bool:
        return self._publisher is not None

    def tell(self, frames: Iterable[FixedFrame]) -> None:
        """Publishes all frames of this node: the message takes the last one's place."""
        if self._publisher is not None:
            stamp = self._node.get_clock().now().to_msg()
            self._publisher.publish(self._type(transforms=[_transform(frame, stamp) for frame in frames]))

    def destroy(self) -> None:
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
            self._publisher = None


def _transform(frame: FixedFrame, stamp: Any) -> TransformStamped:
    message = TransformStamped(child_frame_id=frame.name)
    message.header.stamp, message.header.frame_id = stamp, frame.parent
    place, turn = message.transform.translation, message.transform.rotation
    place.x, place.y, place.z = map(float, frame.position)
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.asarray(frame.rotation, dtype=np.float64).ravel())
    turn.w, turn.x, turn.y, turn.z = map(float, quaternion)
    return message
