"""The emulated base: modes, faults, who is in control, motion that goes on until somebody stops it. Time is an argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jaco_core.types import Vector
from jaco_core.units import seconds_to_ns
from jaco_driver.emulator.arm import STEP_S, EmulatedArm
from jaco_driver.emulator.faults import FaultBanks
from jaco_driver.emulator.gripper import EmulatedGripper
from jaco_driver.emulator.refusal import Refusal
from jaco_driver.emulator.troubles import Troubles
from jaco_driver.emulator.zones import ProtectionZone
from jaco_driver.kortex_wire import functions
from jaco_driver.kortex_wire.codes import ArmState, BaseFault, OperatingMode, SafetyStatus, ServoingMode, SubError
from jaco_driver.kortex_wire.schema import message

STEP_NS = seconds_to_ns(STEP_S)
# After a longer pause of this process the rest of it is skipped: nobody has seen the arm meanwhile.
_LONGEST_CATCH_UP_NS = 2_000_000_000

Event = Callable[[int, Any], None]
"""Is told of a topic (the unique number of its function) and of the notification that goes to those who subscribed to it."""


class Base:
    """One base with its arm and gripper. All calls come from one thread."""

    def __init__(self, arm: EmulatedArm, troubles: Troubles, now_ns: int) -> None:
        self.arm = arm
        self.gripper = EmulatedGripper(arm.closed)
        self.faults = FaultBanks([0] * arm.count, self._on_fault)
        self.servoing_mode = int(ServoingMode.SINGLE_LEVEL)
        self.operating_mode = int(OperatingMode.RUN)
        self.holder = 0
        """The session whose motion goes on; 0: none."""
        self.zones: tuple[ProtectionZone, ...] = ()
        self.event: Event = lambda topic, notification: None
        self.stands_since_ns: int | None = now_ns
        """Since when the arm stands; None while it moves."""
        self._time_ns = now_ns
        self._emergency_stops = 0
        self.troubles = troubles
        self.set_troubles(troubles)
        self._shown = self.state

    # What the base is.
    @property
    def actuator_count(self) -> int:
        """How many actuators the base says it has."""
        return self.troubles.actuator_count or self.arm.count

    @property
    def state(self) -> ArmState:
        """What the arm is doing, as the base reports it."""
        if self.faults:
            return ArmState.IN_FAULT
        if self.operating_mode == OperatingMode.MAINTENANCE:
            return ArmState.MAINTENANCE
        if self.servoing_mode == ServoingMode.LOW_LEVEL:
            return ArmState.SERVOING_LOW_LEVEL
        return ArmState.MANUALLY_CONTROLLED if self.holder else ArmState.SERVOING_READY

    def timestamp(self) -> Any:
        """Returns the base's time as a message."""
        return message("Timestamp", sec=self._time_ns // 1_000_000_000, usec=self._time_ns % 1_000_000_000 // 1000)

    def advance(self, now_ns: int) -> None:
        """Lets the arm move on to `now_ns`."""
        self._time_ns = max(self._time_ns, now_ns - _LONGEST_CATCH_UP_NS)
        while self._time_ns + STEP_NS <= now_ns:
            self._time_ns += STEP_NS
            self.arm.step()
            self.gripper.step(STEP_S)
            self.arm.hold_gripper(self.gripper.position, self.gripper.velocity)
            if not self.arm.standing:
                self.stands_since_ns = None
            elif self.stands_since_ns is None:
                self.stands_since_ns = self._time_ns

    # What a client asks.
    def set_servoing_mode(self, mode: int) -> None:
        """Chooses who closes the loop; ends any motion. Raises Refusal when it cannot be chosen."""
        self._check_faults()
        if mode not in tuple(ServoingMode):
            raise Refusal(SubError.INVALID_PARAM, f"There is no servoing mode {mode}.")
        if not self.troubles.wrong_mode and mode != self.servoing_mode:
            self._rest()
            self.servoing_mode = mode
            self.event(
                functions.SERVOING_MODE_TOPIC.uid,
                message("ServoingModeNotification", servoing_mode=mode, timestamp=self.timestamp()),
            )
        self.report()

    def move(self, session: int, speeds: Sequence[tuple[int, float]]) -> None:
        """Moves the joints at `speeds`, (joint, deg/s) for each, until somebody stops them. Raises Refusal."""
        self._check_control(session)
        if len(speeds) != self.actuator_count:
            text = f"Speeds for {len(speeds)} actuators were given, the arm has {self.actuator_count}."
            raise Refusal(SubError.CONTROL_ACTUATOR_COUNT_MISMATCH, text)
        if sorted(joint for joint, _ in speeds) != list(range(self.actuator_count)):
            raise Refusal(SubError.INVALID_PARAM, f"The joints are {[joint for joint, _ in speeds]}, each must be there once.")
        goal: Vector = np.zeros(max(self.arm.count, self.actuator_count))
        for joint, speed in speeds:
            goal[joint] = np.deg2rad(speed)
        if not np.isfinite(goal).all():
            raise Refusal(SubError.CONTROL_INVALID_SPEED, "A speed is not finite.")
        self.arm.move(goal[: self.arm.count])
        self.holder = session
        self.report()

    def grip(self, session: int, mode: int, value: float) -> None:
        """Moves the gripper. Raises Refusal."""
        self._check_control(session)
        if not self.gripper.command(mode, value):
            raise Refusal(SubError.INVALID_PARAM, f"The gripper takes no value {value} in mode {mode}.")

    def stop(self) -> None:
        """Ends every motion, whoever began it. Raises Refusal when there is none."""
        moving = self.holder or not self.arm.standing
        if self.troubles.deaf_stop:
            return
        self._rest()
        self.report()
        if not moving:
            raise Refusal(SubError.ROBOT_NOT_MOVING, "The robot is not moving.")

    def emergency_stop(self) -> None:
        """Ends every motion and faults, as a client's ApplyEmergencyStop does."""
        self._emergency_stops += 1
        if self.troubles.deaf_emergency_stop and self._emergency_stops % 2:
            return
        self.fault(BaseFault.EMERGENCY_STOP_ACTIVATED)

    def clear_faults(self) -> None:
        """Clears what can be cleared. Raises Refusal while the emergency stop is pressed."""
        if self.troubles.emergency_stop:
            raise Refusal(SubError.ROBOT_IN_EMERGENCY_STOP, "The emergency stop is pressed.")
        self.faults.clear()
        self.report()

    # What happens to it.
    def place(self, position: Vector) -> None:
        """Puts the joints to `position` [rad], shape (n,), at rest."""
        self.arm.place(position)
        self.gripper.stop()
        self.gripper.position = self.arm.closed

    def fault(self, bit: int, actuator: int = -1, lasts: bool = False) -> None:
        """Faults: every motion ends. `actuator`: whose fault it is, -1 for the base's; `lasts`: it cannot be cleared."""
        self.faults.set(bit, actuator, lasts)
        self._rest()
        self.report()

    def release(self, session: int) -> None:
        """Ends the motion of `session`, which has fallen silent or is over."""
        if self.holder == session:
            self._rest()
            self.report()

    def set_troubles(self, troubles: Troubles) -> None:
        """Switches troubles on and off."""
        before, self.troubles = self.troubles, troubles
        if troubles.wrong_mode and self.servoing_mode != ServoingMode.LOW_LEVEL:
            self._rest()
            self.servoing_mode = int(ServoingMode.LOW_LEVEL)
        if troubles.rival_session and not before.rival_session:
            self._rest()
        if troubles.emergency_stop and not (before.emergency_stop and self.faults):
            self.faults.set(BaseFault.EMERGENCY_STOP_ACTIVATED)
            self._rest()

    def lose_power(self) -> None:
        """Brakes, and forgets everything but where the arm is."""
        self._rest()
        self.faults.base = 0
        self.faults.actuators[:] = [0] * len(self.faults.actuators)
        self.servoing_mode = int(ServoingMode.SINGLE_LEVEL)

    def report(self) -> None:
        """Tells those who subscribed when the arm's state has changed."""
        state = self.state
        if state != self._shown:
            self._shown = state
            self.event(functions.ARM_STATE_TOPIC.uid, self.state_notification())

    def state_notification(self) -> Any:
        """Returns the arm's state as those who subscribed to it are told."""
        return message("ArmStateNotification", active_state=self.state, timestamp=self.timestamp())

    def _on_fault(self, bit: int, status: SafetyStatus) -> None:
        handle = message("SafetyHandle", identifier=bit)
        notification = message("SafetyNotification", safety_handle=handle, value=status, timestamp=self.timestamp())
        self.event(functions.SAFETY_TOPIC.uid, notification)

    def _rest(self) -> None:
        self.arm.brake()
        self.gripper.stop()
        self.holder = 0

    def _check_faults(self) -> None:
        if self.troubles.emergency_stop or self.faults.base & BaseFault.EMERGENCY_STOP_ACTIVATED:
            raise Refusal(SubError.ROBOT_IN_EMERGENCY_STOP, "The robot is in emergency stop.")
        if self.faults:
            raise Refusal(SubError.ROBOT_IN_FAULT, "The robot is in fault.")

    def _check_control(self, session: int) -> None:
        self._check_faults()
        if self.servoing_mode != ServoingMode.SINGLE_LEVEL:
            raise Refusal(SubError.WRONG_SERVOING_MODE, f"The servoing mode is {self.servoing_mode}, not single-level.")
        if self.troubles.rival_session:
            raise Refusal(SubError.SESSION_NOT_IN_CONTROL, "Another session is in control.")
        if self.holder not in (0, session):
            raise Refusal(SubError.SESSION_NOT_IN_CONTROL, f"Session {self.holder} is in control.")
