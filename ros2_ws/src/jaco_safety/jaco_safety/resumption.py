"""Motion comes back gently after a reset or a change of mode: withheld until command and measurement agree, then ramped up."""

from __future__ import annotations

import numpy as np

from jaco_core.types import Vector
from jaco_core.units import ns_to_seconds
from jaco_safety.reasons import Evidence, Reason


class Resumption:
    """A share in [0, 1] that proposals are scaled with. 1 until `begin`, and again when the ramp is over."""

    def __init__(self, joint_names: tuple[str, ...], agreement: float, ramp_up: float) -> None:
        """`agreement`: between commanded and measured speeds [rad/s]; `ramp_up`: time from zero to full [s]."""
        self._joint_names, self._agreement, self._ramp_up = joint_names, agreement, ramp_up
        self._after = ""
        self._withheld: Evidence | None = None
        self._start_ns: int | None = None

    def begin(self, after: str) -> None:
        """Withholds motion from now on; `after`: what this follows, "reset", "change of mode" or "pause"."""
        self._after, self._start_ns = after, None
        self._withheld = Evidence(Reason.SETTLING, "an arm not measured yet", 0.0, self._agreement, "rad/s")

    def observe(self, commanded: Vector, measured: Vector | None) -> None:
        """A new joint state: `measured` speeds [rad/s], shape (n,), under the speeds `commanded`; None: they cannot be used."""
        if self._withheld is None or measured is None:
            return
        difference = np.abs(measured - commanded)
        joint = int(np.argmax(difference))
        if difference[joint] <= self._agreement:
            self._withheld = None
        else:
            self._withheld = Evidence(
                Reason.SETTLING, self._joint_names[joint], float(difference[joint]), self._agreement, "rad/s"
            )

    @property
    def active(self) -> bool:
        """Tells whether proposals are withheld or still ramped up."""
        return bool(self._after)

    @property
    def withheld(self) -> Evidence | None:
        """Why nothing may move yet, or None."""
        return self._withheld

    def share(self, command_stamp_ns: int, stamp_ns: int) -> tuple[float, Evidence | None]:
        """Returns the share for a command of `command_stamp_ns` at `stamp_ns`, with evidence while it is below 1."""
        if not self._after:
            return 1.0, None
        # The ramp starts with the first command that is used, so that a late one is ramped, too.
        self._start_ns = command_stamp_ns if self._start_ns is None else min(self._start_ns, command_stamp_ns)
        elapsed = ns_to_seconds(stamp_ns - self._start_ns)
        if elapsed >= self._ramp_up:
            self._after = ""
            return 1.0, None
        return max(elapsed, 0.0) / self._ramp_up, Evidence(Reason.RAMP_UP, self._after, elapsed, self._ramp_up, "s")
