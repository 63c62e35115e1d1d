"""An Intel RealSense as a frame source: colour, and depth aligned to it, of one moment. Or a recording of its SDK."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jaco_camera.calibration import Calibration
from jaco_camera.capture import Capture
from jaco_camera.realsense.clock import DeviceClock
from jaco_camera.realsense.loader import load_vendor
from jaco_core.depth import MM_PER_M, depth_in_millimetres
from jaco_core.errors import ConfigError, HardwareFault
from jaco_core.units import ns_to_seconds

# What every model of the D400 family gives in both streams.
WIDTH, HEIGHT, RATE_HZ = 640, 480, 30
# A camera that has just been started needs a second or two for its first frames.
READ_TIMEOUT_S = 5.0
# The SDK also pairs a colour frame with the depth before or after it. Beyond this they show different moments.
MAX_SKEW_MS = 20.0
# The SDK estimates the device's time on the host's clock, to some ms.
MAX_AHEAD_NS = 50_000_000
RECORDING_SUFFIXES = frozenset({".db3", ".bag"})


@dataclass(frozen=True)
class Target:
    """Which camera: `serial`, "" for the only one, or the `recording` played in its place, with `loop` again and again."""

    serial: str = ""
    recording: Path | None = None
    loop: bool = False

    def __str__(self) -> str:
        if self.recording is not None:
            return f"RealSense recording '{self.recording}'"
        return f"RealSense camera '{self.serial}'" if self.serial else "RealSense camera"


def realsense_opener(text: str, *, loop: bool, depth: bool) -> Callable[[], RealSenseSource]:
    """Returns a function that opens the RealSense which `text` stands for: "", a serial number or a recording.

    Raises:
        ConfigError: the library is missing, or there is no such recording.
    """
    vendor = load_vendor()
    path = Path(text).expanduser()
    if path.suffix not in RECORDING_SUFFIXES:
        return lambda: RealSenseSource(vendor, Target(text), depth=depth)
    if not path.is_file():
        raise ConfigError(f"There is no RealSense recording '{path}'.")
    return lambda: RealSenseSource(vendor, Target(recording=path, loop=loop), depth=depth)


class RealSenseSource:
    """A running pipeline of the vendor's SDK. Its errors are all RuntimeErrors."""

    def __init__(
        self,
        vendor: Any,
        target: Target,
        *,
        depth: bool,
        steady: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        """Starts the camera. `vendor`: the module pyrealsense2. `steady`, `wall`: this machine's clocks [ns].

        Raises:
            HardwareFault: it does not start.
            ConfigError: a recording without the streams that are asked for.
        """
        self.live = target.recording is None
        self.endless = self.live or target.loop
        self._vendor, self._target, self._depth = vendor, target, depth
        self._steady, self._wall = steady, wall
        self._clock = DeviceClock()
        self._frames: Any = None
        self._age_ns = 0
        self._number = -1
        if self.live:
            self._require_connected()
        self._align = vendor.align(vendor.stream.color)
        self._pipeline = vendor.pipeline()
        try:
            self._calibration = self._start()
        except RuntimeError as error:
            self.close()
            remedy = "is it in a USB 3 port, and not in use elsewhere?" if self.live else "is it whole?"
            raise HardwareFault(f"{target} does not start ({error}); {remedy}") from error
        except ConfigError:
            self.close()
            raise

    def grab(self) -> bool:
        deadline_ns = self._steady() + round(READ_TIMEOUT_S * 1e9)
        while (left_ns := deadline_ns - self._steady()) > 0:
            try:
                valid, frames = self._pipeline.try_wait_for_frames(max(1, left_ns // 1_000_000))
            except RuntimeError as error:
                raise HardwareFault(f"{self._target} gave no frame: {error}.") from error
            if not valid:
                return False
            if self._keep(frames):
                return True
        return False

    def decode(self) -> Capture:
        try:
            frames = self._align.process(self._frames) if self._depth else self._frames
            image = np.array(frames.get_color_frame().get_data(), dtype=np.uint8)
            depth = _millimetres(frames.get_depth_frame()) if self._depth else None
        except RuntimeError as error:
            raise HardwareFault(f"{self._target} gave a frame that cannot be decoded: {error}.") from error
        return Capture(image, depth, self._age_ns, self._calibration)

    def close(self) -> None:
        self._frames = None
        try:
            self._pipeline.stop()
        except RuntimeError:
            return  # it does not run: it never did, or the camera is gone

    def _start(self) -> Calibration:
        """Starts to stream and returns the calibration of the colour picture."""
        vendor = self._vendor
        profile = self._pipeline.start(self._configuration())
        if not self.live:
            profile.get_device().as_playback().set_real_time(False)  # the reader sets the pace
        colour = profile.get_stream(vendor.stream.color).as_video_stream_profile()
        if colour.format() != vendor.format.rgb8:
            raise ConfigError(f"{self._target} has its pictures as {colour.format()}; record them as rgb8.")
        return _calibration(vendor, colour.get_intrinsics(), str(self._target))

    def _configuration(self) -> Any:
        vendor, target = self._vendor, self._target
        configuration = vendor.config()
        if target.recording is not None:
            configuration.enable_device_from_file(str(target.recording), target.loop)
            return configuration
        if target.serial:
            configuration.enable_device(target.serial)
        configuration.enable_stream(vendor.stream.color, WIDTH, HEIGHT, vendor.format.rgb8, RATE_HZ)
        if self._depth:
            configuration.enable_stream(vendor.stream.depth, WIDTH, HEIGHT, vendor.format.z16, RATE_HZ)
        return configuration

    def _keep(self, frames: Any) -> bool:
        """Keeps `frames` if they are complete, new and of one moment, and tells whether they are."""
        colour = frames.get_color_frame()
        depth = frames.get_depth_frame() if self._depth else colour
        if not colour or not depth or colour.get_frame_number() == self._number:
            return False
        # Also of those that are not kept: the quickest frame tells the device's time.
        age_ns = self._age(colour)
        if abs(colour.get_timestamp() - depth.get_timestamp()) > MAX_SKEW_MS:
            return False
        self._number, self._frames, self._age_ns = colour.get_frame_number(), frames, age_ns
        return True

    def _age(self, frame: Any) -> int:
        """Returns how old [ns] the frame is now, by whatever clock the SDK has stamped it."""
        if not self.live:
            return 0
        stamp_ns = round(float(frame.get_timestamp()) * 1e6)
        if frame.get_frame_timestamp_domain() == self._vendor.timestamp_domain.hardware_clock:
            return self._clock.age_ns(stamp_ns, self._steady())
        age_ns: int = self._wall() - stamp_ns
        if age_ns < -MAX_AHEAD_NS:
            ahead_s = ns_to_seconds(-age_ns)
            raise HardwareFault(f"{self._target} stamps its frames {ahead_s:.2f} s ahead of this machine's clock.")
        return max(0, age_ns)

    def _require_connected(self) -> None:
        """Checks that the camera is there. The SDK would wait 15 s for it to come, longer than a node may take to stop."""
        info = self._vendor.camera_info.serial_number
        serials = [device.get_info(info) for device in self._vendor.context().query_devices()]
        if not serials or (self._target.serial and self._target.serial not in serials):
            raise HardwareFault(
                f"{self._target} is not connected; serial numbers here: {', '.join(serials) or 'none'}. "
                "Is it plugged into a USB 3 port, and do udev rules let this user open it?"
            )


def _millimetres(frame: Any) -> Any:
    """Returns a depth frame in mm, uint16, shape (height, width)."""
    raw, unit_m = np.array(frame.get_data(), dtype=np.uint16), float(frame.get_units())
    # Nearly every camera counts in mm, up to the rounding of a float32.
    return raw if abs(unit_m * MM_PER_M - 1.0) < 1e-6 else depth_in_millimetres(raw * unit_m)


def _calibration(vendor: Any, intrinsics: Any, name: str) -> Calibration:
    """Returns the factory's calibration: as in OpenCV, the middle of the first pixel is (0, 0), and so go the coefficients.

    The SDK calls a D400's colour model "inverse" and projects with it as with the plain one; as realsense-ros does, it is taken
    for plumb_bob. Whether the name is right was never settled (librealsense #9551, #13833); most models have zeros.

    Raises:
        ConfigError: a fisheye.
    """
    if intrinsics.model in (vendor.distortion.ftheta, vendor.distortion.kannala_brandt4):
        raise ConfigError(f"{name} has a fisheye lens ({intrinsics.model}), which plumb_bob cannot describe.")
    matrix = np.array([[intrinsics.fx, 0.0, intrinsics.ppx], [0.0, intrinsics.fy, intrinsics.ppy], [0.0, 0.0, 1.0]])
    return Calibration(intrinsics.width, intrinsics.height, matrix, np.array(intrinsics.coeffs, dtype=np.float64))
