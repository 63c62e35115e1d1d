"""Only segments without an owner are removed."""

import fcntl
import os
from pathlib import Path

from jaco_core.shared_memory import YOUNGEST_S, clean


def segment(folder: Path, name: str, age: float) -> Path:
    """Creates a segment, its semaphore and its lock file, which is `age` seconds old, and returns the lock file."""
    for file in (name, f"sem.{name}_mutex", f"{name}_el"):
        (folder / file).touch()
    lock = folder / f"{name}_el"
    then = lock.stat().st_mtime - age
    os.utime(lock, (then, then))
    return lock


def test_abandoned_segments_go_and_others_stay(tmp_path: Path) -> None:
    segment(tmp_path, "fastdds_port7411", 10 * YOUNGEST_S)
    owned = segment(tmp_path, "fastdds_0123", 10 * YOUNGEST_S)
    segment(tmp_path, "fastdds_4567", 0.0)
    (tmp_path / "else").touch()
    with owned.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert clean(tmp_path) == [tmp_path / "fastdds_port7411"]
    left = {path.name for path in tmp_path.iterdir()}
    assert not any("7411" in name for name in left)
    assert {"fastdds_0123", "fastdds_0123_el", "fastdds_4567", "sem.fastdds_4567_mutex", "else"} <= left
