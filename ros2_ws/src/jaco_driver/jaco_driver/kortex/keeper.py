"""The thread that makes a new connection when one was lost, more and more patiently, and holds the arm stopped meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from jaco_driver.kortex.settings import KortexSettings


class Keeper(threading.Thread):
    """After `lost` calls `reconnect` until it does not raise; `told` hears why each attempt failed."""

    def __init__(self, settings: KortexSettings, reconnect: Callable[[], None], told: Callable[[str], None]) -> None:
        super().__init__(name="kortex reconnect", daemon=True)
        self._settings = settings
        self._reconnect = reconnect
        self._told = told
        self._wanted = threading.Event()
        self._ending = threading.Event()

    def lost(self) -> None:
        """The connection is gone; returns at once."""
        self._wanted.set()

    def end(self) -> None:
        """Asks the thread to end; it does within one attempt."""
        self._ending.set()
        self._wanted.set()

    def run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            delay = self._settings.shortest_retry
            attempt = 0
            while not self._ending.wait(delay):
                attempt += 1
                try:
                    self._reconnect()
                    break
                except Exception as error:  # noqa: BLE001 - a thread's edge: a retry is what helps, whatever went wrong
                    delay = min(2.0 * delay, self._settings.longest_retry)
                    self._told(f"Attempt {attempt} to reconnect failed, the next is in {delay:.1f} s: {error}")
            if self._ending.is_set():
                return
