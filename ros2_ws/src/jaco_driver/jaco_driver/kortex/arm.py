"""A Kortex arm behind the port. What the port's caller does here is put things into mailboxes and read what has arrived."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError, HardwareFault
from jaco_core.kinematics import Kinematics
from jaco_core.types import JointSample, Vector, frozen_vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.kortex.calls import Calls, Refused
from jaco_driver.kortex.commander import Commander
from jaco_driver.kortex.connection import Connection
from jaco_driver.kortex.faults import STATES_READY, state_words
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.gate import Gate
from jaco_driver.kortex.heartbeat import Heartbeat
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.keeper import Keeper
from jaco_driver.kortex.limits import stricter_speeds
from jaco_driver.kortex.listener import Listener
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.mailbox import Mailbox
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.kortex.stopper import Stopper
from jaco_driver.kortex.vendor import Vendor
from jaco_driver.kortex.zones import ZoneGuard, read_zones
from jaco_driver.port import ArmInFault, ConnectionLost, NotActive, PortClosed

_WAIT = 1.0
_POLL = 0.005
_MOST_NEWS = 50
_UNWATCHED = "The process that watches the driver's heartbeat is gone; restart the driver."
_one_arm = threading.Lock()


class Phase(Enum):
    """Where the port stands."""

    CLOSED = "closed"
    INACTIVE = "inactive"
    ACTIVE = "active"
    LOST = "lost"


class KortexArm:
    """The port. What the base does arrives on the threads' callbacks, which only change `_phase` and ask for a stop.

    Only one per process may be configured at a time: the vendor's client keeps state that arms would share.
    """

    def __init__(self, arm: Arm, settings: KortexSettings, vendor: Vendor | None = None) -> None:
        """`vendor`: what stands in for kortex_api; it is imported when None.

        Raises:
            ContractError: this cannot be a Kortex arm.
        """
        self._arm = arm
        self._settings = settings
        self._vendor = vendor
        self._joints = JointMap(arm)
        self._lock = threading.RLock()
        self._phase = Phase.CLOSED
        self._reason: HardwareFault | None = None
        self._connection: Connection | None = None
        self._gate = Gate()
        self._mailbox: Mailbox[Vector] = Mailbox()
        self._news: deque[str] = deque(maxlen=_MOST_NEWS)
        self._sample: tuple[Feedback, JointSample] | None = None

    # The port.
    def configure(self) -> None:
        if self._phase is not Phase.CLOSED:
            return
        self._vendor = self._vendor or load_vendor()
        if not _one_arm.acquire(blocking=False):
            raise ConfigError("This process drives a Kortex arm already; start another driver for the second one.")
        try:
            connection = self._connect(self._vendor)
            try:
                self._read_limits(connection.calls)
            except Exception:
                connection.close()
                raise
            self._connection = connection
            self._start_threads()
        except Exception:
            _one_arm.release()
            raise
        self._phase = Phase.INACTIVE
        try:
            self._wait_for(lambda: self._listener.newest is not None, ConnectionLost("The base sends no feedback over UDP."))
        except HardwareFault:
            self.close()
            raise

    def activate(self, now_ns: int) -> None:
        self._check_open()
        self._check_lost()
        if not self._heartbeat.watched:
            raise ArmInFault(_UNWATCHED)
        feedback = self._fresh()
        if feedback.fault:
            raise ArmInFault(feedback.fault)
        if feedback.state not in STATES_READY:
            raise ArmInFault(f"The arm is {state_words(feedback.state)}, it must be ready; see Kinova's web application.")
        if self._phase is Phase.ACTIVE:
            self.stop(now_ns)
        if not self._stopper.wait(_WAIT):
            raise ArmInFault("The arm does not come to rest, so it is not activated.")
        self._check_lost()
        calls = self._calls()
        if calls is None:
            raise ConnectionLost("The connection to the arm is being made.")
        self._wait_for(lambda: self._fresh().at_rest, ArmInFault("The arm moves although nobody here moves it; stop it first."))
        try:
            calls.take_servoing()
            calls.speeds([0.0] * self._joints.count)
        except ConnectionLost as error:
            self._on_lost(error)
            raise
        with self._lock:
            self._check_lost()
            self._reason = None
            self._mailbox.take()
            self._phase = Phase.ACTIVE
            self._gate.open()

    def state(self, now_ns: int) -> JointSample:
        self._check_open()
        self._check_lost()
        feedback = self._fresh()
        if self._sample is None or self._sample[0] is not feedback:
            age_ns = time.monotonic_ns() - feedback.steady_ns
            sample = JointSample(now_ns - age_ns, self._arm.joint_names, feedback.position, feedback.velocity, feedback.effort)
            self._sample = (feedback, sample)
        return self._sample[1]

    def send(self, velocity: Vector, now_ns: int) -> Vector:
        if len(velocity) != len(self._arm) or not np.isfinite(velocity).all():
            raise ContractError(f"The arm takes {len(self._arm)} finite velocities, got {np.asarray(velocity).tolist()}.")
        self._check_open()
        with self._lock:
            self._check_lost()
            if self._phase is not Phase.ACTIVE:
                raise self._reason or NotActive("The arm is not active: activate it before sending velocities.")
            feedback = self._fresh()
            applied = np.clip(velocity, -self._limits, self._limits)
            applied = frozen_vector(applied * self._zones.scale(feedback.position, applied))
            self._mailbox.put(applied, time.monotonic_ns())
        return applied

    def stop(self, now_ns: int) -> None:
        if self._phase is Phase.CLOSED:
            return
        with self._lock:
            self._rest()
            self._check_lost()
        self._stopper.request()

    def clear_faults(self) -> None:
        self._check_open()
        self.stop(0)
        calls = self._calls()
        if calls is None:
            raise ConnectionLost("The connection to the arm is being made.")
        try:
            calls.clear_faults()
        except ConnectionLost as error:
            self._on_lost(error)
            raise
        since_ns = time.monotonic_ns()

        def cleared() -> bool:
            feedback = self._fresh()
            return feedback.steady_ns > since_ns and not feedback.fault

        self._wait_for(cleared, None)
        feedback = self._fresh()
        if feedback.fault:
            raise ArmInFault(feedback.fault)
        with self._lock:
            self._reason = None

    def close(self) -> None:
        if self._phase is Phase.CLOSED:
            return
        if self._phase is not Phase.LOST:
            with self._lock:
                self._rest()
            self._stopper.request()
            self._stopper.wait(_WAIT)
        self._phase = Phase.CLOSED
        threads = (self._keeper, self._commander, self._listener, self._stopper)
        for thread in threads:
            thread.end()
        for thread in threads:
            thread.join(2.0 * _WAIT)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._heartbeat.end()
        _one_arm.release()

    # What the driver and its measurements may know beyond the port.
    @property
    def is_open(self) -> bool:
        """Whether it is configured."""
        return self._phase is not Phase.CLOSED

    def news(self) -> list[str]:
        """Returns, once, sentences on what happened that is no fault: reconnection, errors on the vendor's threads."""
        if self._connection is not None:
            self._news.extend(self._connection.notes())
        found = []
        while self._news:
            found.append(self._news.popleft())
        return found

    def force(self) -> Vector | None:
        """Returns the force from outside on the tool [N], shape (3,), in the base frame; None while it is not known."""
        feedback = self._listener.newest if self._phase is not Phase.CLOSED else None
        return None if feedback is None else feedback.force

    def pace(self) -> list[tuple[int, int]]:
        """Returns when the last speed commands went out and how old they were then, both in steady ns."""
        return list(self._commander.pace)

    # Making and losing the connection.
    def _connect(self, vendor: Vendor) -> Connection:
        connection = Connection(vendor, self._settings, self._joints, self._gate)
        connection.open()
        return connection

    def _read_limits(self, calls: Calls) -> None:
        self._limits = stricter_speeds(self._arm, self._joints.count, calls.hard_speed_limits())
        zones = read_zones(calls.protection_zones())
        self._zones = ZoneGuard(Kinematics(self._arm) if zones else None, zones)
        if zones:
            self._news.append(f"Protection zones of the base that are obeyed: {', '.join(zone.name for zone in zones)}.")

    def _start_threads(self) -> None:
        self._heartbeat = Heartbeat(self._settings.heartbeat_timeout)
        self._keeper = Keeper(self._settings, self._reconnect, self._news.append)
        self._listener = Listener(self._settings, lambda: self._connection, self._on_lost, self._on_fault, self._watch)
        self._stopper = Stopper(
            self._settings, self._calls, lambda: self._listener.newest, self._on_severed, self._joints.has_gripper
        )
        self._commander = Commander(
            self._settings, self._joints, self._gate, self._mailbox, self._calls, self._on_failed_command, self._on_beat
        )
        for thread in (self._keeper, self._stopper, self._commander, self._listener):
            thread.start()

    def _reconnect(self) -> None:
        """Makes a new connection and stops the arm over it; the port stays inactive. Raises JacoError."""
        assert self._vendor is not None
        connection = self._connect(self._vendor)
        try:
            connection.calls.stop(self._settings.call_timeout)
            self._read_limits(connection.calls)
            connection.refresh(time.monotonic_ns(), self._settings.call_timeout)
        except Exception:
            connection.sever()
            raise
        with self._lock:
            if self._phase is not Phase.LOST:
                connection.sever()
                return
            self._connection = connection
        try:
            self._wait_for(lambda: self._listener.newest is not None, ConnectionLost("The base sends no feedback over UDP."))
        except ConnectionLost:
            self._connection = None
            connection.sever()
            raise
        with self._lock:
            self._phase, self._reason = Phase.INACTIVE, None
        self._news.append(f"Connected to the arm at {self._settings.address} again; it stays stopped.")

    # What the threads report. None of these waits.
    def _on_beat(self, armed: bool) -> None:
        if not self._heartbeat.beat(armed) and armed:
            self._on_fault(_UNWATCHED)

    def _watch(self) -> None:
        """The feedback's thread watches the commands': the sentinel kills the whole driver, but only later."""
        silence = ns_to_seconds(time.monotonic_ns() - self._commander.beaten_ns)
        if self._phase is Phase.ACTIVE and silence > self._settings.call_timeout + self._settings.command_timeout:
            self._on_fault(f"The thread that commands the arm hangs for {silence:.2f} s; restart the driver if it does so again.")

    def _on_failed_command(self, error: HardwareFault) -> None:
        if isinstance(error, Refused):
            self._on_fault(str(error))
        else:
            self._on_lost(error)

    def _on_fault(self, why: str) -> None:
        with self._lock:
            if self._phase is not Phase.ACTIVE:
                return
            self._rest()
            self._reason = ArmInFault(why)
        self._stopper.request()

    def _on_lost(self, error: HardwareFault) -> None:
        with self._lock:
            if self._phase in (Phase.CLOSED, Phase.LOST):
                return
            self._rest()
            self._phase = Phase.LOST
            self._reason = ConnectionLost(f"{error} The connection is given up and made again; the arm stays stopped.")
        self._stopper.request(lost=str(error))

    def _on_severed(self, why: str) -> None:
        with self._lock:
            self._rest()
            if self._phase is not Phase.CLOSED:
                self._phase = Phase.LOST
                self._reason = self._reason if isinstance(self._reason, ConnectionLost) else ConnectionLost(why)
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.sever()
        self._keeper.lost()

    def _rest(self) -> None:
        self._gate.shut()
        self._mailbox.take()
        if self._phase is Phase.ACTIVE:
            self._phase = Phase.INACTIVE

    # Checks.
    def _calls(self) -> Calls | None:
        connection = self._connection
        return None if connection is None else connection.calls

    def _check_open(self) -> None:
        if self._phase is Phase.CLOSED:
            raise PortClosed("The arm is not connected: configure it first.")

    def _check_lost(self) -> None:
        if self._phase is Phase.LOST:
            raise self._reason or ConnectionLost("The connection to the arm is lost.")

    def _fresh(self) -> Feedback:
        """Returns the newest feedback. Raises ConnectionLost: it is too old."""
        feedback = self._listener.newest
        if feedback is None:
            raise ConnectionLost("There is no feedback from the arm yet.")
        age_ns = time.monotonic_ns() - feedback.steady_ns
        if age_ns > 2 * seconds_to_ns(self._settings.feedback_timeout):
            raise ConnectionLost(f"The last feedback is {ns_to_seconds(age_ns):.2f} s old.")
        return feedback

    def _wait_for(self, condition: Callable[[], bool], otherwise: HardwareFault | None) -> None:
        """Waits a bounded time; then raises `otherwise`, if it is not None. Raises what `condition` raises."""
        deadline = time.monotonic() + _WAIT
        while not condition():
            if time.monotonic() > deadline:
                if otherwise is not None:
                    raise otherwise
                return
            time.sleep(_POLL)  # the poll interval of this bounded wait
