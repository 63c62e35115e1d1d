"""Where frames come from. Every source gives RGB images, some with depth, and is opened from one line of text.

device:0, /dev/video0      a camera on this machine
rtsp://..., http://...     a network camera
clip.mp4, file:clip.mp4    a video file
stills/, folder:stills     a folder of images, in the order of their names; depth of a.png: a.depth.png, 16 bit, in mm
realsense:                 an Intel RealSense, with depth; realsense:SERIAL one of several, realsense:FILE.db3 a recording
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from jaco_camera.capture import Capture
from jaco_camera.realsense.source import realsense_opener
from jaco_core.errors import ConfigError, HardwareFault
from jaco_core.types import DepthImage, RgbImage

OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 2000
DEPTH_SUFFIX = ".depth.png"
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".webp"})
URL_SCHEMES = ("rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp")


class FrameSource(Protocol):
    """An open source. Used by one thread at a time.

    `live`: frames come as the world does, the newest counts and old ones are worthless. Otherwise the reader sets the pace.
    `endless`: more frames can be expected after a failed `grab`, if the source is opened anew.
    """

    live: bool
    endless: bool

    def grab(self) -> bool:
        """Captures the next frame and tells whether there was one. Bounded in time; what it captured is as old as its return."""

    def decode(self) -> Capture:
        """Returns the captured frame.

        Raises:
            HardwareFault: it cannot be decoded.
        """

    def close(self) -> None:
        """Gives the device or file back. Safe to call twice."""


class VideoSource:
    """A device, a URL or a video file, through OpenCV."""

    def __init__(self, target: int | str, *, live: bool, loop: bool = False) -> None:
        """Opens `target`: the number of a device, a URL or a path.

        Raises:
            HardwareFault: it does not open.
        """
        self.live = live
        self.endless = live or loop
        self._loop = loop
        self._target = target
        if isinstance(target, int):
            self._capture: Any = cv2.VideoCapture(target)
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a queue of frames is a delay
        else:
            bounds = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
            self._capture = cv2.VideoCapture(target, cv2.CAP_FFMPEG, bounds)
        if not self._capture.isOpened():
            self._capture.release()
            raise HardwareFault(f"Camera source '{target}' does not open; is it plugged in, readable and not in use elsewhere?")

    def grab(self) -> bool:
        if self._capture.grab():
            return True
        return self._loop and bool(self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)) and bool(self._capture.grab())

    def decode(self) -> Capture:
        valid, image = self._capture.retrieve()
        if not valid or image is None:
            raise HardwareFault(f"Camera source '{self._target}' gave a frame that cannot be decoded.")
        return Capture(_rgb(image))

    def close(self) -> None:
        self._capture.release()


class FolderSource:
    """The images of one folder, sorted by name; with `loop` they begin again after the last."""

    live = False

    def __init__(self, folder: Path, *, loop: bool = False, depth: bool = False) -> None:
        """Lists the images in `folder`. `depth`: each one comes with the depth that lies beside it.

        Raises:
            HardwareFault: it cannot be read.
            ConfigError: there are none, or one lacks its depth.
        """
        self.endless = loop
        self._depth = depth
        self._index = -1
        try:
            images = (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
            self._paths = sorted(path for path in images if not path.name.endswith(DEPTH_SUFFIX))
        except OSError as error:
            raise HardwareFault(f"Image folder '{folder}' cannot be read: {error.strerror}.") from error
        if not self._paths:
            raise ConfigError(f"Image folder '{folder}' has no images; known suffixes: {', '.join(sorted(IMAGE_SUFFIXES))}.")
        lacking = next((path for path in self._paths if depth and not _depth_path(path).is_file()), None)
        if lacking is not None:
            raise ConfigError(f"Image '{lacking}' has no depth beside it: '{_depth_path(lacking).name}', 16 bit, in mm.")

    def grab(self) -> bool:
        following = self._index + 1
        if self.endless:
            following %= len(self._paths)
        self._index = min(following, len(self._paths))
        return self._index < len(self._paths)

    def decode(self) -> Capture:
        path = self._paths[self._index]
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise HardwareFault(f"Image '{path}' cannot be decoded.")
        return Capture(_rgb(image), _read_depth(_depth_path(path)) if self._depth else None)

    def close(self) -> None:
        """Nothing is held open."""


SourceOpener = Callable[[], FrameSource]


def source_opener(text: str, *, loop: bool = False, depth: bool = False) -> SourceOpener:
    """Returns a function that opens the source that `text` stands for, as often as it is called.

    `loop`: files and folders begin again at their end. `depth`: every capture has its depth. Opening raises HardwareFault or
    ConfigError with one sentence.

    Raises:
        ConfigError: `text` is no known kind of source, a file or folder that does not exist, or what gives no depth is to.
    """
    scheme, separator, rest = text.partition(":")
    path = Path(rest if separator and scheme in ("file", "folder") else text).expanduser()
    if separator and scheme == "realsense":
        return realsense_opener(rest, loop=loop, depth=depth)
    if text and path.is_dir():
        return lambda: FolderSource(path, loop=loop, depth=depth)
    opener = _colour_opener(text, path, loop)
    if depth:
        raise ConfigError(f"Camera source '{text}' gives no depth; give realsense: or a folder that has it beside its images.")
    return opener


def _colour_opener(text: str, path: Path, loop: bool) -> SourceOpener:
    scheme, separator, rest = text.partition(":")
    if separator and scheme == "device":
        return _device_opener(text, rest)
    if text.startswith("/dev/video"):
        return _device_opener(text, text.removeprefix("/dev/video"))
    if separator and scheme in URL_SCHEMES:
        return lambda: VideoSource(text, live=True)
    if path.is_file():
        return lambda: VideoSource(str(path), live=False, loop=loop)
    raise ConfigError(
        f"Camera source '{text}' is no file or folder; give device:0, realsense:, a URL ({', '.join(URL_SCHEMES)}), a video file "
        "or a folder of images."
    )


def _device_opener(text: str, number: str) -> SourceOpener:
    if not number.isdecimal():
        raise ConfigError(f"Camera source '{text}' needs the number of a device, as in device:0; got '{number}'.")
    return lambda: VideoSource(int(number), live=True)


def _rgb(image: np.ndarray[Any, Any]) -> RgbImage:
    """Returns OpenCV's BGR `image` as RGB."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _depth_path(image: Path) -> Path:
    """Returns where the depth of `image` lies."""
    return image.with_name(image.stem + DEPTH_SUFFIX)


def _read_depth(path: Path) -> DepthImage:
    depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if depth is None or depth.dtype != np.uint16 or depth.ndim != 2:
        found = "unreadable" if depth is None else f"{depth.dtype} of shape {depth.shape}"
        raise HardwareFault(f"Depth '{path}' must be one channel of 16 bit, in mm; it is {found}.")
    return np.asarray(depth, dtype=np.uint16)
