"""Which command answers which joint state."""

from __future__ import annotations

import numpy as np

from jaco_core.types import VelocityCommand
from jaco_safety.commands import CommandQueue

NAMES = ("a", "b")


def command(stamp_ns: int, sequence: int = 0) -> VelocityCommand:
    return VelocityCommand(stamp_ns, NAMES, np.array((0.1, 0.2)), sequence)


def test_command_waits_for_its_joint_state() -> None:
    queue = CommandQueue()
    queue.add(command(20))
    assert queue.advance(10) == []
    assert queue.newest is None
    assert [due.stamp_ns for due in queue.advance(20)] == [20]
    assert queue.newest is not None and queue.newest.stamp_ns == 20


def test_newest_wins_whatever_the_order() -> None:
    queue = CommandQueue()
    for late in (command(30), command(10), command(20, sequence=2), command(20, sequence=1)):
        queue.add(late)
    assert [(due.stamp_ns, due.sequence) for due in queue.advance(25)] == [(10, 0), (20, 1), (20, 2)]
    assert queue.newest is not None and queue.newest.sequence == 2
    queue.add(command(15))
    queue.advance(26)
    assert queue.newest.stamp_ns == 20


def test_forgotten_commands_are_due_but_not_usable() -> None:
    queue = CommandQueue()
    queue.forget_before(20)
    queue.add(command(19))
    queue.advance(20)
    assert queue.newest is not None
    assert queue.usable is None
    queue.add(command(20))
    queue.advance(20)
    assert queue.usable is not None


def test_commands_from_a_wrong_clock_do_not_pile_up() -> None:
    queue = CommandQueue()
    for stamp in range(1000, 2000):
        queue.add(command(stamp))
    assert len(queue.advance(5000)) == 64
