"""What the arm felt when an image was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jaco_core.proprioception import proprioception_from_message
from jaco_core.sync import StampBuffer
from jaco_core.types import Vector
from jaco_core.units import NS_PER_S


class Felt:
    """The newest joint states, read when an image asks for one."""

    def __init__(
        self, arrived: Callable[[], Iterable[tuple[Any, dict[str, Any]]]], names: tuple[str, ...], tolerance_ns: int
    ) -> None:
        """`arrived` gives the JointState messages that have come since it was last called, each with what is known of it."""
        self._arrived, self._names, self._tolerance_ns = arrived, names, tolerance_ns
        self._messages: StampBuffer[Any] = StampBuffer()

    def at(self, stamp_ns: int) -> Vector | None:
        """Returns joint angles [rad], then velocities [rad/s], shape (2n,), of the joint state nearest to `stamp_ns`.

        None where it is not there yet, or none comes near enough.

        Raises:
            ContractError: it lacks a joint, or a number in it is not finite.
        """
        for message, _ in self._arrived():
            stamp = message.header.stamp
            self._messages.add(int(stamp.sec) * NS_PER_S + int(stamp.nanosec), message)
        message = self._messages.match(stamp_ns, self._tolerance_ns)
        return None if message is None else proprioception_from_message(message, self._names)

    def passed(self, stamp_ns: int) -> bool:
        """Tells whether joint states are beyond `stamp_ns`: what is not there by now never will be."""
        return self._messages.passed(stamp_ns)
