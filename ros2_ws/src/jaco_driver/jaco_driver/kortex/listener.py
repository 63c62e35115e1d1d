"""The thread that asks for feedback, on its own session, and keeps the newest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from jaco_core.errors import ContractError, HardwareFault
from jaco_core.units import ns_to_seconds
from jaco_driver.kortex.connection import Connection
from jaco_driver.kortex.feedback import Feedback
from jaco_driver.kortex.settings import KortexSettings
from jaco_driver.port import ConnectionLost


class Listener(threading.Thread):
    """Calls `failed` when feedback has been missing for its time-out, and `faulted` when it says that the arm is in fault;
    `tick` in every period. `active` and `moves` tell it whether the arm may move, and whether it is told to.

    One lost datagram costs one call's time-out, a third of the time that feedback may be missing; the next call mends it.
    """

    def __init__(
        self,
        settings: KortexSettings,
        connection: Callable[[], Connection | None],
        failed: Callable[[HardwareFault, Connection], None],
        faulted: Callable[[str], None],
        tick: Callable[[], None],
        active: Callable[[], bool],
        moves: Callable[[], bool],
    ) -> None:
        super().__init__(name="kortex feedback", daemon=True)
        self._settings = settings
        self._connection = connection
        self._failed = failed
        self._faulted = faulted
        self._tick = tick
        self._active = active
        self._moves = moves
        self._ending = threading.Event()
        self._last_ns = time.monotonic_ns()
        self._changed_ns = 0
        self.source: Connection | None = None
        """Whose feedback `newest` is."""
        self.newest: Feedback | None = None
        """The newest of the present connection; None before the first."""

    def end(self) -> None:
        """Asks the thread to end; it does within one call's time-out."""
        self._ending.set()

    def run(self) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            connection = self._connection()
            if connection is not self.source:
                self.newest = None
                self.source, self._last_ns = connection, time.monotonic_ns()
            if connection is not None:
                self._listen(connection)
            self._tick()
            due = max(due + self._settings.feedback_period, time.monotonic())
            self._ending.wait(due - time.monotonic())

    def _listen(self, connection: Connection) -> None:
        asked_ns = time.monotonic_ns()
        try:
            feedback = connection.refresh(asked_ns, self._settings.feedback_timeout / 3.0)
            self.check_frozen(feedback)
            self.newest = feedback
        except ConnectionLost as error:
            missing = ns_to_seconds(time.monotonic_ns() - self._last_ns)
            # While nothing can move, a busy moment is no reason to connect again.
            if missing > (self._settings.feedback_timeout if self._active() else self._settings.connect_timeout):
                self._last_ns = time.monotonic_ns()
                self._failed(ConnectionLost(f"No feedback for {missing * 1000.0:.0f} ms: {error}"), connection)
        except ContractError as error:
            self._failed(HardwareFault(str(error)), connection)
        except Exception as error:  # noqa: BLE001 - a thread's edge: the vendor's client may raise anything, and this thread goes on
            self._failed(HardwareFault(f"Kinova's client failed: {type(error).__name__}: {error}."), connection)
        else:
            self._last_ns = asked_ns
            if feedback.fault:
                self._faulted(feedback.fault)

    def check_frozen(self, feedback: Feedback) -> None:
        """Raises ContractError: no angle has changed by a bit for the feedback's time-out, although it tells of motion; or for
        the time that a command may take longer than that, although the arm is told to move.
        """
        before, patience = self.newest, self._settings.feedback_timeout
        if feedback.at_rest:
            patience += self._settings.call_timeout
        if before is None or not np.array_equal(before.position, feedback.position) or (feedback.at_rest and not self._moves()):
            self._changed_ns = feedback.steady_ns
        elif ns_to_seconds(feedback.steady_ns - self._changed_ns) > patience:
            raise ContractError("The feedback is frozen: the arm moves, or is told to, and its angles do not change.")
