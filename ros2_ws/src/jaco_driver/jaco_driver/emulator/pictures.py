"""The newest picture of the emulated camera, handed from who draws to those who watch."""

from __future__ import annotations

import threading


class PictureBoard:
    """Holds the newest picture, an encoded JPEG. Drawing costs nothing while nobody watches: ask `watched` first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._picture = b""
        self._viewers = 0
        self._closed = False

    @property
    def number(self) -> int:
        """How many pictures there have been."""
        return self._number

    def show(self, picture: bytes) -> None:
        """Puts up a new picture."""
        with self._changed:
            self._number += 1
            self._picture = picture
            self._changed.notify_all()

    def watched(self, timeout: float) -> bool:
        """Tells whether anybody watches, after waiting for that up to `timeout` [s]."""
        with self._changed:
            return self._changed.wait_for(lambda: self._viewers > 0 or self._closed, timeout) and not self._closed

    def newer(self, number: int, timeout: float) -> tuple[int, bytes] | None:
        """Returns a picture newer than `number`, with its number; None when none comes within `timeout` [s]."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or self._closed, timeout)
            return None if self._closed or self._number <= number else (self._number, self._picture)

    def __enter__(self) -> PictureBoard:
        with self._changed:
            self._viewers += 1
            self._changed.notify_all()
        return self

    def __exit__(self, *unused: object) -> None:
        with self._changed:
            self._viewers -= 1

    def close(self) -> None:
        """Sends everybody away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
