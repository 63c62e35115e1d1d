"""Lets speed commands leave, or not: what is decided under one lock with their sending, so that none follows a stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jaco_core.errors import HardwareFault


class GateShut(HardwareFault):
    """A speed command was to leave after a stop; nothing was sent."""


class Gate:
    """Shut at first. Each opening has a number; a command that was meant for an earlier opening stays in too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._open = False
        self._gated = threading.local()

    @property
    def opening(self) -> int | None:
        """The number of the present opening, None while shut."""
        with self._lock:
            return self._count if self._open else None

    def open(self) -> None:
        """Lets commands through that are made from now on."""
        with self._lock:
            self._count += 1
            self._open = True

    def shut(self) -> None:
        """When this returns, whatever got through is on its way, and nothing more gets through."""
        with self._lock:
            self._open = False

    @contextmanager
    def through(self, opening: int) -> Iterator[None]:
        """What the calling thread sends inside this block leaves only while the gate is open for the `opening`-th time."""
        self._gated.opening = opening
        try:
            yield
        finally:
            self._gated.opening = None

    def pass_on(self, send: Callable[[], None]) -> None:
        """Calls `send`, one at a time.

        Raises:
            GateShut: the calling thread is inside `through` and the gate is not open for it.
        """
        with self._lock:
            opening = getattr(self._gated, "opening", None)
            if opening is not None and not (self._open and opening == self._count):
                raise GateShut("The arm was stopped; activate it before sending speeds.")
            send()
