"""Gradual autonomy: how much the policy may do, and what each mode holds it to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jaco_core.parameters import parameter


class Mode(Enum):
    """Who proposes, and who must be watching."""

    OBSERVE = "observe"
    """The policy runs and is judged; nothing moves."""
    GUIDED = "guided"
    """The operator proposes through the same filter; the policy's proposals are only logged."""
    SUPERVISED = "supervised"
    """The policy proposes while the operator holds the dead-man key."""
    AUTONOMOUS = "autonomous"
    """The policy proposes."""


MODE_NAMES = tuple(mode.value for mode in Mode)


@dataclass(frozen=True)
class ModeLimits:
    """What one mode holds the arm to."""

    speed_scale: float = parameter(0.0, "Share of every joint's top speed.", lower=0.0, upper=1.0)
    reduced: bool = parameter(True, "Palm and elbow in reduced mode, as with people near; false: full mode.")
    heartbeat: bool = parameter(True, "Motion needs the operator's heartbeat; its loss is an emergency stop.")
