"""How a joint state follows the one before: as it should, or after a jump of time, of the arm, or of this process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import JointSample
from jaco_core.units import NS_PER_S, ns_to_seconds
from jaco_safety.answer import Tick
from jaco_safety.freshness import clock_jump
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Evidence, Reason


class Manner(Enum):
    """What a joint state means for what was commanded before it."""

    FOLLOWS = "follows"
    REVERSED = "reversed"
    """Its stamp went back: the sources' time has started anew."""
    PLACED = "placed"
    """Joints are where they cannot have moved to: a simulator that was reset."""
    PAUSED = "paused"
    """It comes so long after the last answer that the arm's side may have braked by itself."""


@dataclass(frozen=True)
class Succession:
    """`seconds`: since the joint state before, by stamp. `stop`: what latches."""

    manner: Manner
    seconds: float
    stop: Evidence | None = None


class Chronicle:
    """Judges each joint state against the one before."""

    def __init__(self, arm: Arm, limits: SafetyLimits, joint_silence: float, realtime: bool) -> None:
        """`joint_silence`: longest wait for a joint state [s]; not `realtime`: pauses on the steady clock mean nothing."""
        self._arm, self._limits = arm, limits
        self._joint_silence, self._realtime = joint_silence, realtime

    def judge(self, last: Tick, stamp_ns: int, sample: JointSample | None, now_ns: int) -> Succession:
        """Returns how the joint state of `stamp_ns`, received at `now_ns` on the steady clock, follows `last`."""
        seconds, gap_ns = ns_to_seconds(stamp_ns - last.stamp_ns), now_ns - last.now_ns
        if seconds < 0.0:
            reversal = Evidence(Reason.TIME_REVERSED, "joint state", stamp_ns / NS_PER_S, last.stamp_ns / NS_PER_S, "s")
            return Succession(Manner.REVERSED, 1.0 / self._arm.state_rate_hz, reversal)
        jump = clock_jump(stamp_ns - last.stamp_ns, gap_ns, self._limits.supervision.clock_jump)
        if jump is not None:
            return Succession(Manner.FOLLOWS, seconds, jump)
        if last.sample is not None and sample is not None and self._jumped(last.sample, sample, seconds):
            return Succession(Manner.PLACED, seconds)
        gap = ns_to_seconds(gap_ns)
        if self._realtime and gap > self._limits.supervision.pause:
            # The watchdog would have stopped the arm if joint states had not come: it was this process that did not run.
            overslept = Evidence(Reason.OVERSLEPT, "supervisor", gap, self._joint_silence, "s")
            # Somebody may have come near an arm that stood still for so long.
            return Succession(Manner.PAUSED, seconds, overslept if gap > self._joint_silence else None)
        return Succession(Manner.FOLLOWS, seconds)

    def _jumped(self, before: JointSample, after: JointSample, seconds: float) -> bool:
        reach = self._arm.max_velocity * seconds * 1.5 + self._limits.jump_margin
        return bool((np.abs(after.position - before.position) > reach).any())
