"""What a measured joint state says about the arm: what bounds its motion, and whether it is where or as it must not be."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_core.types import JointSample, Vector
from jaco_safety.barriers import Barriers, Surroundings
from jaco_safety.forces import ForceMonitor
from jaco_safety.limits import SafetyLimits
from jaco_safety.reasons import Evidence


class Sensing:
    """Barriers and forces, with what is tolerated beyond the barriers."""

    def __init__(self, arm: Arm, limits: SafetyLimits) -> None:
        self.barriers = Barriers(arm, limits)
        self._forces = ForceMonitor(arm, limits, self.barriers.chain)
        self._tolerated = self.barriers.tolerance

    def begin(self) -> None:
        """Starts afresh: no history, ordinary tolerance."""
        self._forces.begin()
        self._tolerated = self.barriers.tolerance

    def interrupt(self) -> None:
        """The next joint state does not follow from the one before."""
        self._forces.begin()

    def measure(
        self, sample: JointSample | None, heading: Vector, elapsed: float, top_speed: float | None
    ) -> Surroundings | None:
        """Returns what bounds the motion at `sample`, or None without one.

        Args:
            sample: in the arm's joint order, finite; None when there is no usable one.
            heading: velocity commanded last [rad/s], shape (n,).
            elapsed: since the sample before [s].
            top_speed: of palm and elbow [m/s]; None: as in full mode.
        """
        if sample is None:
            self._forces.begin()
            return None
        outside = self._forces.update(sample.position, sample.velocity, sample.effort, elapsed)
        return self.barriers.at(
            sample.position, effort=sample.effort, outside_torque=outside, top_speed=top_speed, heading=heading
        )

    def feel(self, force: float) -> Evidence | None:
        """Takes in a measured force on the tool [N]; returns evidence when it counts as a contact."""
        self._forces.feel(force)
        return self._forces.contact()

    def faults(self, around: Surroundings) -> list[Evidence]:
        """Returns evidence of a contact and of a limit that is exceeded beyond what is tolerated."""
        found = [self._forces.contact()]
        if self.barriers.is_inside(around):
            self._tolerated = self.barriers.tolerance
        else:
            found.append(self.barriers.violation(self.barriers.excess(around), self._tolerated))
            # On the way back inside, less and less is tolerated.
            self._tolerated = np.minimum(self._tolerated, self._here(around))
        return [evidence for evidence in found if evidence is not None]

    def tolerate(self, around: Surroundings) -> None:
        """After a reset outside a limit the way back must be open: what is tolerated starts from here and shrinks with it."""
        self._tolerated = self._here(around)

    def _here(self, around: Surroundings) -> Vector:
        tolerated: Vector = np.maximum(self.barriers.excess(around), 0.0) + self.barriers.tolerance
        return tolerated
