"""The remote calls on the command session, each bounded, with the vendor's errors turned into this project's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from jaco_core.errors import HardwareFault
from jaco_driver.kortex.faults import ALREADY_STOPPED, INVALID_SESSION, refusal_words
from jaco_driver.kortex.link import Link
from jaco_driver.kortex.vendor import Message, Vendor, numbers
from jaco_driver.port import ArmInFault, ConnectionLost

T = TypeVar("T")


class Refused(ArmInFault):
    """The base answered a call with an error."""


class Calls:
    """Calls over an open `link`. Each raises ConnectionLost (no answer in time) or Refused.

    What moves the arm has `timeout` [s] to be answered; the rest is asked while it stands, and has `patience` [s].

    Any thread may call: answers find their callers, and requests leave one at a time.
    """

    def __init__(self, vendor: Vendor, link: Link, timeout: float, patience: float) -> None:
        if link.router is None:
            raise ConnectionLost("The session for commands is not open.")
        self._vendor = vendor
        self._timeout = timeout
        self._patience = patience
        self._base = vendor.base(link.router)
        self._config = vendor.control_config(link.router)

    def speeds(self, deg_per_s: Sequence[float]) -> None:
        """Commands the joint speeds [deg/s]. They last until the next command: the base does not use a duration. GateShut."""
        message = self._vendor.joint_speeds(deg_per_s)
        self._call("a speed command", lambda o: self._base.SendJointSpeedsCommand(message, options=o), self._timeout)

    def gripper(self, value: float) -> None:
        """Commands the gripper's speed, +1 opening to -1 closing. GateShut."""
        message = self._vendor.gripper_speed(value)
        self._call("a gripper command", lambda o: self._base.SendGripperCommand(message, options=o), self._timeout)

    def stop(self, timeout: float) -> None:
        """Stops the arm; one that stands already is fine."""
        self._call("a stop", lambda o: self._base.Stop(options=o), timeout, fine=ALREADY_STOPPED)

    def emergency_stop(self, timeout: float) -> None:
        """Stops the arm and puts it in fault."""
        self._call("an emergency stop", lambda o: self._base.ApplyEmergencyStop(options=o), timeout, fine=ALREADY_STOPPED)

    def clear_faults(self) -> None:
        """Clears the base's faults."""
        self._call("clearing faults", lambda o: self._base.ClearFaults(options=o))

    def arm_state(self) -> int:
        """Returns the vendor's ArmState."""
        return int(self._call("the arm's state", lambda o: self._base.GetArmState(options=o), self._timeout).active_state)

    def actuator_count(self) -> int:
        """Returns how many actuators the base has."""
        return int(self._call("the number of actuators", lambda o: self._base.GetActuatorCount(options=o)).count)

    def take_servoing(self) -> None:
        """Puts the base into single-level servoing, and checks that it is."""
        wanted = self._vendor.single_level_servoing()
        self._call("the servoing mode", lambda o: self._base.SetServoingMode(wanted, options=o))
        mode = self._call("the servoing mode", lambda o: self._base.GetServoingMode(options=o)).servoing_mode
        if mode != wanted.servoing_mode:
            raise Refused(f"The arm is in servoing mode {mode} and does not take {wanted.servoing_mode} (single-level servoing).")

    def hard_limits(self) -> tuple[list[float], list[float]]:
        """Returns the joints' hard limits of speed [deg/s] and of acceleration [deg/s^2]."""
        limits = self._call("the kinematic limits", lambda o: self._config.GetKinematicHardLimits(options=o))
        return numbers(limits.joint_speed_limits), numbers(limits.joint_acceleration_limits)

    def protection_zones(self) -> Message:
        """Returns the vendor's list of protection zones."""
        return self._call("the protection zones", lambda o: self._base.ReadAllProtectionZones(options=o))

    def _call(
        self,
        what: str,
        step: Callable[[object], T],
        timeout: float | None = None,
        fine: frozenset[int] = frozenset(),
    ) -> T:
        timeout = timeout or self._patience
        try:
            return step(self._vendor.options(timeout))
        except HardwareFault:
            raise
        except self._vendor.call_errors() as error:
            code = self._vendor.refusal(error)
            if code is not None and code in fine:
                return None  # type: ignore[return-value]  # only stops have fine refusals, and they return nothing
            if code == INVALID_SESSION:
                raise ConnectionLost(f"The base has ended the session for commands: {refusal_words(code)}.") from error
            if code is not None:
                raise Refused(f"The base refused {what}: {refusal_words(code)}.") from error
            reason = str(error) or "no answer"
            raise ConnectionLost(f"The base did not answer {what} within {timeout * 1000.0:.0f} ms ({reason}).") from error
