"""A stop that lasts until its cause is gone, the arm stands still, and someone asks for it to end."""

from __future__ import annotations

from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_safety.reasons import Evidence


class Latch:
    """Holds the evidence of the first stop, or of a graver one that came later."""

    def __init__(self, cooldown: float) -> None:
        """`cooldown`: shortest time from stop to reset [s]."""
        self._cooldown = cooldown
        self._evidence: Evidence | None = None
        self._since_ns = 0

    @property
    def evidence(self) -> Evidence | None:
        """Why it is set, or None."""
        return self._evidence

    def set(self, evidence: Evidence, stamp_ns: int) -> None:
        """Sets it at `stamp_ns`. The first cause stays on show unless the new one leads to a graver state."""
        if self._evidence is None or evidence.state > self._evidence.state:
            self._evidence, self._since_ns = evidence, stamp_ns

    def amend(self, before: Evidence | None, evidence: Evidence) -> None:
        """The cause that was told as `before` is known better now; where another is on show, that stays."""
        if self._evidence is not None and self._evidence == before:
            self._evidence = evidence

    def refusal(self, stamp_ns: int) -> str | None:
        """Returns why the time has not come for a reset at `stamp_ns`, or None."""
        elapsed_ns = stamp_ns - self._since_ns
        # Negative when the sources' time has started anew since.
        if not 0 <= elapsed_ns < seconds_to_ns(self._cooldown):
            return None
        return f"The stop is {ns_to_seconds(elapsed_ns):.2f} s old; a reset is accepted {self._cooldown:.2f} s after it."

    def clear(self) -> None:
        """Ends the stop."""
        self._evidence = None
