"""The guard's process: it says when it watches, ends with the driver, and its own death is seen."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from jaco_core.domain import take_random_domain
from jaco_driver.ros2_control.guard import Guard

TIMEOUT_S = 30.0


def until(predicate: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not predicate():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # the poll interval of this bounded wait


def test_guard_watches_and_its_end_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    domain = take_random_domain()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain.number))
    guard = Guard("/nobody/commands", 7, "a_guard")
    try:
        until(guard.ready)
        guard.feed(moving=False)
        assert guard.alive
        guard._process.kill()
        until(lambda: not guard.alive)
        guard.feed(moving=True)
        assert not guard.alive
    finally:
        guard.close()
        guard.close()
        domain.release()
