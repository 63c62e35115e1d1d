"""Brings samples that belong together in time together."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class StampBuffer(Generic[T]):
    """The newest samples of one stream, found by stamp [ns]. Going back in time empties it: the stream was restarted."""

    def __init__(self, capacity: int = 64) -> None:
        self._samples: deque[tuple[int, T]] = deque(maxlen=capacity)

    def add(self, stamp_ns: int, sample: T) -> None:
        if self._samples and stamp_ns < self._samples[-1][0]:
            self._samples.clear()
        self._samples.append((stamp_ns, sample))

    def match(self, stamp_ns: int, tolerance_ns: int) -> T | None:
        """Returns the sample nearest to `stamp_ns`, or None while it cannot be known or none lies within `tolerance_ns`.

        An exact match is known at once; otherwise a sample from after `stamp_ns` must have come before the nearest can be told.
        """
        later = bisect_right(self._samples, stamp_ns, key=_stamp)
        before = self._samples[later - 1] if later else None
        if before is not None and before[0] == stamp_ns:
            return before[1]
        if later == len(self._samples):
            return None
        after = self._samples[later]
        nearest = after if before is None or after[0] - stamp_ns <= stamp_ns - before[0] else before
        return nearest[1] if abs(nearest[0] - stamp_ns) <= tolerance_ns else None

    def passed(self, stamp_ns: int) -> bool:
        """Tells whether the stream is beyond `stamp_ns`: what does not match by now never will."""
        return bool(self._samples) and self._samples[-1][0] > stamp_ns

    def newest(self) -> T | None:
        return self._samples[-1][1] if self._samples else None

    def clear(self) -> None:
        self._samples.clear()


def _stamp(entry: tuple[int, T]) -> int:
    return entry[0]
