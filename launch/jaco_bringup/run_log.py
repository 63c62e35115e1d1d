"""The log of one run: every line of every process to a file, and to the terminal as far as that is wanted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

Terminal = Callable[[str], None]
"""Shows one line to the one who watches. Called from several threads, one at a time."""

KEPT_ERRORS = 5
_ERRORS = ("[ERROR]", "[FATAL]", "] error: ")
_WARNINGS = ("[WARN]", "[runner]", *_ERRORS)


def is_error(line: str) -> bool:
    """Tells whether a line of the log reports an error."""
    return any(mark in line for mark in _ERRORS)


def is_notable(line: str) -> bool:
    """Tells whether a line of the log is for somebody who does not want to read it all: warnings, errors and the runner's own."""
    return any(mark in line for mark in _WARNINGS)


def error_of(line: str) -> tuple[str, str]:
    """Returns the node that printed the line `line`, which reports an error, and what it said."""
    node, _, text = line.removeprefix("[").partition("] ")
    if text.startswith("["):  # ROS's own form: [ERROR] [time] [logger]: text
        text = text.partition("]: ")[2]
    return node, text.removeprefix("error: ")


class RunLog:
    """Takes lines from many threads. Remembers the last lines that report an error, for the one who saw nothing else."""

    def __init__(self, path: Path, terminal: Terminal | None = None) -> None:
        self.path = path
        self._terminal = terminal
        self._lock = threading.Lock()
        self._file = path.open("w")
        self._errors: deque[str] = deque(maxlen=KEPT_ERRORS)

    def write(self, line: str) -> None:
        """Writes `line`, which has no line end. After `close` it is dropped."""
        with self._lock:
            if self._file.closed:
                return
            print(line, file=self._file, flush=True)
            if self._terminal is not None:
                self._terminal(line)
            if is_error(line):
                self._errors.append(line)

    def errors(self) -> tuple[str, ...]:
        """Returns the last lines that reported an error, oldest first."""
        with self._lock:
            return tuple(self._errors)

    def close(self) -> None:
        """Closes the file; safe to call twice."""
        with self._lock:
            self._file.close()
