"""Quality of service by purpose. Every publisher and subscription of the graph takes its profile from here."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(reliability: ReliabilityPolicy, depth: int, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability)


COMMAND = _profile(ReliabilityPolicy.RELIABLE, 1)
"""Subscriptions to velocity commands. Depth 1: only the newest counts; an arm must never work off a queue."""

COMMAND_WRITER = _profile(ReliabilityPolicy.RELIABLE, 100)
"""Publishers of velocity commands. They keep some for a recorder that falls behind; no reader gets a queue."""

STATE = _profile(ReliabilityPolicy.RELIABLE, 10)
"""Subscriptions to joint states, scene and images of this graph's own nodes: nothing may be lost in lockstep."""

STATE_WRITER = _profile(ReliabilityPolicy.RELIABLE, 100)
"""Publishers of these, which keep some for a recorder that falls behind."""

SENSOR = _profile(ReliabilityPolicy.BEST_EFFORT, 5)
"""Images and states from drivers that are not ours, which often publish best effort."""

LATCHED = _profile(ReliabilityPolicy.RELIABLE, 1, DurabilityPolicy.TRANSIENT_LOCAL)
"""The last value counts for late readers too: safety status, policy version, robot description."""

INPUT = _profile(ReliabilityPolicy.RELIABLE, 10, DurabilityPolicy.TRANSIENT_LOCAL)
"""Stop inputs of several publishers: none may be lost, and a late supervisor hears what still holds."""

EVENT = _profile(ReliabilityPolicy.RELIABLE, 100)
"""Episode states, policy steps, diagnostics: each one counts."""

RECORD = _profile(ReliabilityPolicy.RELIABLE, 2000)
"""The recorder's subscriptions: it may fall behind for a while and must lose nothing."""


def observation(lockstep: bool) -> QoSProfile:
    """Returns the profile for subscribing to camera images: reliable in lockstep, best effort against a real camera."""
    return STATE if lockstep else SENSOR
