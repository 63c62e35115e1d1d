"""When silence is judged: on time, and by a supervisor that overslept not before it has read."""

from __future__ import annotations

from jaco_safety.alarm import Alarm

MS = 1_000_000


def test_it_sleeps_until_the_bound_runs_out_and_rings_then() -> None:
    alarm = Alarm()
    assert alarm.wait_ns(200 * MS, 30 * MS) == 170 * MS
    assert not alarm.rings(200 * MS, 199 * MS)
    assert alarm.rings(200 * MS, 200 * MS)
    assert alarm.rings(200 * MS, 201 * MS)


def test_whoever_overslept_reads_first_and_judges_then() -> None:
    alarm = Alarm()
    assert not alarm.rings(200 * MS, 260 * MS)
    assert alarm.wait_ns(200 * MS, 260 * MS) == 5 * MS
    assert not alarm.rings(455 * MS, 265 * MS), "something came"
    assert alarm.wait_ns(455 * MS, 265 * MS) == 190 * MS


def test_silence_that_lasted_all_the_same_is_judged_once_read() -> None:
    alarm = Alarm()
    assert not alarm.rings(200 * MS, 260 * MS)
    assert alarm.rings(200 * MS, 400 * MS), "however late it comes the second time"


def test_without_a_bound_it_idles() -> None:
    alarm = Alarm()
    assert not alarm.rings(None, 10**12)
    assert 0 < alarm.wait_ns(None, 0) <= 50 * MS
