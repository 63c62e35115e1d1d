"""Does the arm do as it is told? A latch, an e-stop, a controller that is not active: where no topic says so, the motion does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds, seconds_to_ns

# The arm may be so late with what it is told [s].
_LAG_NS = seconds_to_ns(0.3)
# After a gap this long the driver was not running, and what the arm was told meanwhile is not known [s].
_GAP_NS = seconds_to_ns(0.1)
# What the displacement may be off by: this [rad], and this share of what was asked.
_SLACK_RAD = 0.04
_SLACK_SHARE = 0.5
# Displacements are compared over times this long, and so often [s]. The first notices soon that an arm stands or runs. The second
# notices it where an arm is told to move, or moves, too slowly for the slack of the first: down to 0.03 rad/s.
_WINDOWS_S = ((0.5, 0.0), (3.0, 0.1))


class FollowingCheck:
    """Compares how far the joints moved with how far they were told to, whatever the lag up to 0.3 s."""

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
        self._windows = [_Window(seconds_to_ns(length), seconds_to_ns(every)) for length, every in _WINDOWS_S]

    def command(self, velocity: Vector, steady_ns: int) -> None:
        """From now on the joints are told to move at `velocity` [rad/s], shape (n,)."""
        self._advance(steady_ns)
        self._velocity = np.array(velocity)

    def measure(self, position: Vector, steady_ns: int) -> str:
        """Takes in joint angles [rad], shape (n,), and returns how the arm disobeys, as a sentence, or ""."""
        self._advance(steady_ns)
        for window in self._windows:
            motion = window.add(steady_ns, self._asked, np.array(position))
            said = "" if motion is None else self._judge(motion, ns_to_seconds(window.length_ns))
            if said:
                return said
        return ""

    def _judge(self, motion: _Motion, seconds: float) -> str:
        lowest, highest, moved = motion.lowest, motion.highest, motion.moved
        off = np.maximum(lowest - moved, moved - highest)
        allowed = _SLACK_RAD + _SLACK_SHARE * np.maximum(np.abs(lowest), np.abs(highest))
        excess = np.where(self._watched, off - allowed, -1.0)
        joint = int(excess.argmax())
        if excess[joint] <= 0.0:
            return ""
        name, way = self._arm.joint_names[joint], float(moved[joint])
        told = float(highest[joint] if way > highest[joint] else lowest[joint])
        return f"Arm '{self._arm.name}' does not follow: {name} was to move {told:.3f} rad in {seconds} s and moved {way:.3f}"

    def _advance(self, steady_ns: int) -> None:
        if self._since_ns is not None and steady_ns - self._since_ns > _GAP_NS:
            for window in self._windows:
                window.clear()
        elif self._since_ns is not None:
            self._asked = self._asked + self._velocity * ns_to_seconds(steady_ns - self._since_ns)
        self._since_ns = steady_ns


@dataclass(frozen=True)
class _Motion:
    """Displacements over a window [rad], shape (n,): the least and the most that was asked, over all lags, and what was done."""

    lowest: Vector
    highest: Vector
    moved: Vector


class _Window:
    """What was asked and done over `length_ns`, looked at each `every_ns`."""

    def __init__(self, length_ns: int, every_ns: int) -> None:
        self.length_ns, self._every_ns = length_ns, every_ns
        self._history: deque[tuple[int, Vector, Vector]] = deque()

    def clear(self) -> None:
        """Forgets everything."""
        self._history.clear()

    def add(self, steady_ns: int, asked: Vector, position: Vector) -> _Motion | None:
        """Takes in how far the joints were told to move so far, and where they are; None between two looks, and at first."""
        history = self._history
        if history and steady_ns - history[-1][0] < self._every_ns:
            return None
        history.append((steady_ns, asked, position))
        since_ns = steady_ns - self.length_ns - _LAG_NS
        while len(history) > 2 and history[1][0] <= since_ns:
            history.popleft()
        times = np.array([entry[0] for entry in history])
        if times[0] > since_ns:
            return None
        total = np.array([entry[1] for entry in history])
        ends = np.flatnonzero(times >= steady_ns - _LAG_NS)
        begins = np.searchsorted(times, times[ends] - self.length_ns, side="right") - 1
        wanted = total[ends] - total[begins]
        return _Motion(wanted.min(axis=0), wanted.max(axis=0), position - history[begins[-1]][2])
