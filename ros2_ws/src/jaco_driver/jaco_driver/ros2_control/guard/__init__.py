"""A second process that stops a velocity controller when the driver that commands it dies, freezes or hangs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

MOVING, RESTING = b".", b"-"
"""What the driver writes at each of its ticks: whether its last command was one that moves the arm."""


class Guard:
    """The driver's end of the guard. `feed` it at every tick; it holds nothing up."""

    def __init__(self, topic: str, joints: int, name: str) -> None:
        """Starts the guard of the controller that takes `joints` velocities on `topic`; `name` of its node."""
        command = [sys.executable, "-m", f"{__name__}.node", topic, str(joints), name]
        # In a session of its own: Ctrl-C is for the driver, and the guard ends when the driver has.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        for pipe in (self._to, self._from):
            os.set_blocking(pipe.fileno(), False)
        self._ready = self._lost = False

    def ready(self) -> bool:
        """Tells whether it watches by now."""
        with contextlib.suppress(BlockingIOError):
            self._ready = self._ready or bool(os.read(self._from.fileno(), 64))
        return self._ready

    def feed(self, *, moving: bool) -> None:
        """The driver is alive, and its last command was one that moves the arm, or was not."""
        try:
            os.write(self._to.fileno(), MOVING if moving else RESTING)
        except OSError:  # it has ended, or does not read
            self._lost = True

    @property
    def alive(self) -> bool:
        """Whether it still watches."""
        return not self._lost and self._process.poll() is None

    def close(self) -> None:
        """Ends it; it commands rest once more when the last command was one that moves the arm."""
        with contextlib.suppress(OSError):
            self._to.close()
        try:
            self._process.wait(timeout=3.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._from.close()
