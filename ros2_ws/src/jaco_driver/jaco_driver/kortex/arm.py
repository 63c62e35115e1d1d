"""A Kortex arm behind the port. What the port's caller does here is put things into mailboxes and read what has arrived."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError, HardwareFault
from jaco_core.types import JointSample, Vector
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.kortex.calls import Calls, Refused
from jaco_driver.kortex.commander import Commander
from jaco_driver.kortex.connection import Connection
from jaco_driver.kortex.faults import STATES_READY, state_words
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.heartbeat import Heartbeat
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.keeper import Keeper
from jaco_driver.kortex.life import Life, Phase
from jaco_driver.kortex.limits import Limits
from jaco_driver.kortex.listener import Listener
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.kortex.stopper import Stopper
from jaco_driver.kortex.vendor import Vendor
from jaco_driver.pace import Pace, measure_pace
from jaco_driver.port import ArmInFault, ConnectionLost

_WAIT = 1.0
_POLL = 0.005
_MOST_NEWS = 50
_UNWATCHED = "The process that watches the driver's heartbeat is gone; restart the driver."
_one_arm = threading.Lock()


class KortexArm:
    """The port. What the base does arrives on the threads' callbacks, which only change its life and ask for a stop.

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
        self._life = Life()
        self._connection: Connection | None = None
        self._news: deque[str] = deque(maxlen=_MOST_NEWS)
        self._sample: tuple[Feedback, JointSample] | None = None

    # The port.
    def configure(self) -> None:
        if self.is_open:
            return
        self._vendor = self._vendor or load_vendor()
        if not _one_arm.acquire(blocking=False):
            raise ConfigError("This process drives a Kortex arm already; start another driver for the second one.")
        try:
            connection = self._connect(self._vendor)
            try:
                self._limits = self._read_limits(connection.calls)
            except Exception:
                connection.close()
                raise
            self._connection = connection
            self._start_threads()
        except Exception:
            _one_arm.release()
            raise
        self._life.open()
        try:
            self._wait_for(lambda: self._listener.newest is not None, ConnectionLost("The base sends no feedback over UDP."))
        except HardwareFault:
            self.close()
            raise

    def activate(self, now_ns: int) -> None:
        self._life.check_open()
        self._life.check_lost()
        if not self._heartbeat.watched:
            raise ArmInFault(_UNWATCHED)
        self._wait_for(lambda: self._age_ns() < seconds_to_ns(self._settings.feedback_timeout), None)
        feedback = self._fresh()
        if feedback.fault:
            raise ArmInFault(feedback.fault)
        if feedback.state not in STATES_READY:
            raise ArmInFault(f"The arm is {state_words(feedback.state)}, it must be ready; see Kinova's web application.")
        if self._life.phase is Phase.ACTIVE:
            self.stop(now_ns)
        if not self._stopper.wait(_WAIT):
            raise ArmInFault("The arm does not come to rest, so it is not activated.")
        calls = self._present_calls()
        self._wait_for(lambda: self._fresh().at_rest, ArmInFault("The arm moves although nobody here moves it; stop it first."))
        try:
            calls.take_servoing()
            calls.speeds([0.0] * self._joints.count)
        except ConnectionLost as error:
            self._on_failed_command(error, calls)
            raise
        self._commander.pace.clear()
        self._life.activate()

    def state(self, now_ns: int) -> JointSample:
        self._life.check_open()
        self._life.check_lost()
        feedback = self._fresh()
        if self._sample is None or self._sample[0] is not feedback:
            age_ns = time.monotonic_ns() - feedback.steady_ns
            sample = JointSample(now_ns - age_ns, self._arm.joint_names, feedback.position, feedback.velocity, feedback.effort)
            self._sample = (feedback, sample)
        return self._sample[1]

    def send(self, velocity: Vector, now_ns: int) -> Vector:
        if len(velocity) != len(self._arm) or not np.isfinite(velocity).all():
            raise ContractError(f"The arm takes {len(self._arm)} finite velocities, got {np.asarray(velocity).tolist()}.")
        self._life.check_open()
        with self._life.lock:
            self._life.check_active()
            applied = self._limits.apply(self._fresh().position, velocity)
            self._life.mailbox.put(applied, time.monotonic_ns())
        return applied

    def stop(self, now_ns: int) -> None:
        if not self.is_open:
            return
        if self._life.phase is Phase.ACTIVE:
            self._tell_pace()
        with self._life.lock:
            self._life.rest()
            self._life.check_lost()
        self._stopper.request()

    def clear_faults(self) -> None:
        self._life.check_open()
        self.stop(0)
        calls = self._present_calls()
        try:
            calls.clear_faults()
        except ConnectionLost as error:
            self._on_failed_command(error, calls)
            raise
        since_ns = time.monotonic_ns()

        def cleared() -> bool:
            feedback = self._fresh()
            return feedback.steady_ns > since_ns and not feedback.fault

        self._wait_for(cleared, None)
        feedback = self._fresh()
        if feedback.fault:
            raise ArmInFault(feedback.fault)
        self._life.forgive()

    def close(self) -> None:
        if not self.is_open:
            return
        self._life.rest()
        if self._life.phase is not Phase.LOST:
            self._stopper.request()
            self._stopper.wait(_WAIT)
        self._life.close()
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
        return self._life.phase is not Phase.CLOSED

    @property
    def sentinel_pid(self) -> int:
        """The process that watches this one; of an open port."""
        return self._heartbeat.pid

    def fault(self) -> str:
        """Returns why the arm was stopped although nobody asked for it, "" when it was not."""
        reason = self._life.reason
        return "" if reason is None else str(reason)

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
        feedback = self._listener.newest if self.is_open else None
        return None if feedback is None else feedback.force

    def pace(self) -> Pace | None:
        """Returns how regularly speed commands have gone out since activation; None before there are enough of them."""
        return measure_pace(list(self._commander.pace), self._settings.command_period) if self.is_open else None

    # Making and losing the connection.
    def _connect(self, vendor: Vendor) -> Connection:
        connection = Connection(vendor, self._settings, self._joints, self._life.gate)
        connection.open()
        return connection

    def _read_limits(self, calls: Calls) -> Limits:
        limits = Limits(self._arm, self._joints.count, calls)
        if limits.zone_names:
            self._news.append(f"Protection zones of the base that are obeyed: {', '.join(limits.zone_names)}.")
        return limits

    def _start_threads(self) -> None:
        self._heartbeat = Heartbeat(self._settings.heartbeat_timeout)
        self._keeper = Keeper(self._settings, self._reconnect, self._news.append)
        self._listener = Listener(
            self._settings,
            lambda: self._connection,
            self._on_failed_feedback,
            self._on_fault,
            self._watch,
            lambda: self._life.phase is Phase.ACTIVE,
        )
        self._stopper = Stopper(
            self._settings, self._calls, lambda: self._listener.newest, self._on_severed, self._joints.has_gripper
        )
        self._commander = Commander(
            self._settings, self._joints, self._life.gate, self._life.mailbox, self._calls, self._on_failed_command, self._on_beat
        )
        for thread in (self._keeper, self._stopper, self._commander, self._listener):
            thread.start()

    def _reconnect(self) -> None:
        """Makes a new connection and stops the arm over it; the port stays inactive. Raises JacoError."""
        assert self._vendor is not None
        connection = self._connect(self._vendor)
        try:
            connection.calls.stop(self._settings.call_timeout)
            limits = self._read_limits(connection.calls)
            connection.refresh(time.monotonic_ns(), self._settings.call_timeout)
        except Exception:
            connection.sever()
            raise
        with self._life.lock:
            if self._life.phase is not Phase.LOST:
                connection.sever()
                return
            self._connection, self._limits = connection, limits
        try:
            self._wait_for(lambda: self._listener.newest is not None, ConnectionLost("The base sends no feedback over UDP."))
        except ConnectionLost:
            self._connection = None
            connection.sever()
            raise
        self._life.open()
        self._news.append(f"Connected to the arm at {self._settings.address} again; it stays stopped.")

    # What the threads report. None of these waits.
    def _on_beat(self, armed: bool) -> None:
        if not self._heartbeat.beat(armed) and armed:
            self._on_fault(_UNWATCHED)

    def _watch(self) -> None:
        """The feedback's thread watches the commands': the sentinel kills the whole driver, but only later."""
        silence = ns_to_seconds(time.monotonic_ns() - self._commander.beaten_ns)
        if self._life.phase is Phase.ACTIVE and silence > self._settings.call_timeout + self._settings.command_timeout:
            self._on_fault(f"The thread that commands the arm hangs for {silence:.2f} s; restart the driver if it does so again.")

    def _on_failed_command(self, error: HardwareFault, calls: Calls) -> None:
        if calls is not self._calls():
            return  # it began on a connection that has been given up since
        if isinstance(error, Refused):
            self._on_fault(str(error))
        else:
            self._on_lost(error)

    def _on_failed_feedback(self, error: HardwareFault, connection: Connection) -> None:
        if connection is self._connection:
            self._on_lost(error)

    def _on_fault(self, why: str) -> None:
        if self._life.fault(why):
            self._stopper.request()

    def _on_lost(self, error: HardwareFault) -> None:
        if self._life.lose(str(error)):
            self._stopper.request(lost=str(error))

    def _on_severed(self, why: str) -> None:
        self._life.lose(why)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.sever()
        self._keeper.lost()

    def _tell_pace(self) -> None:
        pace = self.pace()
        if pace is not None:
            self._news.append(pace.sentence())

    # Checks.
    def _calls(self) -> Calls | None:
        connection = self._connection
        return None if connection is None else connection.calls

    def _present_calls(self) -> Calls:
        """Returns the present connection's calls. Raises ConnectionLost: there is none."""
        self._life.check_lost()
        calls = self._calls()
        if calls is None:
            raise ConnectionLost("The connection to the arm is being made.")
        return calls

    def _age_ns(self) -> float:
        """Returns the age of the newest feedback, infinite before the first."""
        feedback = self._listener.newest
        return np.inf if feedback is None else time.monotonic_ns() - feedback.steady_ns

    def _fresh(self) -> Feedback:
        """Returns the newest feedback. Raises ConnectionLost: it is too old."""
        feedback, age_ns = self._listener.newest, self._age_ns()
        if feedback is None or age_ns > 2 * seconds_to_ns(self._settings.feedback_timeout):
            raise ConnectionLost(f"The last feedback of the arm is {age_ns * 1e-9:.2f} s old.")
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
