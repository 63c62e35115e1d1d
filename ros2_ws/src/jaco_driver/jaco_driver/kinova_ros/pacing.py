"""Exactly 100 commands a second, the newest each time and none of them twice late: the arm works off whatever it is sent.

Kinova's controller runs at 10 ms and takes its commands from a queue of 2,000. Faster commands fill it, and the arm goes on
moving after the last; slower ones slow it down; none, and it stands.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from jaco_core.types import Vector, frozen_vector
from jaco_core.units import ns_to_seconds, seconds_to_ns

PERIOD_NS = 10_000_000


class Mailbox:
    """The newest velocity. It goes stale: a sender that hangs does not keep the arm moving. Any thread may use it."""

    def __init__(self, joints: int, timeout: float, rests: float) -> None:
        """`timeout`: a velocity counts for so long [s]; `rests`: zeros are sent for so long after that or after `rest` [s]."""
        self._zero = frozen_vector(np.zeros(joints))
        self._timeout_ns, self._rests_ns = seconds_to_ns(timeout), seconds_to_ns(rests)
        self._lock = threading.Lock()
        self._velocity = self._zero
        self._put_ns: int | None = None

    def put(self, velocity: Vector, steady_ns: int) -> None:
        """Replaces the velocity [rad/s], shape (n,)."""
        with self._lock:
            self._velocity, self._put_ns = frozen_vector(velocity), steady_ns

    def rest(self, steady_ns: int) -> None:
        """From now on: zeros, and after a while nothing."""
        self.put(self._zero, steady_ns)

    def take(self, steady_ns: int) -> tuple[Vector, int] | None:
        """Returns what is to be sent now, shape (n,), with its age [ns], or None when nothing is."""
        with self._lock:
            age_ns = steady_ns - self._put_ns if self._put_ns is not None else self._timeout_ns + self._rests_ns + 1
            if age_ns <= self._timeout_ns:
                return self._velocity, age_ns
            return (self._zero, age_ns - self._timeout_ns) if age_ns <= self._timeout_ns + self._rests_ns else None


def next_beat(beat_ns: int, now_ns: int) -> int:
    """Returns the time of the beat after the one of `beat_ns`; beats that `now_ns` has left behind are skipped, not caught up."""
    late = max(0, now_ns - beat_ns) // PERIOD_NS
    return beat_ns + (late + 1) * PERIOD_NS


class Metronome:
    """Calls `beat` every 10 ms on a thread of its own, against a fixed grid of times."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kinova_100_hz", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the beats go on."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Ends the beats; returns when the last one is over."""
        self._ended.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        due_ns = time.monotonic_ns()
        while not self._ended.wait(max(0.0, ns_to_seconds(due_ns - time.monotonic_ns()))):
            self._beat()
            due_ns = next_beat(due_ns, time.monotonic_ns())
