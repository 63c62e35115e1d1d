"""The triple (proposed, supervised, measured) of each policy step, for the log and for a learner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jaco_core.types import Vector, VelocityCommand, frozen_vector
from jaco_safety.reasons import Evidence, Verdict


@dataclass(frozen=True)
class SupervisedStep:
    """One step that is over. Velocities [rad/s], shape (n,); supervised and measured are means over its `ticks`.

    `policy_stamp_ns`: of the newest policy command meanwhile, whoever proposed; 0 when there was none. `withheld_ticks`: those in
    which motion was withheld, ramped up after an interruption, or stopped, whatever was proposed.
    """

    stamp_ns: int
    proposed: Vector
    supervised: Vector
    measured: Vector
    ticks: int
    changed_ticks: int
    evidence: Evidence
    source: str
    policy_version: int
    policy_stamp_ns: int = 0
    withheld_ticks: int = 0


class StepRecorder:
    """Gathers final answers, one per tick, into steps: a new proposal, or a new one of the policy's, ends the step before."""

    def __init__(self) -> None:
        self._command: VelocityCommand | None = None
        self._source = ""
        self._policy_stamp_ns = self._withheld = 0
        self._supervised: list[Vector] = []
        self._measured: list[Vector] = []
        self._evidences: list[Evidence] = []

    def add(
        self,
        command: VelocityCommand | None,
        source: str,
        supervised: Vector,
        measured: Vector | None,
        evidence: Evidence,
        policy_stamp_ns: int = 0,
        withheld: bool = False,
    ) -> SupervisedStep | None:
        """Takes the final answer of a tick and what the arm did under it; returns the step that this ends, or None.

        `policy_stamp_ns` and `withheld`: of the tick's Answer.
        """
        ended = None
        same = command is not None and self._command is not None and command.stamp_ns == self._command.stamp_ns
        if not same or (source, policy_stamp_ns) != (self._source, self._policy_stamp_ns):
            ended = self._finish()
            self._command, self._source, self._policy_stamp_ns = command, source, policy_stamp_ns
        if command is not None and measured is not None:
            self._supervised.append(supervised)
            self._measured.append(measured)
            self._evidences.append(evidence)
            self._withheld += withheld
        return ended

    def _finish(self) -> SupervisedStep | None:
        command, evidences = self._command, self._evidences
        step = None
        if command is not None and evidences:
            changed = [evidence for evidence in evidences if evidence.verdict in (Verdict.LIMITED, Verdict.STOP)]
            step = SupervisedStep(
                command.stamp_ns,
                command.velocity,
                frozen_vector(np.mean(self._supervised, axis=0)),
                frozen_vector(np.mean(self._measured, axis=0)),
                len(evidences),
                len(changed),
                max(evidences, key=lambda evidence: evidence.state),
                self._source,
                command.policy_version,
                self._policy_stamp_ns,
                self._withheld,
            )
        self._supervised, self._measured, self._evidences = [], [], []
        self._withheld = 0
        return step
