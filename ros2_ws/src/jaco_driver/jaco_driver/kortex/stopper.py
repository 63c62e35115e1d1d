"""The thread that stops the arm: on its own path, tried again, and believed only when the feedback shows rest."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from jaco_core.errors import HardwareFault
from jaco_core.units import seconds_to_ns
from jaco_driver.kortex.calls import Calls, Refused
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.settings import KortexSettings

# [s] Two emergency stops are sent so far apart, since one appeared unreliable to ros2_kortex.
_TWICE = 0.1
_POLL = 0.005
_PAUSE = 0.02


class Stopper(threading.Thread):
    """Runs one stop at a time; a request during one adds to it.

    A stop that is not answered in time, or whose rest cannot be seen, ends in `sever`: without the session's keep-alives the base
    stops the arm by its own time-out. An arm that answers and moves on gets an emergency stop first.
    """

    def __init__(
        self,
        settings: KortexSettings,
        calls: Callable[[], Calls | None],
        feedback: Callable[[], Feedback | None],
        sever: Callable[[str], None],
        has_gripper: bool,
    ) -> None:
        super().__init__(name="kortex stop", daemon=True)
        self._settings = settings
        self._calls = calls
        self._feedback = feedback
        self._sever = sever
        self._has_gripper = has_gripper
        self._wanted = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._ending = False
        self._lock = threading.Lock()
        self._lost: str = ""

    def request(self, lost: str = "") -> None:
        """Asks for a stop and returns at once. `lost`: why the connection is to be given up after the attempt; "" to keep it."""
        with self._lock:
            self._lost = self._lost or lost
            self._idle.clear()
            self._wanted.set()

    def wait(self, timeout: float) -> bool:
        """Returns whether no stop is under way any more, after at most `timeout` [s]."""
        return self._idle.wait(timeout)

    def end(self) -> None:
        """Ends the thread after the stop that is under way."""
        self._ending = True
        self._wanted.set()

    def run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._ending:
                self._idle.set()
                return
            why = self._attempt()
            with self._lock:
                lost, self._lost = self._lost or why, ""
            if lost:
                self._sever(lost)
            with self._lock:
                if not self._wanted.is_set():
                    self._idle.set()

    def _attempt(self) -> str:
        """Stops the arm; whatever goes wrong, the thread lives on: the next stop needs it."""
        try:
            return self._bring_to_rest()
        except Exception as error:  # noqa: BLE001 - a thread's edge: the vendor's client may raise anything
            return f"The stop failed in Kinova's client: {type(error).__name__}: {error}."

    def _bring_to_rest(self) -> str:
        """Stops the arm; returns why that is not certain, or ""."""
        calls = self._calls()
        if calls is None:
            return ""
        problem = self._until_answered(calls)
        if problem:
            return problem
        if self._lost:  # it is given up in any case, and nobody needs to wait for the rest to be seen
            return ""
        if self._until_rest() or self._lost:
            return ""
        if self._moving() is None:
            return "The arm answered the stop, and no feedback shows that it stands."
        return self._emergency(calls)

    def _until_answered(self, calls: Calls) -> str:
        """Tries for the stop's time-out, half of it when the connection is given up in any case."""
        patience = self._settings.stop_timeout
        deadline = time.monotonic() + (patience / 2.0 if self._lost else patience)
        while True:
            try:
                calls.stop(patience / 2.0)
                if self._has_gripper:
                    with contextlib.suppress(Refused):  # in a fault it stands already
                        calls.gripper(0.0)
                return ""
            except HardwareFault as error:
                if time.monotonic() >= deadline:
                    return f"The stop was not answered: {error}"
                time.sleep(_PAUSE)  # before the next of a bounded number of attempts

    def _emergency(self, calls: Calls) -> str:
        for _ in range(2):
            try:
                calls.emergency_stop(self._settings.call_timeout)
            except HardwareFault as error:
                return f"The arm moves on after a stop and does not answer an emergency stop: {error}"
            if self._until_rest(_TWICE):
                return ""
        return "" if self._until_rest() else "The arm moves on after two emergency stops. Press its hardware emergency stop."

    def _until_rest(self, timeout: float = 0.0) -> bool:
        """Waits until a feedback that is newer than now shows rest."""
        since_ns = time.monotonic_ns()
        until_ns = since_ns + seconds_to_ns(timeout or self._settings.rest_timeout)
        while time.monotonic_ns() < until_ns and not self._lost:
            feedback = self._feedback()
            if feedback is not None and feedback.steady_ns > since_ns and feedback.at_rest:
                return True
            time.sleep(_POLL)  # the poll interval of this bounded wait
        return False

    def _moving(self) -> bool | None:
        """Returns whether the newest feedback shows motion; None when there is none that is fresh."""
        feedback = self._feedback()
        if feedback is None or time.monotonic_ns() - feedback.steady_ns > seconds_to_ns(self._settings.feedback_timeout):
            return None
        return not feedback.at_rest
