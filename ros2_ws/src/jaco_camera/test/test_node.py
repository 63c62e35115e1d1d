from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from camera_support import FRAMES
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from jaco_camera.node import CameraNode
from jaco_core.domain import take_random_domain
from jaco_core.ros import qos
from jaco_core.ros.convert import depth_from_message, image_from_message, stamp_to_ns
from jaco_core.ros.waiting import spin_until, wait_for_peers

TIMEOUT_S = 30.0
OK, ERROR = b"\x00", b"\x02"


class Listener(Node):
    """Keeps all that the camera says."""

    def __init__(self) -> None:
        super().__init__("listener")
        self.images: list[Image] = []
        self.infos: list[CameraInfo] = []
        self.diagnostics: list[DiagnosticArray] = []
        self.endpoints = [
            self.create_subscription(Image, "/camera/image_raw", self.images.append, qos.STATE),
            self.create_subscription(CameraInfo, "/camera/camera_info", self.infos.append, qos.STATE),
            self.create_subscription(DiagnosticArray, "/diagnostics", self.diagnostics.append, qos.EVENT),
        ]

    def level(self) -> bytes | None:
        """Returns the level of the last diagnostics."""
        return self.diagnostics[-1].status[0].level if self.diagnostics else None


@contextmanager
def camera(**parameters: Any) -> Iterator[tuple[CameraNode, Listener, Callable[[Callable[[], bool], str], None]]]:
    arguments = ["--ros-args"]
    for name, value in parameters.items():
        arguments += ["-p", f"{name}:={value}"]
    domain = take_random_domain()
    rclpy.init(args=arguments, domain_id=domain.number)
    try:
        node, listener, executor = CameraNode(), Listener(), SingleThreadedExecutor()
        executor.add_node(node)
        executor.add_node(listener)
        yield node, listener, lambda predicate, what: spin_until(executor, predicate, TIMEOUT_S, what)
        node.quiesce()
        node.release()
    finally:
        rclpy.shutdown()
        domain.release()


def test_a_video_is_published_with_matching_stamps_and_its_end_is_a_fault(video: Path) -> None:
    with camera(source=video, rate=50.0, width=32, height=24, frame_id="front") as (node, listener, spin):
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        wait_for_peers(listener.endpoints, TIMEOUT_S)
        before = node.get_clock().now().nanoseconds
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        spin(lambda: listener.level() == ERROR, "the fault")

        stamps = [stamp_to_ns(message.header.stamp) for message in listener.images]
        assert 2 <= len(stamps) <= FRAMES  # the newest wins: an executor that is late may miss some
        assert stamps == [stamp_to_ns(message.header.stamp) for message in listener.infos]
        assert stamps == sorted(set(stamps)) and stamps[0] >= before
        first, info = listener.images[0], listener.infos[0]
        assert image_from_message(first).shape == (24, 32, 3) and first.encoding == "rgb8"
        assert first.header.frame_id == info.header.frame_id == "front"
        assert (info.width, info.height, info.distortion_model) == (32, 24, "plumb_bob") and info.k[0] > 0.0
        assert "ended" in listener.diagnostics[-1].status[0].message


def test_depth_is_published_with_its_picture_under_one_stamp_through_one_lens(depth_folder: Path) -> None:
    with camera(source=depth_folder, loop=True, depth=True, rate=50.0, width=32, height=32) as (node, listener, spin):
        depths: list[Image] = []
        infos: list[CameraInfo] = []
        listener.endpoints += [
            listener.create_subscription(Image, "/camera/aligned_depth_to_color/image_raw", depths.append, qos.STATE),
            listener.create_subscription(CameraInfo, "/camera/aligned_depth_to_color/camera_info", infos.append, qos.STATE),
        ]
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        wait_for_peers(listener.endpoints, TIMEOUT_S)
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        spin(lambda: len(listener.images) >= 4 and len(depths) >= 4 and len(infos) >= 4, "pictures with depth")

        pictures = {stamp_to_ns(message.header.stamp): message for message in listener.images}
        for message in depths[:3]:
            found, picture = depth_from_message(message), pictures[stamp_to_ns(message.header.stamp)]
            index = int(image_from_message(picture)[0, 0, 0]) // 20
            assert found.shape == (32, 32) and message.header.frame_id == picture.header.frame_id
            assert (found[0, 0], found[0, -1]) == (500 + index, 1000 + index)
        assert infos[0].k.tolist() == listener.infos[0].k.tolist() and infos[0].header == listener.infos[0].header


def test_the_cameras_place_is_a_static_frame(folder: Path, tmp_path: Path) -> None:
    pose = tmp_path / "wrist.yaml"
    pose.write_text("position: [0.0, 0.1, 0.05]\nquaternion: [0.0, 0.0, 0.0, 1.0]\n")
    with camera(source=folder, pose=pose, parent_frame="hand", frame_id="wrist_camera") as (node, listener, spin):
        told: list[TFMessage] = []
        listener.create_subscription(TFMessage, "/tf_static", told.append, qos.LATCHED)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        spin(lambda: bool(told), "the frame, also for who comes late")
        (frame,) = told[0].transforms
        assert (frame.header.frame_id, frame.child_frame_id) == ("hand", "wrist_camera")
        assert (frame.transform.translation.y, frame.transform.rotation.w) == (0.1, 1.0)


def test_a_source_without_depth_refuses_configure(video: Path) -> None:
    with camera(source=video, depth=True) as (node, _, _spin):
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE


def test_a_lost_folder_is_reported_and_comes_back(folder: Path) -> None:
    away = folder.with_name("away")
    with camera(source=folder, loop=True, rate=50.0, frozen_frames=0) as (node, listener, spin):
        node.trigger_configure()
        node.trigger_activate()
        spin(lambda: listener.level() == OK and len(listener.images) > 3, "images")
        shutil.move(folder, away)
        spin(lambda: listener.level() == ERROR, "the fault")
        count = len(listener.images)
        spin(lambda: "cannot be read" in listener.diagnostics[-1].status[0].message, "an attempt to open it again")
        assert len(listener.images) == count, "a lost camera must publish nothing"
        shutil.move(away, folder)
        spin(lambda: listener.level() == OK and len(listener.images) > count, "images after the fault")


def test_an_inactive_camera_publishes_nothing_and_can_be_configured_again(folder: Path) -> None:
    with camera(source=folder, loop=True, rate=100.0) as (node, listener, spin):
        for _ in range(2):
            assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
            assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
            count = len(listener.images)
            spin(lambda count=count: len(listener.images) > count, "images")  # type: ignore[misc]
            assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
            assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS


def test_a_source_that_does_not_open_refuses_configure_and_a_second_attempt_works(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "later"
    place.mkdir()
    with camera(source=place) as (node, _, _spin):
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
        shutil.copytree(folder, place, dirs_exist_ok=True)
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS


def test_a_calibration_for_another_shape_ends_the_node_with_one_sentence(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "square.yaml"
    path.write_text(
        "image_width: 64\nimage_height: 64\ndistortion_model: plumb_bob\ndistortion_coefficients: {data: [0, 0, 0, 0, 0]}\n"
        "camera_matrix: {data: [50, 0, 32, 0, 50, 32, 0, 0, 1]}\n"
    )
    with camera(source=folder, calibration=path) as (node, listener, spin):
        node.trigger_configure()
        node.trigger_activate()
        spin(lambda: node.failure is not None, "the failure")
        assert node.failure is not None and "96 x 64 px and its calibration is for 64 x 64" in node.failure
        assert not listener.images
