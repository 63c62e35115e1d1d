"""The driver's end of its heartbeat: starts the sentinel (sentinel.py) and tells it that the command thread lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from pathlib import Path

from jaco_driver.kortex import sentinel

_END_TIMEOUT = 2.0
# [bytes] So many beats may wait to be read, the least that the system allows: 100 s of them.
_PIPE_SIZE = 4096


class Heartbeat:
    """A child process that kills this one when `beat(True)` is not followed by another beat within `timeout` [s]."""

    def __init__(self, timeout: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(sentinel.__file__)), str(timeout)], stdin=subprocess.PIPE, close_fds=True
        )
        assert self._process.stdin is not None
        self._beats = self._process.stdin.fileno()
        os.set_blocking(self._beats, False)
        fcntl.fcntl(self._beats, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)

    @property
    def pid(self) -> int:
        """The sentinel's process."""
        return self._process.pid

    @property
    def watched(self) -> bool:
        """Whether the sentinel runs."""
        return self._process.poll() is None

    def beat(self, armed: bool) -> bool:
        """Gives a sign of life; returns False when nobody watches any more, or has not for as long as a full pipe takes.

        Never waits.
        """
        try:
            os.write(self._beats, sentinel.ARMED if armed else sentinel.IDLE)
        except OSError:
            return False
        return True

    def end(self) -> None:
        """Ends the watching."""
        with contextlib.suppress(OSError):
            os.write(self._beats, sentinel.IDLE)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
