"""Ports whose stop goes out on a thread of its own, and can be waited for where nothing else is to come before it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaco_driver.port import ArmPort


@runtime_checkable
class BrakingPort(Protocol):
    """An arm that is still being stopped when `stop` returns."""

    def stopped(self, timeout: float) -> bool:
        """Returns whether no stop is under way any more, after at most `timeout` [s]."""


def wait_for_stop(port: ArmPort, timeout: float) -> bool:
    """Returns whether no stop of `port` is under way any more, after at most `timeout` [s]."""
    return port.stopped(timeout) if isinstance(port, BrakingPort) else True
