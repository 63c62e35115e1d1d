"""When a latched stop may end: its cause is gone, everything that motion needs is there, and the arm stands still."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_safety.answer import Tick
from jaco_safety.limits import SafetyLimits
from jaco_safety.modes import Mode
from jaco_safety.proposals import Proposals
from jaco_safety.reasons import Evidence


def refusal(
    arm: Arm,
    limits: SafetyLimits,
    tick: Tick,
    lasting: Evidence | None,
    unheld_mode: Mode | None,
    proposals: Proposals,
    bad_command_ns: int | None,
) -> str | None:
    """Returns why a latched stop may not end at `tick`, as a sentence, or None.

    Args:
        arm: whose joints are named.
        limits: what standstill is.
        tick: the newest joint state.
        lasting: a cause that goes on.
        unheld_mode: the mode, when it needs the dead-man key and that is not held.
        proposals: where the next command comes from.
        bad_command_ns: stamp of the newest command that could not be used.
    """
    if lasting is not None:
        return f"The cause lasts: {lasting.sentence}"
    if tick.sample is None or tick.around is None:
        return "The cause lasts: the newest joint state cannot be used."
    if unheld_mode is not None:
        return f"The cause lasts: mode {unheld_mode.value} needs the dead-man key, and it is not held."
    newest = proposals.newest
    bad = newest is not None and bad_command_ns is not None and newest.stamp_ns <= bad_command_ns
    if newest is not None and bad and proposals.stale(newest, tick.stamp_ns) is None:
        return f"The cause lasts: the newest {proposals.source.value} command cannot be used."
    speeds, standstill = np.abs(tick.sample.velocity), limits.standstill
    if (speeds > standstill).any():
        joint = int(np.argmax(speeds))
        name = arm.joint_names[joint]
        return f"{name} still moves at {speeds[joint]:.3f} rad/s; a reset needs standstill, below {standstill:.3f} rad/s."
    return None
