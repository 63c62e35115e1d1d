"""One proposal to one velocity: what the mode allows, the ramp after a pause, and the filter, with the evidence for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import VelocityCommand, frozen_vector
from jaco_safety.answer import Tick
from jaco_safety.barriers import Barriers
from jaco_safety.envelope import Envelope, make_envelopes
from jaco_safety.filter import Filtered, VelocityFilter
from jaco_safety.limits import SafetyLimits
from jaco_safety.modes import Mode
from jaco_safety.reasons import Evidence, Reason, Verdict
from jaco_safety.resumption import Resumption


class Governor:
    """Turns proposals into velocities that keep every limit; without one, the arm comes to rest."""

    def __init__(self, arm: Arm, limits: SafetyLimits, barriers: Barriers) -> None:
        self._filter = VelocityFilter(arm, limits, barriers)
        self._envelopes = make_envelopes(arm, limits)
        self._still = frozen_vector(np.zeros(len(arm)))

    def envelope(self, mode: Mode) -> Envelope:
        """Returns what `mode` allows."""
        return self._envelopes[mode]

    def rest(self, tick: Tick, why: Evidence) -> Filtered:
        """Brakes to rest within the limits, or blindly along the ramp where nothing is measured."""
        if tick.around is None:
            return Filtered(self._filter.halt_blind(tick.previous, tick.seconds), why)
        filtered = self._filter.apply(self._still, tick.previous, tick.seconds, tick.around, tick.change)
        return replace(filtered, evidence=why)

    def go(self, tick: Tick, command: VelocityCommand, mode: Mode, resumption: Resumption) -> Filtered:
        """Returns the safe velocity closest to that of `command`."""
        if tick.around is None:
            return self.rest(tick, Evidence(Reason.JOINTS_MALFORMED, "there is no usable measurement."))
        proposed, slowed = self._envelopes[mode].slowed(command.velocity)
        share, ramping = resumption.share(command.stamp_ns, tick.stamp_ns)
        filtered = self._filter.apply(
            proposed * share if ramping else proposed, tick.previous, tick.seconds, tick.around, tick.change
        )
        # What the filter changed says more than what was scaled before.
        own = slowed or ramping
        return replace(filtered, evidence=own) if own and filtered.evidence.verdict is not Verdict.LIMITED else filtered
