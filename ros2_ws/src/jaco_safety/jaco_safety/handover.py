"""Who may propose: the mode's source, and between episodes whoever brings the arm back to a start.

A reset's commands go through the same filter, under the same freshness and in the same modes as the policy's. They count only
while the task says, and has said recently, that no episode runs: an episode that runs belongs to the policy alone.
"""

from __future__ import annotations

from jaco_core.types import ENDED, WAITING, VelocityCommand
from jaco_core.units import seconds_to_ns
from jaco_safety.modes import Mode
from jaco_safety.proposals import Source

# In these the arm moves by itself; in guided mode it belongs to the operator, and in observe to nobody.
_MOVES_BY_ITSELF = (Mode.SUPERVISED, Mode.AUTONOMOUS)
_BETWEEN_EPISODES = (WAITING, ENDED)


class Handover:
    """Decides on the source from the mode, the task's newest word and the newest reset command."""

    def __init__(self, age: float) -> None:
        """`age`: oldest word of the task and oldest reset command [s], by their stamps against the newest joint state."""
        self._age_ns = seconds_to_ns(age)
        self._episode: tuple[int, int] | None = None

    def note_episode(self, phase: int, stamp_ns: int) -> None:
        """The task says that the observation of `stamp_ns` belongs to `phase`, one of jaco_core.types.PHASES."""
        self._episode = phase, stamp_ns

    def source(self, mode: Mode, joints_stamp_ns: int, reset: VelocityCommand | None) -> Source:
        """Returns whose commands count at the joint state of `joints_stamp_ns`. `reset`: the newest command of a reset."""
        if mode is Mode.GUIDED:
            return Source.OPERATOR
        if mode not in _MOVES_BY_ITSELF or reset is None or self._episode is None:
            return Source.POLICY
        phase, stamp_ns = self._episode
        fresh = self._recent(stamp_ns, joints_stamp_ns) and self._recent(reset.stamp_ns, joints_stamp_ns)
        return Source.RESET if fresh and phase in _BETWEEN_EPISODES else Source.POLICY

    def _recent(self, stamp_ns: int, joints_stamp_ns: int) -> bool:
        # A word from the future belongs to a time that was turned back.
        return abs(joints_stamp_ns - stamp_ns) <= self._age_ns
