"""Ports that measure what pushes the tool from outside."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaco_core.types import WrenchSample
from jaco_driver.port import ArmPort


@runtime_checkable
class FeelingPort(Protocol):
    """An arm with a sensor for it, or whose maker estimates it."""

    def wrench(self, now_ns: int) -> WrenchSample | None:
        """Returns the newest wrench, stamped `now_ns`; None when this arm gives none.

        Raises:
            PortClosed, ConnectionLost: it should give one and has stopped.
        """


def wrench_of(port: ArmPort, now_ns: int) -> WrenchSample | None:
    """Returns what `port` feels, None for one that feels nothing. Raises as `FeelingPort.wrench`."""
    return port.wrench(now_ns) if isinstance(port, FeelingPort) else None
