"""Does the arm do as it is told? A latch, an e-stop, a controller that is not active: where no topic says so, the motion does."""

from __future__ import annotations

from collections import deque

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds, seconds_to_ns

# Displacements are compared over this time, and the arm may be so late with them [s].
_WINDOW_NS = seconds_to_ns(0.5)
_LAG_NS = seconds_to_ns(0.3)
# After a gap this long the driver was not running, and what the arm was told meanwhile is not known [s].
_GAP_NS = seconds_to_ns(0.1)
# What the displacement may be off by: this [rad], and this share of what was asked.
_SLACK_RAD = 0.04
_SLACK_SHARE = 0.5


class FollowingCheck:
    """Compares how far the joints moved with how far they were told to, over half a second, whatever the lag up to 0.3 s."""

    def __init__(self, arm: Arm) -> None:
        """Fingers and grippers are left out: what they hold stops them."""
        self._arm = arm
        self._watched = np.array([joint.kind == "arm" for joint in arm.joints])
        self.begin()

    def begin(self) -> None:
        """Forgets everything; the arm is told to rest."""
        self._velocity: Vector = np.zeros(len(self._arm))
        self._asked: Vector = np.zeros(len(self._arm))
        self._since_ns: int | None = None
        self._history: deque[tuple[int, Vector, Vector]] = deque()

    def command(self, velocity: Vector, steady_ns: int) -> None:
        """From now on the joints are told to move at `velocity` [rad/s], shape (n,)."""
        self._advance(steady_ns)
        self._velocity = np.array(velocity)

    def measure(self, position: Vector, steady_ns: int) -> str:
        """Takes in joint angles [rad], shape (n,), and returns how the arm disobeys, as a sentence, or ""."""
        self._advance(steady_ns)
        self._history.append((steady_ns, self._asked, np.array(position)))
        while len(self._history) > 2 and self._history[1][0] <= steady_ns - _WINDOW_NS - _LAG_NS:
            self._history.popleft()
        times = np.array([entry[0] for entry in self._history])
        if times[0] > steady_ns - _WINDOW_NS - _LAG_NS:
            return ""
        asked = np.array([entry[1] for entry in self._history])
        ends = np.flatnonzero(times >= steady_ns - _LAG_NS)
        begins = np.searchsorted(times, times[ends] - _WINDOW_NS, side="right") - 1
        wanted = asked[ends] - asked[begins]
        lowest, highest = wanted.min(axis=0), wanted.max(axis=0)
        moved = position - self._history[begins[-1]][2]
        off = np.maximum(lowest - moved, moved - highest)
        allowed = _SLACK_RAD + _SLACK_SHARE * np.maximum(np.abs(lowest), np.abs(highest))
        excess = np.where(self._watched, off - allowed, -1.0)
        joint = int(excess.argmax())
        if excess[joint] <= 0.0:
            return ""
        name, way, window = self._arm.joint_names[joint], float(moved[joint]), ns_to_seconds(_WINDOW_NS)
        told = float(highest[joint] if way > highest[joint] else lowest[joint])
        return f"Arm '{self._arm.name}' does not follow: {name} was to move {told:.3f} rad in {window} s and moved {way:.3f}"

    def _advance(self, steady_ns: int) -> None:
        if self._since_ns is not None and steady_ns - self._since_ns > _GAP_NS:
            self._history.clear()
        elif self._since_ns is not None:
            self._asked = self._asked + self._velocity * ns_to_seconds(steady_ns - self._since_ns)
        self._since_ns = steady_ns
