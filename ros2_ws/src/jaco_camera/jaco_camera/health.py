"""Whether frames come, and whether the picture lives. Time is an argument, in ns of a steady clock."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum

from jaco_core.types import DepthImage, RgbImage
from jaco_core.units import NS_PER_S, ns_to_seconds, seconds_to_ns


class Level(IntEnum):
    """As in diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2


@dataclass(frozen=True)
class HealthReport:
    """What the camera is like now. `age_s`: since the last frame [s], negative when there was none; `rate_hz`: of late."""

    level: Level
    message: str
    frames: int
    rate_hz: float
    age_s: float
    reconnects: int
    identical: int


class CameraHealth:
    """Judges a camera by its frames. Not thread-safe: one thread feeds it, and readers take `report` under the same lock."""

    def __init__(self, timeout_s: float, frozen_frames: int) -> None:
        """`timeout_s`: silence that is a fault. `frozen_frames`: identical frames in a row that are a fault; 0 looks for none."""
        self._timeout_ns = seconds_to_ns(timeout_s)
        self._frozen_frames = frozen_frames
        self._started_ns: int | None = None
        self._last_ns: int | None = None
        self._still = {"picture": _Still(), "depth": _Still()}
        self._period_ns = 0.0
        self._frames = 0
        self._reconnects = 0
        self._failure = ""

    @property
    def frozen(self) -> bool:
        """Whether the picture or the depth has stood still for so long that the camera must be taken for hung."""
        return 0 < self._frozen_frames <= self._identical

    @property
    def timeout_ns(self) -> int:
        """Silence, or a frame's age on arrival, beyond this is a fault [ns]."""
        return self._timeout_ns

    @property
    def _identical(self) -> int:
        return max(still.identical for still in self._still.values())

    def start(self, now_ns: int) -> None:
        """Silence counts from `now_ns` on."""
        self._started_ns = now_ns

    def frame(self, image: RgbImage, now_ns: int, depth: DepthImage | None = None) -> None:
        """Counts a frame, with its depth where the camera measures it."""
        self._still["picture"].look(image)
        if depth is not None:
            self._still["depth"].look(depth)
        if self._last_ns is not None:
            period = float(now_ns - self._last_ns)
            self._period_ns = period if self._period_ns == 0.0 else 0.9 * self._period_ns + 0.1 * period
        self._last_ns = now_ns
        self._frames += 1
        self._failure = ""

    def failed(self, reason: str) -> None:
        """Notes why there was no frame; it is told until the next one."""
        self._failure = reason

    def reconnected(self) -> None:
        """Counts a source that was opened anew."""
        self._reconnects += 1
        self._period_ns = 0.0

    def report(self, now_ns: int) -> HealthReport:
        """Returns the verdict at `now_ns`."""
        since = self._last_ns if self._last_ns is not None else self._started_ns
        silence_ns = 0 if since is None else now_ns - since
        age_s = ns_to_seconds(now_ns - self._last_ns) if self._last_ns is not None else -1.0
        level, message = self._verdict(silence_ns)
        rate_hz = NS_PER_S / self._period_ns if self._period_ns > 0.0 and level == Level.OK else 0.0
        return HealthReport(level, message, self._frames, rate_hz, age_s, self._reconnects, self._identical)

    def _verdict(self, silence_ns: int) -> tuple[Level, str]:
        if self._failure:
            return Level.ERROR, self._failure
        if silence_ns > self._timeout_ns:
            silence_s, allowed_s = ns_to_seconds(silence_ns), ns_to_seconds(self._timeout_ns)
            return Level.ERROR, f"No frame for {silence_s:.1f} s; at most {allowed_s:.1f} s are allowed."
        if self.frozen:
            what, still = max(self._still.items(), key=lambda item: item[1].identical)
            return Level.ERROR, f"The {what} has not changed for {still.identical} frames; the camera seems to hang."
        return Level.OK, "Frames are coming."


class _Still:
    """Counts how often in a row an image is the same again."""

    def __init__(self) -> None:
        self._digest: int | None = None
        self.identical = 0

    def look(self, image: RgbImage | DepthImage) -> None:
        digest = zlib.crc32(image.tobytes())
        self.identical = self.identical + 1 if digest == self._digest else 0
        self._digest = digest
