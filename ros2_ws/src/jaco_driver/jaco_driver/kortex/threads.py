"""The threads that drive one Kortex arm, the connection that they share, and what they tell each other.

What the base does arrives here, on their callbacks, which only change the port's life and ask for a stop: none of them waits.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np

from jaco_core.arms import Arm
from jaco_core.errors import HardwareFault
from jaco_core.units import ns_to_seconds, seconds_to_ns
from jaco_driver.kortex.calls import Calls, Refused
from jaco_driver.kortex.commander import Commander
from jaco_driver.kortex.connection import Connection
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.heartbeat import Heartbeat
from jaco_driver.kortex.joints import JointMap
from jaco_driver.kortex.keeper import Keeper
from jaco_driver.kortex.life import Life, Phase
from jaco_driver.kortex.limits import Limits
from jaco_driver.kortex.listener import Listener
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.kortex.stopper import Stopper
from jaco_driver.kortex.vendor import Vendor
from jaco_driver.port import ConnectionLost

UNWATCHED = "The process that watches the driver's heartbeat is gone or hangs; restart the driver."
# [s] Longest wait for what a base does at once.
WAIT = 1.0
_POLL = 0.005
_MOST_NEWS = 50


def wait_for(condition: Callable[[], bool], otherwise: HardwareFault | None) -> None:
    """Waits a bounded time; then raises `otherwise`, if it is not None. Raises what `condition` raises."""
    deadline = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > deadline:
            if otherwise is not None:
                raise otherwise
            return
        time.sleep(_POLL)  # the poll interval of this bounded wait


class ArmThreads:
    """Commands, feedback, stops, reconnection and heartbeat of one arm, from `open` to `close`."""

    def __init__(self, arm: Arm, settings: KortexSettings, vendor: Vendor, joints: JointMap, life: Life) -> None:
        self._arm = arm
        self._settings = settings
        self._vendor = vendor
        self._joints = joints
        self._life = life
        self._news: deque[str] = deque(maxlen=_MOST_NEWS)
        self._connection: Connection | None = None
        self.limits: Limits
        """Of the present connection's base."""

    def open(self) -> None:
        """Connects, reads the base's limits and starts the threads; on an error nothing is left.

        Raises:
            ConnectionLost: the base does not answer.
            ContractError: it is another arm, or its limits cannot be obeyed.
        """
        connection = self._connect()
        try:
            self.limits = self._read_limits(connection.calls)
            self._start(connection)
        except Exception:
            connection.close()
            raise
        self._life.open()
        try:
            wait_for(lambda: self.newest is not None, ConnectionLost("The base sends no feedback over UDP."))
        except HardwareFault:
            self.close()
            raise

    def close(self) -> None:
        """Stops the arm, ends the threads and gives the connection back. Does not raise."""
        self._life.rest()
        if self._life.phase is not Phase.LOST:
            self.stop()
            self.stopped(WAIT)
        self._life.close()
        threads = (self._keeper, self._commander, self._listener, self._stopper)
        for thread in threads:
            thread.end()
        for thread in threads:
            thread.join(2.0 * WAIT)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._heartbeat.end()

    # What the port asks.
    @property
    def newest(self) -> Feedback | None:
        """The newest feedback of the present connection, None before the first."""
        return self._listener.newest

    @property
    def age_ns(self) -> float:
        """The age of the newest feedback, infinite before the first."""
        feedback = self.newest
        return np.inf if feedback is None else time.monotonic_ns() - feedback.steady_ns

    def fresh(self) -> Feedback:
        """Returns the newest feedback. Raises ConnectionLost: it is too old."""
        feedback, age_ns = self.newest, self.age_ns
        if feedback is None or age_ns > 2 * seconds_to_ns(self._settings.feedback_timeout):
            raise ConnectionLost(f"The last feedback of the arm is {age_ns * 1e-9:.2f} s old.")
        return feedback

    def calls(self) -> Calls:
        """Returns the present connection's calls. Raises ConnectionLost: there is none."""
        self._life.check_lost()
        calls = self._present_calls()
        if calls is None:
            raise ConnectionLost("The connection to the arm is being made.")
        return calls

    def stop(self) -> None:
        """Asks for a stop and returns at once."""
        self._stopper.request()

    def stopped(self, timeout: float) -> bool:
        """Returns whether no stop is under way any more, after at most `timeout` [s]."""
        return self._stopper.wait(timeout)

    def fault(self, why: str) -> None:
        """Ends activity because of a fault, and stops the arm."""
        if self._life.fault(why):
            self._stopper.request()

    def failed(self, error: HardwareFault, calls: Calls) -> None:
        """A command over `calls` went wrong: a fault where the base refused it, else the connection is given up."""
        if calls is not self._present_calls():
            return  # it began on a connection that has been given up since
        if isinstance(error, Refused):
            self.fault(str(error))
        else:
            self._on_lost(error)

    @property
    def sent(self) -> deque[tuple[int, int]]:
        """When each speed command went out (steady) and how old it was then [ns]. May be cleared."""
        return self._commander.pace

    @property
    def watched(self) -> bool:
        """Whether the process that watches this one runs."""
        return self._heartbeat.watched

    @property
    def sentinel_pid(self) -> int:
        """The process that watches this one."""
        return self._heartbeat.pid

    def tell(self, sentence: str) -> None:
        """Keeps `sentence` for the next `news`."""
        self._news.append(sentence)

    def news(self) -> list[str]:
        """Returns, once, sentences on what happened that is no fault: reconnection, errors on the vendor's threads."""
        connection = self._connection
        if connection is not None:
            self._news.extend(connection.notes())
        found = []
        while self._news:
            found.append(self._news.popleft())
        return found

    # Making and losing the connection.
    def _connect(self) -> Connection:
        connection = Connection(self._vendor, self._settings, self._joints, self._life.gate)
        connection.open()
        return connection

    def _read_limits(self, calls: Calls) -> Limits:
        limits = Limits(self._arm, self._joints.count, calls)
        if limits.zone_names:
            self.tell(f"Protection zones of the base that are obeyed: {', '.join(limits.zone_names)}.")
        return limits

    def _start(self, connection: Connection) -> None:
        settings, life = self._settings, self._life
        self._heartbeat = Heartbeat(settings.heartbeat_timeout)
        self._connection = connection
        self._keeper = Keeper(settings, self._reconnect, self.tell)
        self._listener = Listener(
            settings,
            lambda: self._connection,
            self._on_failed_feedback,
            self.fault,
            self._watch,
            lambda: life.phase is Phase.ACTIVE,
            lambda: self._commander.moves,
        )
        self._stopper = Stopper(
            settings, self._present_calls, lambda: self._listener.newest, self._on_severed, self._joints.has_gripper
        )
        self._commander = Commander(
            settings, self._joints, life.gate, life.mailbox, self._present_calls, self.failed, self._on_beat, self._on_slept
        )
        for thread in (self._keeper, self._stopper, self._commander, self._listener):
            thread.start()

    def _reconnect(self) -> None:
        """Makes a new connection and stops the arm over it; the port stays inactive. Raises JacoError."""
        connection = self._connect()
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
            self._connection, self.limits = connection, limits
        try:
            wait_for(
                lambda: self._listener.source is connection and self.newest is not None,
                ConnectionLost("The base sends no feedback over UDP."),
            )
        except ConnectionLost:
            self._connection = None
            connection.sever()
            raise
        if self._life.reopen():
            self.tell(f"Connected to the arm at {self._settings.address} again; it stays stopped.")

    def _present_calls(self) -> Calls | None:
        connection = self._connection
        return None if connection is None else connection.calls

    # What the threads report. None of these waits.
    def _on_beat(self, armed: bool) -> None:
        if not self._heartbeat.beat(armed) and armed:
            self.fault(UNWATCHED)

    def _on_slept(self, seconds: float) -> None:
        self.fault(f"The driver did not run for {seconds:.2f} s while the arm was moving; look at the machine's load.")

    def _watch(self) -> None:
        """The feedback's thread watches the commands': the sentinel kills the whole driver, but only later."""
        silence = ns_to_seconds(time.monotonic_ns() - self._commander.beaten_ns)
        if self._life.phase is Phase.ACTIVE and silence > self._settings.longest_turn:
            self.fault(f"The thread that commands the arm hangs for {silence:.2f} s; restart the driver if it does so again.")

    def _on_failed_feedback(self, error: HardwareFault, connection: Connection) -> None:
        if connection is self._connection:
            self._on_lost(error)

    def _on_lost(self, error: HardwareFault) -> None:
        if self._life.lose(str(error)):
            self._stopper.request(lost=str(error))

    def _on_severed(self, why: str) -> None:
        self._life.lose(why)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.sever()
        self._keeper.lost()
