"""The driver without ROS: commands to the port, rest when they stop, and a fault that stays until someone clears it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError, HardwareFault
from jaco_core.types import JointSample, VelocityCommand, WrenchSample, frozen_vector
from jaco_core.watchdog import Watchdog
from jaco_driver.braking import wait_for_stop
from jaco_driver.feeling import wrench_of
from jaco_driver.port import ArmPort, fault_of

LATCHED = "The arm is stopped until ~/clear_faults is called."
"""Ends the driver's log line on a fault."""

# [rad/s] Below this a joint stands still.
_STANDSTILL = 1e-3
# [s] Longest wait for a stop that goes out on another thread.
_STOP_PATIENCE = 1.5


class Driver:
    """Owns one port. Two clocks: `now_ns` stamps states, `steady_ns` only measures how long ago things happened."""

    def __init__(self, arm: Arm, port: ArmPort, command_timeout: float) -> None:
        """`command_timeout`: the arm is brought to rest when no command came for so long [s]."""
        self._arm = arm
        self._port = port
        self._watchdog = Watchdog(command_timeout, 1.0 / arm.state_rate_hz)
        self._rest = frozen_vector(np.zeros(len(arm)))
        self._fault = ""
        self._going = False

    @property
    def fault(self) -> str:
        """Why no command is passed on, as a sentence; "" when none is."""
        return self._fault

    def start(self, now_ns: int) -> None:
        """Makes the arm ready, at rest. Raises what the port's `activate` raises."""
        self._watchdog.starve()
        self._going = False
        self._port.activate(now_ns)

    def command(self, command: VelocityCommand, now_ns: int, steady_ns: int) -> VelocityCommand | None:
        """Passes a command on and returns it with the velocity that was applied, or None when nothing was sent.

        A command that is not for this arm faults the driver: its sender is not the supervisor it should be.
        """
        if self._fault:
            return None
        if command.names != self._arm.joint_names:
            self.trip(f"A command for the joints {', '.join(command.names)} came to arm '{self._arm.name}'.", now_ns)
            return None
        applied = self._send(command, now_ns)
        if applied is not None:
            self._watchdog.feed(steady_ns)
            self._going = True
        return applied

    def tick(self, now_ns: int, steady_ns: int) -> tuple[JointSample | None, VelocityCommand | None]:
        """Returns the measured joints, and the rest that was applied when commands have stopped coming; None for what is not."""
        try:
            sample = self._port.state(now_ns)
        except HardwareFault as error:
            self.trip(str(error), now_ns)
            return None, None
        why = fault_of(self._port)
        if why and not self._fault:
            self.trip(why, now_ns)
        moving = bool(np.any(np.abs(sample.velocity) > _STANDSTILL))
        if self._fault:
            if moving:  # the first stop may have been lost
                self._attempt(lambda: self._port.stop(now_ns))
            return sample, None
        expired = self._watchdog.expired(steady_ns)
        if not self._going or not expired:
            return sample, None
        applied = self._send(VelocityCommand(now_ns, self._arm.joint_names, self._rest), now_ns)
        # Sent again at every tick until the arm is seen to obey, then left alone.
        self._going = applied is None or moving
        return sample, applied

    def wrench(self, now_ns: int) -> WrenchSample | None:
        """Returns what pushes the tool from outside, None where the arm does not tell; one that falls silent is a fault."""
        try:
            return wrench_of(self._port, now_ns)
        except HardwareFault as error:
            self.trip(str(error), now_ns)
            return None

    def trip(self, why: str, now_ns: int, instead_of: str = "") -> None:
        """Faults the driver: stops the arm and passes no command on until `clear_faults`. The first cause stays on show.

        `instead_of`: the same cause as it was told before more was known of it.
        """
        if self._fault in ("", instead_of):
            self._fault = why
        self._watchdog.starve()
        self._attempt(lambda: self._port.stop(now_ns))

    def clear_faults(self, now_ns: int) -> str:
        """Clears the driver's and the arm's faults on explicit request; returns why that failed, or ""."""
        try:
            self._port.clear_faults()
            self.start(now_ns)
        except HardwareFault as error:
            self._fault = str(error)
        else:
            self._fault = ""
        return self._fault

    def halt(self, now_ns: int) -> VelocityCommand:
        """Commands rest, then stops, returns that, and has waited a bounded time for it: whatever ends next comes after the arm.

        Does not raise: a port that does not answer has its own time-out on the arm's side.
        """
        self._attempt(lambda: self._port.send(self._rest, now_ns))
        self._attempt(lambda: self._port.stop(now_ns))
        wait_for_stop(self._port, _STOP_PATIENCE)
        return VelocityCommand(now_ns, self._arm.joint_names, self._rest)

    def _send(self, command: VelocityCommand, now_ns: int) -> VelocityCommand | None:
        try:
            return replace(command, velocity=self._port.send(command.velocity, now_ns))
        except (HardwareFault, ContractError) as error:
            self.trip(str(error), now_ns)
            return None

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except HardwareFault as error:
            self._fault = self._fault or str(error)
