"""When the next frame is due and when a lost camera is tried again. Time is an argument, in ns of a steady clock."""

from __future__ import annotations

from jaco_core.units import NS_PER_S, seconds_to_ns


class Pacer:
    """Lets through at most `rate_hz` frames per second, evenly: being late for one does not move the ones after it."""

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = round(NS_PER_S / rate_hz)
        self._due_ns: int | None = None

    def wait_ns(self, now_ns: int) -> int:
        """Returns how long it is until a frame is due; 0 when one is."""
        return 0 if self._due_ns is None else max(0, self._due_ns - now_ns)

    def take(self, now_ns: int) -> None:
        """Counts the frame of `now_ns`. After a pause of more than a period the beat starts anew: nothing is caught up."""
        if self._due_ns is None or now_ns - self._due_ns > self._period_ns:
            self._due_ns = now_ns
        self._due_ns += self._period_ns


class Backoff:
    """Waits `first_s` after the first failed attempt, then twice as long each time, at most `limit_s`."""

    def __init__(self, first_s: float = 0.5, limit_s: float = 10.0) -> None:
        self._first_ns = seconds_to_ns(first_s)
        self._limit_ns = seconds_to_ns(limit_s)
        self._delay_ns = self._first_ns
        self._due_ns = 0

    def wait_ns(self, now_ns: int) -> int:
        """Returns how long it is until the next attempt is due; 0 when it is."""
        return max(0, self._due_ns - now_ns)

    def failed(self, now_ns: int) -> None:
        """Counts an attempt that failed."""
        self._due_ns = now_ns + self._delay_ns
        self._delay_ns = min(2 * self._delay_ns, self._limit_ns)

    def succeeded(self) -> None:
        """Starts again from the shortest wait."""
        self._delay_ns = self._first_ns
        self._due_ns = 0
