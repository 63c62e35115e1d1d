"""Puts together by stamp what the graph says about each step. What is missing or late drops the step; nothing is guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jaco_core.arms import Arm
from jaco_core.sync import StampBuffer
from jaco_core.types import ENDED, FINISHED, PAUSED, WAITING, EpisodeStatus, RgbImage, Vector, frozen_vector
from jaco_core.units import seconds_to_ns
from jaco_learner.embedded.execution import corrected_action, executed_action
from jaco_learner.embedded.transition import NOTHING, Run, Transition

POLICY, OPERATOR = "policy", "operator"
# So many observations into the next episode, what an episode lacks is not coming any more.
_PATIENCE = 2
# So many joint states are kept: more than come in an episode and in the wait for the next one.
_JOINT_STATES = 8192


@dataclass(frozen=True)
class PolicyWord:
    """What the policy chose on one image: indices, shape (n,), and their log-probability under weights `version`."""

    action: NDArray[np.int64]
    log_probability: float
    version: int


@dataclass(frozen=True)
class Judged:
    """What the supervisor made of a step, or a part of it: who proposed, and in how many ticks a limit changed it.

    `withheld_ticks`: those in which motion was withheld, ramped up or stopped, whatever was proposed.
    """

    source: str
    changed_ticks: int
    withheld_ticks: int = 0


@dataclass
class _Step:
    """What is known about the observation of one stamp and the step that began there."""

    image: RgbImage | None = None
    objects: Vector | None = None
    word: PolicyWord | None = None
    judged: list[Judged] = field(default_factory=list)
    applied: list[Vector] = field(default_factory=list)

    @property
    def corrected(self) -> bool:
        """Tells whether an operator moved the arm, from the step's beginning to its end."""
        return bool(self.judged) and all(judged.source == OPERATOR for judged in self.judged)


class Assembler:
    """Takes messages in any order between topics and gives out the runs of episodes that are over.

    `dropped`: steps that were left out, by what they lacked; `overruled`: steps whose applied action was not the chosen one.
    """

    def __init__(
        self,
        arm: Arm,
        speeds: NDArray[np.float64],
        recurrent: bool,
        tolerance: float = 0.0,
        objects: tuple[str, ...] = (),
        operator_share: float = 1.0,
    ) -> None:
        """`recurrent`: the network remembers, so an episode is of no use after a gap.

        `tolerance`: largest time between an image and the joint state that is taken for it [s]; 0: the very same stamp.
        `objects`: names of those whose places must be known of each image. `operator_share`: of a speed at which an operator's
        motion stands for it.
        """
        self._arm, self._speeds, self._recurrent, self._operator_share = arm, speeds, recurrent, operator_share
        self._tick_s = 1.0 / arm.state_rate_hz
        self._steps: dict[int, _Step] = {}
        self._tolerance_ns = seconds_to_ns(tolerance)
        self._felt: StampBuffer[Vector] = StampBuffer(_JOINT_STATES)
        self.objects = objects
        self._applied_until = self._judged_until = -1
        self._episode: list[EpisodeStatus] = []
        self._midway: bool | None = None
        self._over: list[list[EpisodeStatus]] = []
        self.dropped: Counter[str] = Counter()
        self.overruled = 0

    def add_image(self, stamp_ns: int, image: RgbImage) -> None:
        self._at(stamp_ns).image = image

    def add_proprioception(self, stamp_ns: int, values: Vector) -> None:
        """`values`: joint angles [rad], then velocities [rad/s], shape (2n,)."""
        self._felt.add(stamp_ns, values)

    def add_objects(self, stamp_ns: int, places: Vector) -> None:
        """Where `objects` are [m], shape (3k,), in the image of `stamp_ns`."""
        if self.objects:
            self._at(stamp_ns).objects = places

    def add_word(self, stamp_ns: int, word: PolicyWord) -> None:
        self._at(stamp_ns).word = word

    def add_judged(self, stamp_ns: int, judged: Judged) -> None:
        """What the supervisor made of the step of `stamp_ns`; of an operator's, part by part."""
        self._judged_until = max(self._judged_until, stamp_ns)
        self._at(stamp_ns).judged.append(judged)

    def add_applied(self, stamp_ns: int, policy_stamp_ns: int, velocity: Vector) -> None:
        """The velocity [rad/s] that was applied at the tick of `stamp_ns`, under the policy's command of `policy_stamp_ns`."""
        self._applied_until = stamp_ns
        self._at(policy_stamp_ns).applied.append(velocity)

    def add_episode(self, status: EpisodeStatus) -> None:
        """What the task makes of an observation; each stamp once."""
        if status.phase in (WAITING, PAUSED, FINISHED):
            if not self._episode and not self._over:
                # Between episodes, which may take long on an arm, nothing is worth keeping.
                self._forget(status.stamp_ns)
            return
        if self._episode and status.stamp_ns <= self._episode[-1].stamp_ns:
            return
        if self._episode and status.episode != self._episode[-1].episode:
            # A new episode without the end of the last one: somebody asked for a reset.
            self._close()
        if self._midway is None:
            self._midway = status.step != 0
        self._episode.append(status)
        if status.phase == ENDED:
            self._close()

    @property
    def waiting(self) -> bool:
        """Tells whether an episode is over that `episodes` has not given out."""
        return bool(self._over)

    def episodes(self) -> Iterator[tuple[list[Run], int]]:
        """Yields runs and last stamp [ns] of each episode that is over and either whole or, by the next one, past waiting for.

        One that was joined in its middle is waited for by nobody.
        """
        while self._over and (self._midway or self._complete(self._over[0]) or len(self._over) > 1 or self._impatient):
            statuses = self._over.pop(0)
            yield self._assemble(statuses), statuses[-1].stamp_ns

    @property
    def _impatient(self) -> bool:
        return len(self._episode) > _PATIENCE

    def _at(self, stamp_ns: int) -> _Step:
        return self._steps.setdefault(stamp_ns, _Step())

    def _close(self) -> None:
        self._over.append(self._episode)
        self._episode = []

    def _complete(self, statuses: list[EpisodeStatus]) -> bool:
        steps = [self._steps.get(status.stamp_ns, _Step()) for status in statuses]
        seen = all(self._felt_at(status) is not None for status in statuses) and steps[-1].image is not None
        seen = seen and (not self.objects or all(step.objects is not None for step in steps))
        end = statuses[-1].stamp_ns
        told = zip(statuses[:-1], steps[:-1], strict=True)
        return seen and self._applied_until >= end and not any(self._lacking(status, step) for status, step in told)

    def _assemble(self, statuses: list[EpisodeStatus]) -> list[Run]:
        """Returns the episode's runs: cut where a step is missing. There are none of one that was joined in its middle."""
        if self._midway:
            # Where a killed listener is back is chance, which the recording of what was said does not show.
            self._midway = False
            self.dropped["what came before"] += len(statuses) - 1
            self._forget(statuses[-1].stamp_ns)
            return []
        runs: list[Run] = []
        current: list[Transition] = []
        before = np.zeros(len(self._arm))
        broken = statuses[0].step != 0
        for status, after in pairwise(statuses):
            step = self._steps.get(status.stamp_ns, _Step())
            lacking = (
                self._unseen(status) or self._lacking(status, step) or ("episode state" if after.step != status.step + 1 else "")
            )
            lacking = lacking or self._unseen(after)
            if not lacking and current and step.corrected is not current[-1].corrected:
                # What an operator earns is not the policy's, nor the other way round.
                self._cut(runs, current, status, broken, None, before)
                current, broken = [], True
            if lacking or (broken and self._recurrent):
                self.dropped[lacking or "what came before"] += 1
                self._cut(runs, current, status, broken, None, before)
                current, broken = [], True
            else:
                current.append(self._transition(status, after, step, before))
            if step.applied:
                before = step.applied[-1]
        self._cut(runs, current, statuses[-1], broken, statuses[-1], before)
        self._forget(statuses[-1].stamp_ns)
        return runs

    def _forget(self, horizon_ns: int) -> None:
        """Forgets the steps that began at `horizon_ns` or before."""
        self._steps = {stamp: step for stamp, step in self._steps.items() if stamp > horizon_ns}

    def _cut(
        self,
        runs: list[Run],
        transitions: list[Transition],
        at: EpisodeStatus,
        broken: bool,
        end: EpisodeStatus | None,
        before: Vector,
    ) -> None:
        """Ends a run with the observation of `at`; `end`: the episode's last status when the run reaches it."""
        step, felt = self._at(at.stamp_ns), self._felt_at(at)
        if not transitions or felt is None or step.image is None or self._unseen(at):
            return
        ended = end is not None and end.phase == ENDED
        terminated = end is not None and end.terminated
        runs.append(Run(tuple(transitions), step.image, felt, terminated, ended and not broken, _known(step, before)))

    def _unseen(self, status: EpisodeStatus) -> str:
        """Returns what is missing of an observation, "" when it is whole."""
        step = self._at(status.stamp_ns)
        if step.image is None:
            return "image"
        if self.objects and step.objects is None:
            return "place of an object"
        return "" if self._felt_at(status) is not None else "joint state"

    def _lacking(self, status: EpisodeStatus, step: _Step) -> str:
        """Returns what is missing of what was done in a step, "" when it can be learned from."""
        if step.image is None:
            return "image"
        if step.word is None:
            return "policy's step"
        # An operator's step is whole when the next one is spoken of.
        if not step.judged or (step.corrected and self._judged_until <= status.stamp_ns):
            return "supervisor's step"
        if not step.corrected and any(judged.source != POLICY for judged in step.judged):
            return "policy's authority"
        if step.corrected and any(judged.withheld_ticks for judged in step.judged):
            return "operator's motion"
        return "" if step.applied else "applied velocity"

    def _felt_at(self, status: EpisodeStatus) -> Vector | None:
        """Returns the proprioception that belongs to an observation, None while it has not come or when it never will."""
        return self._felt.match(status.stamp_ns, self._tolerance_ns)

    def _transition(self, status: EpisodeStatus, after: EpisodeStatus, step: _Step, before: Vector) -> Transition:
        felt, word = self._felt_at(status), step.word
        assert step.image is not None and word is not None and felt is not None
        applied = np.array(step.applied)
        ramp = before, applied, self._arm.max_acceleration, self._tick_s
        if step.corrected:
            action, own = corrected_action(self._speeds, self._operator_share, *ramp), False
        else:
            action = executed_action(word.action, self._speeds, *ramp)
            own = bool((action == word.action).all())
            self.overruled += not own
        log_probability = word.log_probability if own else None
        return Transition(
            status.stamp_ns,
            status.episode,
            status.step,
            word.version,
            step.image,
            felt,
            action,
            log_probability,
            after.reward,
            _known(step, before),
            step.corrected,
        )


def _known(step: _Step, before: Vector) -> Vector:
    """Returns what only learning knows of an observation before which the velocity `before` [rad/s] was applied."""
    return NOTHING if step.objects is None else frozen_vector(np.concatenate((before, step.objects)))
