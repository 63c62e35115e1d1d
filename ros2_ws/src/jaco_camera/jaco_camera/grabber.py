"""Reads a source on a thread of its own: newest frame wins, a lost source is opened again, nothing is given out twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import cv2

from jaco_camera.calibration import Calibration
from jaco_camera.fitting import centre_fit
from jaco_camera.health import CameraHealth, HealthReport
from jaco_camera.pacing import Backoff, Pacer
from jaco_camera.sources import FrameSource, SourceOpener
from jaco_core.errors import HardwareFault, JacoError
from jaco_core.types import DepthImage, RgbImage
from jaco_core.units import ns_to_seconds

JOIN_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Frame:
    """A fitted picture, uint8, shape (height, width, 3), and the time of its capture [ns] on the clock of the grabber's owner.

    `depth` [mm], uint16, shape (height, width), aligned with the picture, and the `calibration` of the source's picture before it
    was fitted, from sources that know them.
    """

    image: RgbImage
    stamp_ns: int
    source_width: int
    source_height: int
    depth: DepthImage | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Clocks:
    """`stamp`: the time that frames are stamped with [ns]; `steady`: a clock that never jumps, for pace and faults [ns]."""

    stamp: Callable[[], int]
    steady: Callable[[], int]


class Grabber:
    """Runs between `start` and `stop`. `on_frame` is called on the grabber's thread when `take` has something new."""

    def __init__(
        self,
        opener: SourceOpener,
        size: tuple[int, int],
        rate_hz: float,
        health: CameraHealth,
        clocks: Clocks,
        on_frame: Callable[[], None],
    ) -> None:
        """Opens the source. `size`: width and height of the frames that are given out [px].

        Raises:
            HardwareFault or ConfigError: it does not open.
        """
        self._opener = opener
        self._size = size
        self._pacer = Pacer(rate_hz)
        self._backoff = Backoff()
        self._health = health
        self._clocks = clocks
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._newest: Frame | None = None
        self._thread: threading.Thread | None = None
        self._source: FrameSource | None = opener()

    def start(self) -> None:
        """Begins to read."""
        self._stop.clear()
        with self._lock:
            self._newest = None
            self._health.start(self._clocks.steady())
        self._thread = threading.Thread(target=self._run, name="grabber", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends reading; bounded, since every read is. Safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(JOIN_TIMEOUT_S)
            self._thread = None

    def close(self) -> None:
        """Stops and gives the source back."""
        self.stop()
        if self._source is not None:
            self._source.close()
            self._source = None

    def take(self) -> Frame | None:
        """Returns the newest frame, once; None when there is none that was not taken."""
        with self._lock:
            frame, self._newest = self._newest, None
        return frame

    def report(self) -> HealthReport:
        """Returns the camera's health now."""
        with self._lock:
            return self._health.report(self._clocks.steady())

    def _run(self) -> None:
        while not self._stop.is_set():
            source = self._source or self._reopen()
            if source is None:
                continue
            try:
                self._read(source)
            except (JacoError, cv2.error) as error:
                self._lose(source, str(error))

    def _read(self, source: FrameSource) -> None:
        """Reads one frame. A file waits until it is due; a live source is read as fast as it comes, so that none grows old."""
        if not source.live and self._pause(self._pacer.wait_ns(self._clocks.steady())):
            return
        if not source.grab():
            raise HardwareFault("The camera stopped giving frames." if source.live else "The recording has ended.")
        stamp_ns, now_ns = self._clocks.stamp(), self._clocks.steady()
        if source.live and self._pacer.wait_ns(now_ns) > 0:
            return
        capture = source.decode()
        if capture.age_ns > self._health.timeout_ns:
            with self._lock:
                self._health.failed(_too_late(capture.age_ns, self._health.timeout_ns))
            return
        height, width, _ = capture.image.shape
        fit = centre_fit(width, height, *self._size)
        image, depth = fit.apply(capture.image), None if capture.depth is None else fit.apply_to_depth(capture.depth)
        self._pacer.take(now_ns)
        self._backoff.succeeded()
        with self._lock:
            self._health.frame(image, now_ns, depth)
            if self._health.frozen:
                return  # a hung camera's picture is stale, whatever its stamp says
            self._newest = Frame(image, stamp_ns - capture.age_ns, width, height, depth, capture.calibration)
        self._on_frame()

    def _lose(self, source: FrameSource, reason: str) -> None:
        """Closes a source that failed. One that can give no more is not tried again."""
        source.close()
        self._source = None
        with self._lock:
            self._health.failed(reason)
        if source.endless:
            self._backoff.failed(self._clocks.steady())
        else:
            self._stop.wait()

    def _reopen(self) -> FrameSource | None:
        if self._pause(self._backoff.wait_ns(self._clocks.steady())):
            return None
        try:
            self._source = self._opener()
        except JacoError as error:
            self._backoff.failed(self._clocks.steady())
            with self._lock:
                self._health.failed(str(error))
            return None
        with self._lock:
            self._health.reconnected()
        return self._source

    def _pause(self, nanoseconds: int) -> bool:
        """Waits and tells whether it was ended by `stop`."""
        return self._stop.wait(ns_to_seconds(nanoseconds))


def _too_late(age_ns: int, allowed_ns: int) -> str:
    age_s, allowed_s = ns_to_seconds(age_ns), ns_to_seconds(allowed_ns)
    return f"A frame was {age_s:.2f} s old when it came; at most {allowed_s:.2f} s are allowed."
