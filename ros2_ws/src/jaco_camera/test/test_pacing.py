from __future__ import annotations

from jaco_camera.pacing import Backoff, Pacer

MS = 1_000_000


def test_the_first_frame_is_due_at_once_and_the_next_after_a_period() -> None:
    pacer = Pacer(10.0)
    assert pacer.wait_ns(5 * MS) == 0
    pacer.take(5 * MS)
    assert pacer.wait_ns(5 * MS) == 100 * MS
    assert pacer.wait_ns(105 * MS) == 0


def test_a_late_frame_does_not_move_the_beat() -> None:
    pacer = Pacer(10.0)
    pacer.take(0)
    pacer.take(130 * MS)
    assert pacer.wait_ns(130 * MS) == 70 * MS


def test_a_long_pause_starts_a_new_beat_and_nothing_is_caught_up() -> None:
    pacer = Pacer(10.0)
    pacer.take(0)
    pacer.take(1000 * MS)
    assert pacer.wait_ns(1000 * MS) == 100 * MS


def test_attempts_grow_rarer_up_to_a_limit_and_start_anew_after_success() -> None:
    backoff = Backoff(first_s=0.5, limit_s=3.0)
    waits = []
    for _ in range(5):
        backoff.failed(0)
        waits.append(backoff.wait_ns(0) // MS)
    assert waits == [500, 1000, 2000, 3000, 3000]
    assert backoff.wait_ns(2900 * MS) == 100 * MS
    backoff.succeeded()
    assert backoff.wait_ns(0) == 0
    backoff.failed(0)
    assert backoff.wait_ns(0) == 500 * MS
