"""What became of the ticks so far: counted by verdict and reason, and gathered into the steps of the policy."""

from __future__ import annotations

from collections import Counter

from jaco_core.types import JointSample
from jaco_safety.answer import Answer
from jaco_safety.proposals import Proposals
from jaco_safety.triple import StepRecorder, SupervisedStep


class Account:
    """Takes each tick's final answer once."""

    def __init__(self) -> None:
        self._recorder = StepRecorder()
        self._counted: Counter[str] = Counter()
        self._step: SupervisedStep | None = None

    def close(self, answer: Answer, proposals: Proposals, sample: JointSample | None) -> None:
        """`answer` is final for its tick; `sample` is what the arm did under it, None when that cannot be used."""
        self._counted[answer.evidence.key] += 1
        measured = sample.velocity if sample is not None else None
        told = answer.evidence, answer.policy_stamp_ns, answer.withheld
        step = self._recorder.add(proposals.usable, proposals.source.value, answer.velocity, measured, *told)
        self._step = step or self._step

    def counts(self, newest: Answer | None) -> dict[str, int]:
        """Returns ticks per verdict and reason, with that of the `newest` answer, which is not final yet."""
        counted = self._counted.copy()
        if newest is not None:
            counted[newest.evidence.key] += 1
        return dict(sorted(counted.items()))

    def take_step(self) -> SupervisedStep | None:
        """Returns the policy step that ended since the last call, or None."""
        step, self._step = self._step, None
        return step
