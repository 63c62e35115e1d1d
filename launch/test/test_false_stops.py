"""The work that keeps the cores busy beside a measurement."""

from __future__ import annotations

import subprocess
from pathlib import Path

from jaco_bringup.bench.false_stops import busy


def children() -> set[str]:
    """Returns the running child processes of this one."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= set((task / "children").read_text().split())
    return found


def test_it_lasts_as_long_as_it_is_wanted() -> None:
    before = children()
    with busy(2):
        mine = children() - before
        assert len(mine) == 2
    assert not children() & mine


def test_it_ends_with_a_measurement_that_fails() -> None:
    before = children()
    try:
        with busy(1):
            raise subprocess.SubprocessError("the run failed")
    except subprocess.SubprocessError:
        assert children() == before
