"""Is an input recent enough? By its source stamp against the newest joint state, and by its local receipt on a steady clock.

Stamps alone would trust a clock that has stopped; receipt alone would trust old data that keeps coming. Both must hold.
"""

from __future__ import annotations

import math

from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_safety.reasons import Evidence, Reason


class Freshness:
    """Watches one input. Only a stamp that has gone on counts as news: the same picture again is no picture."""

    def __init__(self, reason: Reason, subject: str, age: float, silence: float) -> None:
        """`age`: oldest stamp allowed [s], against the newest joint state, inf: not judged.

        `silence`: longest wait for news [s], on the steady clock.
        """
        self._reason, self._subject = reason, subject
        self._age, self._silence = age, silence
        self._stamp_ns: int | None = None
        self._received_ns: int | None = None

    @property
    def seen(self) -> bool:
        """Something has come in."""
        return self._received_ns is not None

    @property
    def due_ns(self) -> int | None:
        """When, on the steady clock, news will have been missing for too long; None before the first."""
        if self._received_ns is None or math.isinf(self._silence):
            return None
        return self._received_ns + seconds_to_ns(self._silence) + 1

    def note(self, stamp_ns: int, now_ns: int) -> None:
        """Something stamped `stamp_ns` came in at `now_ns` on the steady clock."""
        if self._stamp_ns is None or stamp_ns > self._stamp_ns:
            self._stamp_ns, self._received_ns = stamp_ns, now_ns

    def forget(self) -> None:
        """Nothing has come in yet."""
        self._stamp_ns = self._received_ns = None

    def by_stamp(self, joints_stamp_ns: int) -> Evidence | None:
        """Returns evidence when the newest stamp is too old at the joint state of `joints_stamp_ns`, or None.

        Both stamps come from the sources, so the answer does not depend on when messages happen to arrive.
        """
        return self._judge(self._stamp_ns, joints_stamp_ns, self._age)

    def by_receipt(self, now_ns: int) -> Evidence | None:
        """Returns evidence when no news has come for too long at `now_ns`, or None; before the first always None."""
        return self._judge(self._received_ns, now_ns, self._silence)

    def judge(self, joints_stamp_ns: int, now_ns: int) -> Evidence | None:
        """Returns evidence against the stamp, else against the receipt, or None."""
        return self.by_stamp(joints_stamp_ns) or self.by_receipt(now_ns)

    def _judge(self, then_ns: int | None, now_ns: int, bound: float) -> Evidence | None:
        if then_ns is None or math.isinf(bound) or now_ns - then_ns <= seconds_to_ns(bound):
            return None
        return Evidence(self._reason, self._subject, ns_to_seconds(now_ns - then_ns), bound, "s")


def clock_jump(stamp_step_ns: int, steady_step_ns: int, bound: float) -> Evidence | None:
    """Returns evidence when joint states' stamps went on by more than `bound` [s] beyond the local clock, or None."""
    ahead_ns = stamp_step_ns - steady_step_ns
    if ahead_ns <= seconds_to_ns(bound):
        return None
    return Evidence(Reason.CLOCK_JUMPED, "joint state", ns_to_seconds(ahead_ns), bound, "s")
