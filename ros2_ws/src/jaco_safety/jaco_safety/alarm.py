"""When to look for silence: exactly when a bound runs out, and not before what came meanwhile could be read."""

from __future__ import annotations

from jaco_core.units import seconds_to_ns

# Woken later than this after a bound ran out, the supervisor itself was kept from running, and its inputs may wait unread.
_LATE_NS = seconds_to_ns(0.002)
# So long it then reads first: more than its queues take.
_READING_NS = seconds_to_ns(0.005)
# Before the first joint state, and the shortest wait.
_IDLE_NS, _SHORTEST_NS = seconds_to_ns(0.02), seconds_to_ns(0.0002)


class Alarm:
    """Set to the time at which the next bound runs out. Times [ns] on the steady clock; None: no bound runs."""

    def __init__(self) -> None:
        self._excused_ns: int | None = None

    def rings(self, due_ns: int | None, now_ns: int) -> bool:
        """Tells whether, awake at `now_ns`, silence is to be judged. Whoever overslept reads first, once per bound."""
        if due_ns is None or now_ns < due_ns:
            return False
        if now_ns - due_ns > _LATE_NS and self._excused_ns != due_ns:
            self._excused_ns = due_ns
            return False
        return True

    def wait_ns(self, due_ns: int | None, now_ns: int) -> int:
        """Returns how long to sleep at `now_ns`."""
        if due_ns is None:
            return _IDLE_NS
        if due_ns == self._excused_ns:
            return _READING_NS
        return max(due_ns - now_ns, _SHORTEST_NS)
