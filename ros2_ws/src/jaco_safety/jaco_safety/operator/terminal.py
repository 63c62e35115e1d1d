"""Single key presses from the terminal, which is put back as it was."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType

from jaco_core.errors import ConfigError


class Terminal:
    """Context manager: keys come one by one and are not echoed."""

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            raise ConfigError("The operator's console needs a terminal; start it in one of its own.")
        self._descriptor = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._descriptor)

    def __enter__(self) -> Terminal:
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def keys(self) -> str:
        """Returns what was pressed since the last call, "" when nothing was."""
        pressed = ""
        while select.select([self._descriptor], [], [], 0.0)[0]:
            data = os.read(self._descriptor, 64)
            if not data:
                break
            pressed += data.decode(errors="ignore")
        return pressed
