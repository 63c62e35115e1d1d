"""The emulator as one object: it runs in a thread of its own, and is read and troubled from any other."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, TimeoutExceeded
from jaco_core.types import Vector
from jaco_driver.emulator.arm import ArmReading, EmulatedArm
from jaco_driver.emulator.base import Base
from jaco_driver.emulator.faults import fault_bit
from jaco_driver.emulator.server import Server
from jaco_driver.emulator.troubles import Troubles
from jaco_driver.emulator.zones import ProtectionZone
from jaco_driver.kortex_wire.codes import ArmState, ServoingMode

T = TypeVar("T")
# [s] Longest wait for the emulator's own thread.
_PATIENCE_S = 10.0


class Emulator:
    """A Kortex base with an arm on this machine. Use it in a `with`, or call `close`."""

    def __init__(
        self,
        arm: str = "gen3",
        host: str = "127.0.0.1",
        tcp_port: int = 0,
        udp_port: int = 0,
        troubles: Troubles | None = None,
        model: Any = None,
    ) -> None:
        """Listens at once. Ports: 0 takes free ones. `model`: see `EmulatedArm`.

        Raises:
            ConfigError: no Kortex base has such an arm, or a port is taken.
        """
        self._arm = EmulatedArm(load_arm(arm), model)
        self._troubles = troubles or Troubles()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kortex-emulator", daemon=True)
        self._thread.start()
        try:
            opening = asyncio.run_coroutine_threadsafe(self._open(host, tcp_port, udp_port), self._loop)
            self.host, (self.tcp_port, self.udp_port) = host, opening.result(_PATIENCE_S)
        except OSError as error:
            self._end()
            raise ConfigError(
                f"The emulator cannot listen on {host}, TCP port {tcp_port} and UDP port {udp_port}: {error.strerror}."
            ) from error

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection and ends the thread. Safe to call twice."""
        if self._thread.is_alive():
            self.call(self._server.close)
            self._end()

    def call(self, step: Callable[[], T]) -> T:
        """Returns what `step` returns, called in the emulator's thread, where alone its parts may be used.

        Raises:
            TimeoutExceeded: the thread does not come to it.
        """

        async def run() -> T:
            return step()

        try:
            return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_PATIENCE_S)
        except concurrent.futures.TimeoutError as error:
            raise TimeoutExceeded(f"The emulator's thread did not answer within {_PATIENCE_S:.0f} s.") from error

    @property
    def troubles(self) -> Troubles:
        """What is switched on."""
        return self.call(lambda: self._base.troubles)

    def set_troubles(self, **switches: bool | int | float) -> None:
        """Switches troubles on and off, as in `set_troubles(hung=True)`; the others stay as they are."""
        self.call(lambda: self._server.set_troubles(replace(self._base.troubles, **switches)))  # type: ignore[arg-type]

    def change_troubles(self, change: Callable[[Troubles], Troubles]) -> None:
        """Switches to what `change` makes of the present troubles."""
        self.call(lambda: self._server.set_troubles(change(self._base.troubles)))

    def fault(self, name: str, lasts: bool = False) -> None:
        """Faults the base, "MAXIMUM_CURRENT", or an actuator, "2:MAXIMUM_TORQUE". `lasts`: clearing does not help.

        Raises:
            ConfigError: there is no such fault.
        """
        bit, actuator = fault_bit(name, self._arm.count)
        self.call(lambda: self._base.fault(bit, actuator, lasts))

    def end_causes(self) -> None:
        """Ends the causes of lasting faults; the faults stay until they are cleared."""
        self.call(lambda: self._base.faults.end_cause())

    def set_zones(self, *zones: ProtectionZone) -> None:
        """Sets the base's protection zones up."""
        self.call(lambda: setattr(self._base, "zones", zones))

    def choose_servoing_mode(self, mode: ServoingMode) -> None:
        """Chooses the servoing mode, as another program may."""
        self.call(lambda: self._base.set_servoing_mode(mode))

    def drop_connections(self) -> None:
        """Closes every TCP connection without a word."""
        self.call(lambda: self._server.drop_connections())

    def lose_datagrams(self, count: int) -> None:
        """Loses the next `count` datagrams that clients send."""
        self.call(lambda: self._server.lose_datagrams(count))

    def read(self) -> ArmReading:
        """Returns where the arm is and how it moves, whatever the feedback says."""
        return self.call(self._read)

    @property
    def state(self) -> ArmState:
        """What the arm is doing."""
        return self.call(lambda: self._base.state)

    @property
    def standing(self) -> bool:
        """Tells whether the arm stands still."""
        return self.call(lambda: (self._read(), self._arm.standing)[1])

    @property
    def stands_since_ns(self) -> int | None:
        """Since when the arm stands, on the steady clock [ns]; None while it moves."""
        return self.call(lambda: (self._read(), self._base.stands_since_ns)[1])

    def longest_pause_ns(self) -> int:
        """Returns the longest time for which this process has not let the emulator run, since the last call."""

        def take() -> int:
            longest, self._server.longest_pause_ns = self._server.longest_pause_ns, 0
            return longest

        return self.call(take)

    @property
    def session_count(self) -> int:
        """How many sessions are open."""
        return self.call(lambda: len(self._server.procedures.sessions))

    def place(self, position: Vector) -> None:
        """Puts the joints to `position` [rad], shape (n,), at rest, as nobody can a real arm."""
        self.call(lambda: self._base.place(position))

    def _read(self) -> ArmReading:
        self._base.advance(time.monotonic_ns())
        return self._arm.read()

    async def _open(self, host: str, tcp_port: int, udp_port: int) -> tuple[int, int]:
        self._base = Base(self._arm, self._troubles, time.monotonic_ns())
        self._server = Server(self._base)
        return await self._server.open(host, tcp_port, udp_port)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()
