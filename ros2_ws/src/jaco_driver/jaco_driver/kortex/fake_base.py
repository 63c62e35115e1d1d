"""A Kortex base that is not there: it moves in real time and springs the traps of the real one on demand (see fake_client.py)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from jaco_core.models.robotiq_2f_85 import FULL_SPEED
from jaco_core.ramp import ramp_velocity
from jaco_core.types import Vector
from jaco_driver.kortex.feedback import REST_SPEED

if TYPE_CHECKING:
    from jaco_driver.kortex.fake_client import FakeSession, FakeTransport

_READY, _IN_FAULT = 7, 4
_EMERGENCY_BIT, _JOINT_FAULT_BIT = 1 << 23, 1 << 4
_DECELERATION = 300.0  # [deg/s^2]


class ServerError(Exception):
    """The base refuses, with a sub-error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused, code {code}")
        self.code = code


class FakeBase:
    """The base itself. Attributes are set by tests at any time; `events` tells what arrived, in order."""

    def __init__(self, count: int = 7, *, hard_limits: float = 80.0) -> None:
        self.count = count
        self.hard_limits = [hard_limits] * count
        self.accelerations = [_DECELERATION] * count
        self.password = "admin"
        self.zones: list[Any] = []
        self.hung = False
        self.unreachable = False
        self.drop_feedback = False
        self.dropping = False
        self.ignores_stop = False
        self.refuse_speeds: int | None = None
        self.late: float = 0.0
        self.garbles = False
        """What arrives is not what the client can read, and it raises something that it does not announce."""
        self.not_a_number = False
        """An angle in the feedback is NaN."""
        self.freezes = False
        """The feedback tells for ever what it told when this began."""
        self.force: Vector = np.zeros(3)
        """On the tool, from outside [N]."""
        self._told: Any = None
        self.stuck_fault = False
        self.state = _READY
        self.fault_bank = 0
        self.gripper = 0.0
        self.events: list[str] = []
        self.transports: list[FakeTransport] = []
        self.sessions: list[FakeSession] = []
        self.position: Vector = np.zeros(count)
        self.velocity: Vector = np.zeros(count)
        self._goal: Vector = np.zeros(count)
        self._pushed: Vector = np.zeros(count)
        self._gripper_speed = 0.0
        self._time = time.monotonic()
        self.lock = threading.RLock()

    # What tests do to it.
    def fault(self, bank: int = _JOINT_FAULT_BIT) -> None:
        """The arm faults and brakes."""
        with self.lock:
            self.advance()
            self.state, self.fault_bank = _IN_FAULT, bank
            self._goal, self._gripper_speed = np.zeros(self.count), 0.0

    def emergency_stop(self) -> None:
        """Somebody presses the button."""
        self.fault(_EMERGENCY_BIT)

    def notify(self) -> None:
        """A notification arrives for a subscription that nobody has: the vendor's router raises on it."""
        for transport in list(self.transports):
            transport.deliver(b"notification")

    def drop_next_feedback(self) -> None:
        """One datagram gets lost."""
        self.dropping = True

    def push(self, speed: float) -> None:
        """Somebody else moves every joint at `speed` [deg/s]; no session's silence ends that."""
        with self.lock:
            self.advance()
            self._pushed = np.full(self.count, speed)

    def moving(self) -> bool:
        """Whether any joint moves faster than what the driver takes for rest."""
        with self.lock:
            self.advance()
            return bool(np.any(np.abs(np.radians(self.velocity)) >= REST_SPEED))

    # What happens inside.
    def advance(self) -> None:
        """Brings the arm up to now: towards its goal, and to rest once no command session is heard for its time-out."""
        now = time.monotonic()
        while self._time < now:
            step = min(0.005, now - self._time)
            if not any(session.alive_at(self._time) for session in self.sessions):
                self._goal = np.zeros(self.count)
            acceleration = np.full(self.count, _DECELERATION)
            self.velocity = ramp_velocity(self.velocity, self._goal + self._pushed, acceleration, step)
            self.position = self.position + self.velocity * step
            self.gripper = float(np.clip(self.gripper - self._gripper_speed * FULL_SPEED * step, 0.0, 1.0))
            self._time += step

    def handle(self, name: str, argument: Any) -> Any:
        """Executes one call and returns its answer."""
        with self.lock:
            self.advance()
            if name != "RefreshFeedback":
                self.events.append(name)
            method: Callable[[Any], Any] = getattr(self, f"_{name}")
            return method(argument)

    def _check_fault(self) -> None:
        if self.state == _IN_FAULT:
            raise ServerError(25 if self.fault_bank & _EMERGENCY_BIT else 22)

    def _SendJointSpeedsCommand(self, speeds: Sequence[float]) -> None:  # noqa: N802 - the vendor's name
        self._check_fault()
        if self.refuse_speeds is not None:
            raise ServerError(self.refuse_speeds)
        if len(speeds) != self.count:
            raise ServerError(57)
        self._goal = np.array(speeds)

    def _SendGripperCommand(self, value: float) -> None:  # noqa: N802 - the vendor's name
        self._check_fault()
        self._gripper_speed = value

    def _Stop(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        if not self.ignores_stop:
            self._goal = np.zeros(self.count)
            if not np.any(self.velocity):
                raise ServerError(19)

    def _ApplyEmergencyStop(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        self.emergency_stop()

    def _ClearFaults(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        if not self.stuck_fault:
            self.state, self.fault_bank = _READY, 0

    def _GetArmState(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(active_state=self.state)

    def _GetActuatorCount(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(count=self.count)

    def _SetServoingMode(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        self._check_fault()

    def _GetServoingMode(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(servoing_mode=2)

    def _ReadAllProtectionZones(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(protection_zones=self.zones)

    def _GetKinematicHardLimits(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        return SimpleNamespace(joint_speed_limits=self.hard_limits, joint_acceleration_limits=self.accelerations)

    def _CreateSession(self, info: Any) -> None:  # noqa: N802 - the vendor's name
        if info.password != self.password:
            raise ServerError(15)

    def _CloseSession(self, _: Any) -> None:  # noqa: N802 - the vendor's name
        self._goal = np.zeros(self.count)

    def _RefreshFeedback(self, _: Any) -> Any:  # noqa: N802 - the vendor's name
        if not (self.freezes and self._told is not None):
            self._told = self._feedback()
        return self._told

    def _feedback(self) -> Any:
        actuators = [
            SimpleNamespace(position=p % 360.0, velocity=v, torque=0.0, fault_bank_a=0, fault_bank_b=0)
            for p, v in zip(self.position, self.velocity, strict=True)
        ]
        if self.not_a_number:
            actuators[0].position = float("nan")
        wrench = {f"tool_external_wrench_force_{axis}": value for axis, value in zip("xyz", self.force, strict=True)}
        wrench |= {f"tool_external_wrench_torque_{axis}": 0.0 for axis in "xyz"}
        base = SimpleNamespace(active_state=self.state, fault_bank_a=self.fault_bank, fault_bank_b=0, **wrench)
        motor = SimpleNamespace(position=100.0 * self.gripper, velocity=-100.0 * FULL_SPEED * self._gripper_speed)
        gripper = SimpleNamespace(gripper_feedback=SimpleNamespace(motor=[motor]))
        return SimpleNamespace(actuators=actuators, base=base, interconnect=gripper)
