"""From what a witness saw to detect_ms, standstill_ms and distance_m. Pure; times in ns on the local steady clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds

# [rad/s] Below this every joint counts as still; the simulated servos never are to the last bit.
STILL = 0.02
# Still for so long: rest.
REST_NS = 150_000_000


@dataclass(frozen=True)
class Sighting:
    """A velocity [rad/s], shape (n,), commanded, applied or measured, published at `now_ns` and stamped `stamp_ns`."""

    now_ns: int
    stamp_ns: int
    velocity: Vector
    position: Vector | None = None


@dataclass(frozen=True)
class Judgement:
    """A status: the supervisor's state and reason, published at `now_ns`, which the witness heard at `heard_ns`."""

    now_ns: int
    heard_ns: int
    state: str
    reason: str
    message: str


@dataclass(frozen=True)
class FaultFigures:
    """What came of one fault. Times from the fault on [ms], None: it did not happen, or need not; distance of the palm [m].

    `detect_ms`: until the stop was published, or the arm's side braked. `heard_ms`: until the witness, a process like any other,
    had heard of the stop. `bound_ms`: the freshness bound by which the fault can be noticed.
    """

    state: str
    reason: str
    message: str
    bound_ms: float
    detect_ms: float | None
    heard_ms: float | None
    standstill_ms: float | None
    distance_m: float


def braking_ns(applied: Sequence[Sighting], since_ns: int) -> int | None:
    """Returns when the braking began that ended in rest: the first decrease of the last run of applied speeds without a rise."""
    later = [seen for seen in applied if seen.now_ns >= since_ns]
    if not later or np.abs(later[-1].velocity).max() > STILL:
        return None
    began: int | None = None
    for before, after in pairwise(later):
        growth = np.abs(after.velocity).max() - np.abs(before.velocity).max()
        if growth > 1e-9:
            began = None
        elif growth < -1e-9 and began is None:
            began = after.now_ns
    return began if began is not None else later[0].now_ns


def standstill(measured: Sequence[Sighting], since_ns: int) -> Sighting | None:
    """Returns the first measurement from `since_ns` on with which the arm comes to rest, or None."""
    later = [seen for seen in measured if seen.now_ns >= since_ns]
    first: Sighting | None = None
    for seen in later:
        if np.abs(seen.velocity).max() > STILL:
            first = None
        elif first is None:
            first = seen
        elif seen.stamp_ns - first.stamp_ns >= REST_NS:
            return first
    return None


def last_word_ns(applied: Sequence[Sighting], since_ns: int) -> int | None:
    """Returns when the arm's side applied the zero that nothing else followed, or None."""
    began: int | None = None
    for seen in applied:
        if seen.now_ns >= since_ns:
            began = None if seen.velocity.any() else began or seen.now_ns
    return began


def path_length(palms: Sequence[Vector]) -> float:
    """Returns how far [m] a point travelled through `palms`, each of shape (3,)."""
    return float(sum(np.linalg.norm(after - before) for before, after in pairwise(palms)))


def milliseconds(then_ns: int, now_ns: int) -> float:
    return 1e3 * ns_to_seconds(now_ns - then_ns)
