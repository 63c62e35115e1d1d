"""Conversions at the edges. Inside, everything is rad, m, s; stamps are integer nanoseconds."""

from __future__ import annotations

import math

NS_PER_S = 1_000_000_000


def seconds_to_ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def ns_to_seconds(nanoseconds: int) -> float:
    return nanoseconds / NS_PER_S


def wrap_angle(angle: float) -> float:
    """Returns `angle` [rad] wrapped into [-pi, pi)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
