"""What arms behind other people's ROS drivers have in common: feedback that must be fresh, faults that stay, rest first."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ContractError, JacoError
from jaco_core.types import JointSample, Vector, WrenchSample, frozen_vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.feedback import JointFeedback, Measured
from jaco_driver.following import FollowingCheck
from jaco_driver.port import ArmInFault, ConnectionLost, NotActive, PortClosed

# A wrench that is told must be no older than this [s].
_WRENCH_AGE_NS = seconds_to_ns(0.3)


class Link(Protocol):
    """The connection: endpoints exist from its making to `close`."""

    def joints(self) -> Sequence[JointSample]:
        """Returns the joint states that have arrived, oldest first."""

    @property
    def feels(self) -> bool:
        """Whether a topic tells what pushes the tool from outside."""

    def wrenches(self) -> Sequence[WrenchSample]:
        """Returns what has arrived on that topic, oldest first."""

    def readers(self) -> int:
        """Returns how many nodes take commands."""

    def trouble(self) -> str:
        """Returns the fault that the arm's topics report, as a clause, or ""."""

    def wait(self, predicate: Callable[[], bool], timeout: float, what: str) -> None:
        """Waits until `predicate()`. Raises ConnectionLost after `timeout` [s]."""

    def close(self) -> None:
        """Gives everything back."""


class TopicArm(ABC):
    """An ArmPort by topics. Freshness is judged on `clock`, a steady one [ns]; `now_ns` only stamps what is returned."""

    def __init__(
        self, arm: Arm, feedback: JointFeedback, connect_timeout: float, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """`connect_timeout`: longest wait for the arm's driver in `configure` [s]."""
        self._arm, self._feedback, self.connect_timeout, self._clock = arm, feedback, connect_timeout, clock
        self._following = FollowingCheck(arm)
        self._open_link: Link | None = None
        self._wrench: WrenchSample | None = None
        self._wrench_ns = 0
        self._active = False
        self._fault = ""

    # What a backend adds.
    @abstractmethod
    def connect(self) -> Link:
        """Returns a new link whose device has been compared with the arm. Raises ConnectionLost, ContractError, ConfigError."""

    @abstractmethod
    def begin(self, measured: Measured) -> None:
        """Readies the device for velocities, at rest. Raises ConnectionLost."""

    @abstractmethod
    def command(self, velocity: Vector, measured: Measured) -> Vector:
        """Sends `velocity` [rad/s], shape (n,), within the limits, and returns what of it the device will do, shape (n,)."""

    @abstractmethod
    def rest(self) -> None:
        """Tells the device to brake. Must not wait."""

    @abstractmethod
    def clear(self) -> None:
        """Asks the device to clear its faults. Raises ConnectionLost."""

    # The port.
    def configure(self) -> None:
        self.close()
        self._feedback.forget()
        self._wrench = None
        link = self.connect()
        self._open_link = link
        try:
            link.wait(
                lambda: self._poll(link) and self._feedback.spoken, self.connect_timeout, f"joint states of '{self._arm.name}'"
            )
            self._measured()
            if link.feels:
                link.wait(self._take_wrenches, self.connect_timeout, f"the wrench at the tool of '{self._arm.name}'")
        except JacoError:
            self.close()
            if self._feedback.complaint:
                raise ContractError(f"This is not arm '{self._arm.name}': {self._feedback.complaint}.") from None
            raise

    def activate(self, now_ns: int) -> None:
        measured = self._measured()
        self._check_fault()
        self._following.begin()
        self.begin(measured)
        self._active = True

    def state(self, now_ns: int) -> JointSample:
        measured = self._measured()
        if self._active and not self._fault:
            self._fault = self._following.measure(measured.position, self._clock())
            if self._fault:
                self.rest()
        return JointSample(now_ns, self._arm.joint_names, measured.position, measured.velocity, measured.effort)

    def send(self, velocity: Vector, now_ns: int) -> Vector:
        if len(velocity) != len(self._arm) or not np.isfinite(velocity).all():
            given = np.asarray(velocity).tolist()
            raise ContractError(f"Arm '{self._arm.name}' takes {len(self._arm)} finite velocities, got {given}.")
        measured = self._measured()
        self._check_fault()
        if not self._active:
            raise NotActive(f"Arm '{self._arm.name}' is not active: activate it before sending velocities.")
        applied = frozen_vector(self.command(np.clip(velocity, -self._arm.max_velocity, self._arm.max_velocity), measured))
        self._following.command(applied, self._clock())
        return applied

    def stop(self, now_ns: int) -> None:
        self._active = False
        if self._open_link is None:
            return
        self.rest()
        self._measured()

    def clear_faults(self) -> None:
        self._link()
        self._feedback.restart()
        self._measured()
        self._active = False
        self.clear()
        self._fault = ""
        self._check_fault()

    def close(self) -> None:
        self._active = False
        if self._open_link is not None:
            self.rest()
            self._open_link.close()
        self._open_link = None

    def wrench(self, now_ns: int) -> WrenchSample | None:
        """Returns what pushes the tool from outside; None where no topic tells it. Raises PortClosed, ConnectionLost."""
        if not self._link().feels:
            return None
        self._take_wrenches()
        age_ns, newest = self._clock() - self._wrench_ns, self._wrench
        if newest is None or age_ns > _WRENCH_AGE_NS:
            raise ConnectionLost(f"Arm '{self._arm.name}' has not told the wrench at its tool for {ns_to_seconds(age_ns):.2f} s.")
        if not (np.isfinite(newest.force).all() and np.isfinite(newest.torque).all()):
            raise ConnectionLost(f"Arm '{self._arm.name}' tells a wrench at its tool that is not finite.")
        return replace(newest, stamp_ns=now_ns)

    # What it notices between calls.
    def fault(self) -> str:
        """Returns why the arm was told to rest although nobody asked for it, "" when it was not."""
        return self._fault

    def news(self) -> list[str]:
        """Returns what else has happened; nothing that is worth a line."""
        return []

    def _link(self) -> Link:
        if self._open_link is None:
            raise PortClosed(f"Arm '{self._arm.name}' is not connected: configure it first.")
        return self._open_link

    def _poll(self, link: Link) -> bool:
        for sample in link.joints():
            self._feedback.take(sample, self._clock())
        return True

    def _take_wrenches(self) -> bool:
        """Takes in what has arrived; tells whether there has been a wrench."""
        for sample in self._link().wrenches():
            self._wrench, self._wrench_ns = sample, self._clock()
        return self._wrench is not None

    def _measured(self) -> Measured:
        """Returns what the arm measures. Raises PortClosed, ConnectionLost."""
        link = self._link()
        self._poll(link)
        measured = self._feedback.newest(self._clock())
        if not link.readers():
            raise ConnectionLost(f"Nobody takes the commands to arm '{self._arm.name}': its driver or its controller has ended.")
        return measured

    def _check_fault(self) -> None:
        """Raises ArmInFault when the arm reports a fault, or did; it rests then."""
        trouble = self._link().trouble()
        if trouble:
            self._fault = self._fault or f"Arm '{self._arm.name}' is in fault: {trouble}"
        if self._fault:
            self.rest()
            raise ArmInFault(f"{self._fault}; see to its cause, then clear its faults.")
