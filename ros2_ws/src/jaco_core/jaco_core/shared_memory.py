"""Removes shared memory that Fast DDS leaves behind when a process is killed, and over which later participants stumble."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

FOLDER = Path("/dev/shm")
YOUNGEST_S = 2.0
"""A lock file younger than this may belong to a participant that is about to lock it."""


def clean(folder: Path = FOLDER) -> list[Path]:
    """Removes this user's Fast DDS segments and ports whose owner is dead, and returns their paths.

    Each has a lock file beside it ("_el": one owner, "_sl": shared) that its owner holds for as long as it lives, so locks that
    can be had mean that nobody does. They are held until all is removed: a participant that comes meanwhile takes another port.
    """
    removed = []
    segments = {lock.with_name(lock.name[:-3]) for lock in [*folder.glob("fastdds_*_[es]l"), *folder.glob("fastrtps_*_[es]l")]}
    for segment in sorted(segments):
        locks = [lock for lock in (Path(f"{segment}_el"), Path(f"{segment}_sl")) if lock.exists()]
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            if all(_take(lock, held) for lock in locks):
                for path in (segment, folder / f"sem.{segment.name}_mutex", *locks):
                    path.unlink(missing_ok=True)
                removed.append(segment)
    return removed


def _take(lock: Path, held: contextlib.ExitStack) -> bool:
    """Tells whether `lock` is abandoned; then it is held until `held` is closed."""
    status = lock.stat()
    # The wall clock, since files' times are of it; one that was set back makes a lock look young, and it stays.
    if status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNGEST_S:
        return False
    descriptor = os.open(lock, os.O_RDONLY)
    held.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
