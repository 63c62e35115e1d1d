"""Commands in the order of their stamps: which one answers a given joint state, whatever order messages arrived in."""

from __future__ import annotations

from jaco_core.types import VelocityCommand

# Commands that may wait for their joint state. A policy is a handful of ticks ahead at most; more is a clock that is wrong, and
# its commands are dropped, so that the last good one goes stale and the arm holds.
_CAPACITY = 64


class CommandQueue:
    """Keeps commands until the joint state of their stamp has come, and then the newest of them."""

    def __init__(self) -> None:
        self._waiting: list[VelocityCommand] = []
        self._newest: VelocityCommand | None = None
        self._valid_from_ns = 0
        self.refused = 0
        """Commands with a newer stamp than the newest and a sequence number that was used before."""

    def add(self, command: VelocityCommand) -> None:
        """Takes in a command; it counts from the joint state of its stamp on."""
        if len(self._waiting) < _CAPACITY:
            self._waiting.append(command)

    def advance(self, stamp_ns: int) -> list[VelocityCommand]:
        """Returns the commands that have become due at the joint state of `stamp_ns`, oldest first."""
        due = sorted((command for command in self._waiting if command.stamp_ns <= stamp_ns), key=_age)
        if due:
            self._waiting = [command for command in self._waiting if command.stamp_ns > stamp_ns]
        for command in due:
            if self._replayed(command):
                self.refused += 1
            elif self._newest is None or _age(command) >= _age(self._newest):
                self._newest = command
        return due

    def _replayed(self, command: VelocityCommand) -> bool:
        """Tells whether an old number comes with a new stamp. A publisher that starts anew counts from 0 or 1."""
        newest = self._newest
        return newest is not None and command.stamp_ns > newest.stamp_ns and 1 < command.sequence <= newest.sequence

    @property
    def newest(self) -> VelocityCommand | None:
        """The newest command that is due, whether it may be used or not."""
        return self._newest

    @property
    def usable(self) -> VelocityCommand | None:
        """The newest command that is due, unless it answers an observation from before `forget_before`."""
        newest = self._newest
        return newest if newest is not None and newest.stamp_ns >= self._valid_from_ns else None

    def forget_before(self, stamp_ns: int) -> None:
        """Commands stamped before `stamp_ns` are not used any more, nor are those still under way."""
        self._valid_from_ns = stamp_ns

    def clear(self) -> None:
        """Forgets everything: the sources' time has started anew."""
        self._waiting.clear()
        self._newest = None
        self._valid_from_ns = 0


def _age(command: VelocityCommand) -> tuple[int, int]:
    return command.stamp_ns, command.sequence


class SequenceCount:
    """What sequence numbers say about the way here, in the order of arrival: for diagnostics, not for decisions."""

    def __init__(self) -> None:
        self._last: int | None = None
        self.gaps = self.repeats = self.reversals = 0

    def note(self, sequence: int) -> None:
        """A command with this number came in. 0 is no number; 1 after others is a publisher that starts anew."""
        if sequence == 0:
            return
        if self._last is not None and sequence != 1:
            if sequence == self._last:
                self.repeats += 1
            elif sequence < self._last:
                self.reversals += 1
            else:
                self.gaps += sequence - self._last - 1
        self._last = sequence if self._last is None or sequence > self._last or sequence == 1 else self._last
