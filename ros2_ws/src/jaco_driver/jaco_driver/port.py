"""What the driver asks of an arm: one small port that every backend implements, in rad and rad/s.

Time is an argument: `now_ns` is the time that states are stamped with. It does not go back while a port is open.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaco_core.errors import HardwareFault
from jaco_core.types import JointSample, Vector
from jaco_driver.pace import Pace


class PortClosed(HardwareFault):
    """The port was asked to act before `configure` or after `close`; nothing was sent."""


class NotActive(HardwareFault):
    """A velocity was sent to an arm that is not active; nothing was sent."""


class ArmInFault(HardwareFault):
    """The arm reports a fault. It stays until `clear_faults`; nothing clears it by itself."""


class ConnectionLost(HardwareFault):
    """The arm does not answer."""


class ArmPort(Protocol):
    """One arm. Degrees, wrapped angles and vendors' types end here; continuous joints come out unwrapped.

    All calls come from one thread and take a bounded time. Positions and velocities are of shape (n,), in the arm's joint order.
    """

    def configure(self) -> None:
        """Connects and compares the device with the arm's description. Nothing moves.

        Raises:
            ConnectionLost: the device does not answer.
            ContractError: it is another arm, or its joints or limits differ.
        """

    def activate(self, now_ns: int) -> None:
        """Makes the arm ready for velocities and commands rest.

        Raises:
            PortClosed: `configure` has not been called.
            ArmInFault: the arm is in fault; `clear_faults` first.
            ConnectionLost: the device does not answer.
        """

    def state(self, now_ns: int) -> JointSample:
        """Returns the newest measured joints, stamped with when, on the clock of `now_ns`, they were measured.

        Works from `configure` to `close`, in a fault too. Nothing new has been measured where the stamp is the last one's.

        Raises:
            PortClosed, ConnectionLost.
        """

    def send(self, velocity: Vector, now_ns: int) -> Vector:
        """Commands `velocity` [rad/s], shape (n,), and returns what was sent after the device's own limits, shape (n,).

        Raises:
            ContractError: wrong length or not finite; nothing was sent.
            PortClosed, NotActive, ArmInFault, ConnectionLost.
        """

    def stop(self, now_ns: int) -> None:
        """Brakes to rest from any state and leaves the arm inactive. Never waits behind another call; safe to call twice.

        Raises:
            ConnectionLost: the stop may not have arrived.
        """

    def clear_faults(self) -> None:
        """Clears a fault on someone's explicit request; leaves the arm inactive.

        Raises:
            PortClosed, ConnectionLost; ArmInFault: the cause is still there.
        """

    def close(self) -> None:
        """Stops the arm and gives the connection back. Safe to call twice; does not raise."""


@runtime_checkable
class TellingPort(Protocol):
    """A port that notices things between calls, on threads of its own."""

    def fault(self) -> str:
        """Returns why the arm was stopped although nobody asked for it, "" when it was not."""

    def news(self) -> list[str]:
        """Returns, once, sentences on what else has happened since the last call."""


@runtime_checkable
class PacedPort(Protocol):
    """A port with a thread of its own that sends the commands."""

    def pace(self) -> Pace | None:
        """Returns how regularly commands have gone out since activation; None before there are enough of them."""


def pace_of(port: ArmPort) -> Pace | None:
    """Returns how regularly `port` has sent commands; None for one that sends each as it comes."""
    return port.pace() if isinstance(port, PacedPort) else None


def fault_of(port: ArmPort) -> str:
    """Returns what `port` says by itself about a fault, "" for one that only answers."""
    return port.fault() if isinstance(port, TellingPort) else ""


def news_of(port: ArmPort) -> list[str]:
    """Returns what `port` has to say, [] for one that only answers."""
    return port.news() if isinstance(port, TellingPort) else []
