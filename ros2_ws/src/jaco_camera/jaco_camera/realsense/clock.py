"""How old a frame is that a device stamped by its own clock, whose zero nobody knows. Time is an argument."""

from __future__ import annotations

from collections import deque

from jaco_core.units import seconds_to_ns


class DeviceClock:
    """Compares a device's stamps with their arrivals: the quickest frame of late counts as not delayed, others by how much more.

    The device's time and ours may drift apart (crystals do by some 50 us/s), so only the last `window_s` count. What every frame
    needs at least from exposure to arrival is not seen by this, and not in the ages.
    """

    def __init__(self, window_s: float = 10.0) -> None:
        self._window_ns = seconds_to_ns(window_s)
        self._last_ns: int | None = None
        # (arrival, arrival - device stamp), the latter rising: its first entry is the window's smallest.
        self._lags: deque[tuple[int, int]] = deque()

    def age_ns(self, device_ns: int, arrival_ns: int) -> int:
        """Returns how much longer [ns] than the quickest one the frame stamped `device_ns` took, which came at `arrival_ns`.

        A device whose time goes back has started anew, or its counter has run over: the comparison starts anew, too.
        """
        if self._last_ns is not None and device_ns < self._last_ns:
            self._lags.clear()
        self._last_ns = device_ns
        lag = arrival_ns - device_ns
        while self._lags and self._lags[-1][1] >= lag:
            self._lags.pop()
        self._lags.append((arrival_ns, lag))
        while arrival_ns - self._lags[0][0] > self._window_ns:
            self._lags.popleft()
        return lag - self._lags[0][1]
