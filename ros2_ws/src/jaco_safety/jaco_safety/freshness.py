"""Is an input recent enough? By its source stamp against the newest joint state, and by its local receipt on a steady clock."""

from __future__ import annotations

from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_safety.reasons import Evidence, Reason


def stale_command(stamp_ns: int, joints_stamp_ns: int, bound: float) -> Evidence | None:
    """Returns evidence when a command of `stamp_ns` is older than `bound` [s] at the joint state of `joints_stamp_ns`, or None.

    Both stamps come from the sources, so the answer does not depend on when messages happen to arrive.
    """
    age_ns = joints_stamp_ns - stamp_ns
    if age_ns <= seconds_to_ns(bound):
        return None
    return Evidence(Reason.STALE_COMMAND, "policy command", ns_to_seconds(age_ns), bound, "s")


class Receipt:
    """When something new last came in, on the local steady clock."""

    def __init__(self, bound: float) -> None:
        """`bound`: longest silence allowed [s]."""
        self._bound = bound
        self._last_ns: int | None = None

    def note(self, now_ns: int) -> None:
        """Something new came in at `now_ns`."""
        self._last_ns = now_ns

    def silence(self, now_ns: int) -> Evidence | None:
        """Returns evidence when nothing has come in for too long at `now_ns`, or None; before the first receipt always None."""
        if self._last_ns is None or now_ns - self._last_ns <= seconds_to_ns(self._bound):
            return None
        return Evidence(Reason.STALE_JOINTS, "joint state", ns_to_seconds(now_ns - self._last_ns), self._bound, "s")
