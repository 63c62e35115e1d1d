"""A RealSense that is not there, behind the names of pyrealsense2 that the source uses, with their meaning as far as it goes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np
from camera_support import HEIGHT, WIDTH, depth, picture

SHIFT = 4
"""The fake's depth sensor sees everything so many columns further right than its colour sensor."""

stream = Enum("stream", "color depth")
format = Enum("format", "rgb8 z16 yuyv")  # noqa: A001 (the library's name)
distortion = Enum("distortion", "none brown_conrady inverse_brown_conrady ftheta kannala_brandt4")
timestamp_domain = Enum("timestamp_domain", "hardware_clock system_time global_time")
camera_info = Enum("camera_info", "serial_number")


@dataclass(frozen=True)
class FakeFrame:
    """One frame of either stream. False where there is none, as in the library."""

    data: Any
    number: int = 0
    stamp_ms: float = 0.0
    domain: timestamp_domain = timestamp_domain.global_time
    units: float = 0.001

    def __bool__(self) -> bool:
        return self.data is not None

    def get_data(self) -> Any:
        return memoryview(self.data)

    def get_frame_number(self) -> int:
        return self.number

    def get_timestamp(self) -> float:
        return self.stamp_ms

    def get_frame_timestamp_domain(self) -> timestamp_domain:
        return self.domain

    def get_units(self) -> float:
        return self.units


NO_FRAME = FakeFrame(None)


@dataclass(frozen=True)
class FakeFrames:
    """A colour frame and the depth frame that goes with it."""

    color: FakeFrame
    depth: FakeFrame = NO_FRAME

    def get_color_frame(self) -> FakeFrame:
        return self.color

    def get_depth_frame(self) -> FakeFrame:
        return self.depth


def frames(index: int, stamp_ms: float, skew_ms: float = 0.0, **more: Any) -> FakeFrames:
    """Returns the frames of camera_support's picture `index`, the depth as its own sensor sees it."""
    seen = np.roll(depth(index), SHIFT, axis=1)
    return FakeFrames(
        FakeFrame(picture(index), index, stamp_ms, **{key: value for key, value in more.items() if key != "units"}),
        FakeFrame(seen, index, stamp_ms + skew_ms, **more),
    )


@dataclass
class FakeVendor:
    """Stands in for the module. `coming`: what the pipeline gives next; an exception is raised, None is silence."""

    serials: tuple[str, ...] = ("7",)
    busy: bool = False
    model: distortion = distortion.none
    color_format: format = format.rgb8
    coming: deque[FakeFrames | RuntimeError | None] = field(default_factory=deque)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    running: int = 0
    stream: Any = stream
    format: Any = format
    distortion: Any = distortion
    timestamp_domain: Any = timestamp_domain
    camera_info: Any = camera_info

    def context(self) -> Any:
        devices = [SimpleNamespace(get_info=lambda info, serial=serial: serial) for serial in self.serials]
        return SimpleNamespace(query_devices=lambda: devices)

    def config(self) -> FakeConfig:
        return FakeConfig(self)

    def pipeline(self) -> FakePipeline:
        return FakePipeline(self)

    def align(self, to: stream) -> FakeAlign:
        assert to is stream.color
        return FakeAlign()


@dataclass
class FakeConfig:
    vendor: FakeVendor
    serial: str = ""

    def enable_device(self, serial: str) -> None:
        self.serial = serial

    def enable_device_from_file(self, path: str, repeat: bool) -> None:
        self.vendor.asked.append(("file", path, repeat))

    def enable_stream(self, which: stream, width: int, height: int, kind: format, rate: int) -> None:
        self.vendor.asked.append((which, width, height, kind, rate))


@dataclass
class FakePipeline:
    vendor: FakeVendor
    started: bool = False

    def start(self, config: FakeConfig) -> Any:
        if self.vendor.busy:
            raise RuntimeError("Device or resource busy")
        self.started = True
        self.vendor.running += 1
        intrinsics = SimpleNamespace(
            width=WIDTH, height=HEIGHT, fx=80.0, fy=81.0, ppx=47.0, ppy=31.0, coeffs=[0.1, 0, 0, 0, 0], model=self.vendor.model
        )
        video = SimpleNamespace(get_intrinsics=lambda: intrinsics, format=lambda: self.vendor.color_format)
        playback = SimpleNamespace(set_real_time=lambda real: self.vendor.asked.append(("real time", real)))
        return SimpleNamespace(
            get_stream=lambda which: SimpleNamespace(as_video_stream_profile=lambda: video),
            get_device=lambda: SimpleNamespace(as_playback=lambda: playback),
        )

    def try_wait_for_frames(self, timeout_ms: int) -> tuple[bool, FakeFrames]:
        given = self.vendor.coming.popleft() if self.vendor.coming else None
        if isinstance(given, RuntimeError):
            raise given
        return (False, FakeFrames(NO_FRAME)) if given is None else (True, given)

    def stop(self) -> None:
        if not self.started:
            raise RuntimeError("stop() cannot be called before start()")
        self.started = False
        self.vendor.running -= 1


class FakeAlign:
    def process(self, frames: FakeFrames) -> FakeFrames:
        """Moves the depth to where the colour sensor sees it, under the same stamp and unit."""
        seen = frames.depth
        moved = np.ascontiguousarray(np.roll(seen.data, -SHIFT, axis=1))
        return FakeFrames(frames.color, FakeFrame(moved, seen.number, seen.stamp_ms, seen.domain, seen.units))
