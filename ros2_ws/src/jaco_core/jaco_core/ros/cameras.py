"""One camera's publishers: image, camera_info and, where it measures it, depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from jaco_core.cameras import camera_frame, camera_topics
from jaco_core.ros import convert, qos
from jaco_core.types import DepthImage, RgbImage

NO_DISTORTION = np.zeros(5)


class CameraPublishers:
    """What an ideal camera says, under the topics and the frame of its name."""

    def __init__(self, node: Node, name: str, depth: bool) -> None:
        topics = camera_topics(name)
        self._frame = camera_frame(name)
        self.image = node.create_publisher(Image, topics.image, qos.STATE_WRITER)
        self.info = node.create_publisher(CameraInfo, topics.info, qos.STATE_WRITER)
        self._depth = node.create_publisher(Image, topics.depth, qos.STATE_WRITER) if depth else None
        self._depth_info = node.create_publisher(CameraInfo, topics.depth_info, qos.STATE_WRITER) if depth else None

    def publish(self, image: RgbImage, depth: DepthImage | None, stamp_ns: int) -> None:
        """Publishes a picture, uint8, shape (h, w, 3), RGB, and before it its depth [mm], uint16, shape (h, w)."""
        if self._depth is not None and depth is not None:
            self._depth.publish(convert.depth_to_message(depth, stamp_ns, self._frame))
        self.image.publish(convert.image_to_message(image, stamp_ns, self._frame))

    def describe(self, matrix: NDArray[np.float64], size: int, stamp_ns: int) -> None:
        """Publishes the intrinsics, `matrix` [px], shape (3, 3), of pictures of `size` x `size` px: depth has the same."""
        message = convert.camera_info_to_message(size, size, matrix, NO_DISTORTION, stamp_ns, self._frame)
        self.info.publish(message)
        if self._depth_info is not None:
            self._depth_info.publish(message)
