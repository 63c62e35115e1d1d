"""The perception node over real topics."""

from __future__ import annotations

import numpy as np
from ball_support import RADIUS, SEEN, SIZE, draw
from jaco_interfaces.msg import SceneState
from sensor_msgs.msg import CameraInfo, Image, JointState

from jaco_camera.perception.node import PerceptionNode
from jaco_core.arms import load_arm
from jaco_core.ros import convert, qos
from jaco_core.ros.testing import GraphUnderTest
from jaco_core.ros.waiting import wait_for_peers
from jaco_core.types import JointSample, RgbImage

ARM = load_arm("j2n6s300")
PERIOD_NS = 100_000_000


class Stage:
    """Shows pictures with their joint states."""

    def __init__(self, graph: GraphUnderTest) -> None:
        self.now_ns = 0
        make = graph.console.create_publisher
        self._joints = make(JointState, "/joint_states", qos.STATE)
        self._images = make(Image, "/camera/image_raw", qos.STATE)
        self._infos = make(CameraInfo, "/camera/camera_info", qos.STATE)
        self.scenes = graph.collect(SceneState, "/scene", qos.STATE)
        node = graph.add(PerceptionNode)
        assert graph.configure(node)
        wait_for_peers((self._joints, self._images, self._infos), timeout=10.0)
        assert graph.activate(node)

    def show(self, image: RgbImage) -> int:
        """Publishes `image` with joint states around it, and returns its stamp."""
        self.now_ns += PERIOD_NS
        stamp = self.now_ns
        self._infos.publish(convert.camera_info_to_message(SIZE, SIZE, SEEN.matrix, SEEN.distortion, stamp, "camera"))
        self._images.publish(convert.image_to_message(image, stamp, "camera"))
        for offset in (-4_000_000, 6_000_000):
            sample = JointSample(stamp + offset, ARM.joint_names, ARM.home, np.zeros(len(ARM)))
            self._joints.publish(convert.joints_to_message(sample, "base"))
        return stamp


def test_a_scene_for_each_image_says_where_the_target_is_or_why_not() -> None:
    with GraphUnderTest() as graph:
        stage = Stage(graph)
        first = stage.show(draw((0.50, -0.10)))
        graph.until(lambda: len(stage.scenes) == 1, "the first scene")
        sample = convert.scene_from_message(stage.scenes[0])
        assert sample.stamp_ns == first and stage.scenes[0].header.frame_id == "base"
        np.testing.assert_allclose(sample.objects["target"], (0.50, -0.10, RADIUS), atol=0.004)
        assert not sample.missing and not sample.hidden
        stage.show(draw())
        graph.until(lambda: len(stage.scenes) == 2, "the second scene")
        sample = convert.scene_from_message(stage.scenes[1])
        assert not sample.objects and sample.missing == {"target": "not_seen"}


def test_a_region_of_three_numbers_or_an_unknown_pose_is_refused() -> None:
    with GraphUnderTest(camera_pose="nowhere") as graph:
        assert not graph.configure(graph.add(PerceptionNode))
    with GraphUnderTest(lower="[0.1, 0.2, 0.3]") as graph:
        assert not graph.configure(graph.add(PerceptionNode))
