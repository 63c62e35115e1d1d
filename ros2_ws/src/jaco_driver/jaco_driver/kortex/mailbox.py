"""A mailbox for one thing: the newest wins, and what was taken is gone."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Any thread may put, any may take; neither waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letter: tuple[T, int] | None = None

    def put(self, item: T, now_ns: int) -> None:
        """Replaces whatever is inside; `now_ns` is the steady time that its age counts from."""
        with self._lock:
            self._letter = (item, now_ns)

    def take(self) -> tuple[T, int] | None:
        """Returns the newest item and when it was put in, or None; the mailbox is empty then."""
        with self._lock:
            letter, self._letter = self._letter, None
            return letter
