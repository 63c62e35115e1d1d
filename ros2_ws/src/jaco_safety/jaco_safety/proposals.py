"""Who proposes: the policy, in guided mode the operator, between episodes a reset. A queue each: a hand-over mixes nothing."""

from __future__ import annotations

from enum import Enum

from jaco_core.types import VelocityCommand
from jaco_safety.commands import CommandQueue, SequenceCount
from jaco_safety.freshness import Freshness
from jaco_safety.modes import Mode
from jaco_safety.reasons import Evidence, Reason


class Source(Enum):
    """Where a command comes from."""

    POLICY = "policy"
    OPERATOR = "operator"
    RESET = "reset"


class Proposals:
    """The commands of all sources, and those of the one that counts."""

    def __init__(self, age: float, silence: float) -> None:
        """`age`: oldest command that is acted on [s], by its stamp; `silence`: longest wait for one on the steady clock [s]."""
        self._age, self._silence = age, silence
        self.source = Source.POLICY
        self.clear()

    def choose(self, mode: Mode) -> None:
        """From now on the source of `mode` counts."""
        self.source = Source.OPERATOR if mode is Mode.GUIDED else Source.POLICY

    def clear(self) -> None:
        """Forgets everything: the sources' time has started anew."""
        self._queues = {source: CommandQueue() for source in Source}
        self._fresh = {
            source: Freshness(Reason.STALE_COMMAND, f"{source.value} command", self._age, self._silence) for source in Source
        }
        self.sequences = {source: SequenceCount() for source in Source}

    def add(self, command: VelocityCommand, source: Source, now_ns: int | None) -> None:
        """Takes in a command received at `now_ns` on the steady clock; None: receipt is not judged."""
        self._queues[source].add(command)
        self.sequences[source].note(command.sequence)
        if now_ns is not None:
            self._fresh[source].note(command.stamp_ns, now_ns)

    def advance(self, stamp_ns: int) -> list[VelocityCommand]:
        """Returns the commands of the source that counts which have become due at the joint state of `stamp_ns`, oldest first."""
        due = {source: queue.advance(stamp_ns) for source, queue in self._queues.items()}
        return due[self.source]

    def forget_before(self, stamp_ns: int) -> None:
        """Commands stamped before `stamp_ns` are not used any more."""
        for queue in self._queues.values():
            queue.forget_before(stamp_ns)

    @property
    def answered(self) -> VelocityCommand | None:
        """The newest policy command that is due, used or not: in lockstep the simulator waits for the answer to it."""
        return self._queues[Source.POLICY].newest

    def of(self, source: Source) -> VelocityCommand | None:
        """The newest command of `source` that is due, used or not."""
        return self._queues[source].newest

    @property
    def newest(self) -> VelocityCommand | None:
        """The newest command that is due of the source that counts, whether it may be used or not."""
        return self._queues[self.source].newest

    @property
    def usable(self) -> VelocityCommand | None:
        """The newest command that is due of the source that counts, unless it was forgotten."""
        return self._queues[self.source].usable

    def refused(self, source: Source) -> int:
        """Returns how many replayed commands of `source` were refused."""
        return self._queues[source].refused

    def stale(self, command: VelocityCommand, joints_stamp_ns: int) -> Evidence | None:
        """Returns evidence when `command` is too old by its stamp at the joint state of `joints_stamp_ns`, or None."""
        fresh = Freshness(Reason.STALE_COMMAND, f"{self.source.value} command", self._age, self._silence)
        fresh.note(command.stamp_ns, 0)
        return fresh.by_stamp(joints_stamp_ns)

    def silent(self, now_ns: int) -> Evidence | None:
        """Returns evidence when the source that counts has been silent for too long at `now_ns`, or None."""
        return self._fresh[self.source].by_receipt(now_ns)
