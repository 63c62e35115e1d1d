"""An arm that is not there: it integrates what it is sent, brakes like the real one, and fails on demand."""

from __future__ import annotations

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError
from jaco_core.ramp import ramp_velocity
from jaco_core.types import JointSample, Vector, frozen_vector
from jaco_core.units import ns_to_seconds
from jaco_driver.port import ArmInFault, ConnectionLost, NotActive, PortClosed

# [ns] Longest step of the integration.
_STEP_NS = 2_000_000


class FakeArm:
    """A kinematic arm behind the port. Faults and latency are set from outside, at any time."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._position: Vector = np.array(arm.home)
        self._velocity: Vector = np.zeros(len(arm))
        self._goal: Vector = np.zeros(len(arm))
        self._pending: list[tuple[int, Vector]] = []
        self._latency_ns = 0
        self._time_ns: int | None = None
        self._open = False
        self._active = False
        self._fault = ""
        self._fault_lasts = False
        self._connected = True

    # What tests set.
    def inject_fault(self, what: str, lasts: bool = False) -> None:
        """The arm faults and brakes; `lasts`: its cause cannot be cleared."""
        self._fault, self._fault_lasts = what, lasts
        self._rest()

    def disconnect(self) -> None:
        """The arm does not answer any more, and goes on with the last velocity, as the real one does."""
        self._connected = False

    def reconnect(self) -> None:
        """The arm answers again."""
        self._connected = True

    def set_latency(self, seconds: float) -> None:
        """Velocities take effect `seconds` [s] after they are sent."""
        self._latency_ns = round(seconds * 1e9)

    # The port.
    def configure(self) -> None:
        self._check_connection()
        self._open = True

    def activate(self, now_ns: int) -> None:
        self._check_open()
        self._check_fault()
        self._advance(now_ns)
        self._rest()
        self._active = True

    def state(self, now_ns: int) -> JointSample:
        self._check_open()
        self._advance(now_ns)
        # Without efforts: it has no mass, and a supervisor would take zero torque in motion for a push from outside.
        return JointSample(now_ns, self._arm.joint_names, self._position, self._velocity)

    def send(self, velocity: Vector, now_ns: int) -> Vector:
        if len(velocity) != len(self._arm) or not np.isfinite(velocity).all():
            raise ContractError(f"The fake arm takes {len(self._arm)} finite velocities, got {np.asarray(velocity).tolist()}.")
        self._check_open()
        self._check_fault()
        if not self._active:
            raise NotActive("The fake arm is not active: activate it before sending velocities.")
        self._advance(now_ns)
        applied = frozen_vector(np.clip(velocity, -self._arm.max_velocity, self._arm.max_velocity))
        self._pending.append((now_ns + self._latency_ns, applied))
        return applied

    def stop(self, now_ns: int) -> None:
        self._active = False
        if self._open:
            self._check_connection()
            self._advance(now_ns)
        self._rest()

    def clear_faults(self) -> None:
        self._check_open()
        self._active = False
        if not self._fault_lasts:
            self._fault = ""
        self._check_fault()

    def close(self) -> None:
        self._open = self._active = False
        if self._connected:
            self._rest()

    def _rest(self) -> None:
        self._goal = np.zeros(len(self._arm))
        self._pending.clear()

    def _advance(self, now_ns: int) -> None:
        """Moves the arm on to `now_ns`: towards the velocity that is in effect, at its acceleration, up to its joint limits."""
        time_ns = self._time_ns if self._time_ns is not None else now_ns
        while time_ns < now_ns:
            while self._pending and self._pending[0][0] <= time_ns:
                self._goal = self._pending.pop(0)[1]
            until_ns = min(now_ns, time_ns + _STEP_NS)
            seconds = ns_to_seconds(until_ns - time_ns)
            self._velocity = ramp_velocity(self._velocity, self._goal, self._arm.max_acceleration, seconds)
            free = self._position + self._velocity * seconds
            self._position = np.clip(free, self._arm.lower, self._arm.upper)
            self._velocity = np.where(self._position == free, self._velocity, 0.0)
            time_ns = until_ns
        self._time_ns = max(time_ns, now_ns)

    def _check_open(self) -> None:
        if not self._open:
            raise PortClosed("The fake arm is not connected: configure it first.")
        self._check_connection()

    def _check_connection(self) -> None:
        if not self._connected:
            raise ConnectionLost("The fake arm does not answer: its connection was cut by a test.")

    def _check_fault(self) -> None:
        if self._fault:
            raise ArmInFault(f"The fake arm is in fault: {self._fault}; clear its faults first.")
