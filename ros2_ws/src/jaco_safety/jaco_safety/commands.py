"""Policy commands in the order of their stamps: which one answers a given joint state, whatever order messages arrived in."""

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

    def add(self, command: VelocityCommand) -> None:
        """Takes in a command; it counts from the joint state of its stamp on."""
        if len(self._waiting) < _CAPACITY:
            self._waiting.append(command)

    def advance(self, stamp_ns: int) -> list[VelocityCommand]:
        """Returns the commands that have become due at the joint state of `stamp_ns`, oldest first."""
        due = sorted((command for command in self._waiting if command.stamp_ns <= stamp_ns), key=_age)
        if due:
            self._waiting = [command for command in self._waiting if command.stamp_ns > stamp_ns]
            if self._newest is None or _age(due[-1]) >= _age(self._newest):
                self._newest = due[-1]
        return due

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
