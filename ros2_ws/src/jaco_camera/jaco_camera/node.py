"""The camera node: publishes pictures of a real camera, a stream, a video file or an image folder."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from sensor_msgs.msg import CameraInfo, Image

from jaco_camera.calibration import Calibration, calibration_from_view, load_calibration
from jaco_camera.fitting import centre_fit
from jaco_camera.grabber import Clocks, Frame, Grabber
from jaco_camera.health import CameraHealth
from jaco_camera.perception.pose import load_pose
from jaco_camera.sources import source_opener
from jaco_core.errors import ContractError
from jaco_core.frames import FixedFrame
from jaco_core.parameters import parameter
from jaco_core.ros import qos
from jaco_core.ros.convert import camera_info_to_message, depth_to_message, image_to_message
from jaco_core.ros.frames import StaticFrames
from jaco_core.ros.lifecycle import JacoNode, run_node
from jaco_core.scheduling import Urgency

DIAGNOSTICS_PERIOD_S = 0.5


@dataclass(frozen=True)
class CameraConfig:
    """Parameters of the camera node."""

    source: str = parameter(
        "device:0", "Where frames come from: device:0, /dev/video0, realsense:, a URL, a video file or an image folder."
    )
    depth: bool = parameter(False, "Publish depth aligned to the picture; the source must be realsense: or a folder that has it.")
    loop: bool = parameter(False, "Whether a video file or folder begins again at its end.")
    width: int = parameter(64, "Width of the published picture.", unit="px", lower=1, upper=8192)
    height: int = parameter(64, "Height of the published picture.", unit="px", lower=1, upper=8192)
    rate: float = parameter(10.0, "Pictures per second, at most.", unit="Hz", lower=0.1, upper=240.0)
    calibration: str = parameter("", "File of ROS's camera_calibration; empty: what the camera says, or the field of view below.")
    field_of_view: float = parameter(45.0, "Vertical field of view without a calibration.", unit="deg", lower=1.0, upper=179.0)
    frame_id: str = parameter("camera", "Frame of the pictures.")
    pose: str = parameter(
        "", "Where the camera is: a YAML file, or one of jaco_camera/perception/poses; empty: /tf does not say."
    )
    parent_frame: str = parameter("base", "Frame that the pose counts in: the arm's base, or the link that the camera rides on.")
    timeout: float = parameter(0.5, "Time without a frame that is a fault.", unit="s", lower=0.01, upper=60.0)
    frozen_frames: int = parameter(
        30, "Identical frames in a row that are a fault; they are withheld then. 0 looks for none.", lower=0, upper=100000
    )


class CameraNode(JacoNode[CameraConfig]):
    """Publishes /camera/image_raw, /camera/camera_info and, where asked, depth with the capture's stamp, and /diagnostics."""

    def __init__(self) -> None:
        super().__init__("camera", CameraConfig)
        self._grabber: Grabber | None = None

    def setup(self, config: CameraConfig) -> None:
        """Opens the source and reads the calibration; refuses when either fails."""
        self._config, self.urgency = config, Urgency.POLICY
        pose = load_pose(config.pose) if config.pose else None
        self._given = load_calibration(Path(config.calibration).expanduser()) if config.calibration else None
        self._published: tuple[int, int, Calibration] | None = None
        clocks = Clocks(stamp=lambda: int(self.get_clock().now().nanoseconds), steady=time.monotonic_ns)
        health = CameraHealth(config.timeout, config.frozen_frames)
        opener = source_opener(config.source, loop=config.loop, depth=config.depth)
        # The grabber's thread only wakes the executor; publishing stays on the executor's thread.
        self._grabber = Grabber(opener, (config.width, config.height), config.rate, health, clocks, lambda: self._wake.trigger())
        self._wake = self.create_guard_condition(self._publish_newest)
        self._images = self.create_publisher(Image, "/camera/image_raw", qos.STATE)
        self._infos = self.create_publisher(CameraInfo, "/camera/camera_info", qos.STATE)
        self._depth = self._depth_info = None
        if config.depth:
            self._depth = self.create_publisher(Image, "/camera/aligned_depth_to_color/image_raw", qos.STATE)
            self._depth_info = self.create_publisher(CameraInfo, "/camera/aligned_depth_to_color/camera_info", qos.STATE)
        self._frames = StaticFrames(self)
        if pose is not None:
            self._frames.tell([FixedFrame(config.frame_id, config.parent_frame, pose.position, pose.rotation)])
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.EVENT)
        # Steady: a camera that died while /clock stands still must be reported all the same.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(DIAGNOSTICS_PERIOD_S, self._publish_diagnostics, clock=steady)

    def start(self) -> None:
        if self._grabber is not None:
            self._grabber.start()

    def halt(self) -> None:
        if self._grabber is not None:
            self._grabber.stop()

    def release(self) -> None:
        if self._grabber is None:
            return
        self._grabber.close()
        self._grabber = None
        self.destroy_timer(self._timer)
        self.destroy_guard_condition(self._wake)
        self._frames.destroy()
        for publisher in (self._images, self._infos, self._depth, self._depth_info, self._diagnostics):
            if publisher is not None:
                self.destroy_publisher(publisher)

    def _publish_newest(self) -> None:
        frame = self._grabber.take() if self._grabber is not None and self.active else None
        if frame is None:
            return
        stamp_ns, frame_id = frame.stamp_ns, self._config.frame_id
        try:
            seen = self._calibration(frame)
        except ContractError as error:
            self.fail(str(error))
            return
        info = camera_info_to_message(seen.width, seen.height, seen.matrix, seen.distortion, stamp_ns, frame_id)
        self._infos.publish(info)
        if self._depth is not None and self._depth_info is not None and frame.depth is not None:
            self._depth_info.publish(info)  # aligned: the depth is seen through the picture's lens
            self._depth.publish(depth_to_message(frame.depth, stamp_ns, frame_id))
        # Last, so that who acts on a picture has what belongs to it.
        self._images.publish(image_to_message(frame.image, stamp_ns, frame_id))

    def _calibration(self, frame: Frame) -> Calibration:
        """Returns the intrinsics of the published picture; they change only with the size of the source's picture."""
        width, height = frame.source_width, frame.source_height
        if self._published is None or self._published[:2] != (width, height):
            ideal = calibration_from_view(width, height, math.radians(self._config.field_of_view))
            given = self._given or frame.calibration or ideal
            fit = centre_fit(width, height, self._config.width, self._config.height)
            self._published = (width, height, given.scaled(width, height).fitted(fit))
        return self._published[2]

    def _publish_diagnostics(self) -> None:
        if self._grabber is None or not self.active:
            return
        report = self._grabber.report()
        status = DiagnosticStatus(level=bytes([report.level]), name=self.get_name(), message=report.message)
        status.hardware_id = self._config.source
        values = {
            "frames": report.frames,
            "rate_hz": f"{report.rate_hz:.2f}",
            "age_s": f"{report.age_s:.3f}",
            "reconnects": report.reconnects,
            "identical_frames": report.identical,
        }
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def main() -> None:
    sys.exit(run_node(CameraNode))
