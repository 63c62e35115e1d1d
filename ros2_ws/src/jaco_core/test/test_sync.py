"""Samples that belong together in time."""

from __future__ import annotations

from jaco_core.sync import StampBuffer


def filled(*stamps: int) -> StampBuffer[str]:
    buffer: StampBuffer[str] = StampBuffer()
    for stamp in stamps:
        buffer.add(stamp, f"s{stamp}")
    return buffer


def test_an_exact_match_is_known_at_once() -> None:
    assert filled(10, 20).match(20, 0) == "s20"


def test_the_nearest_waits_for_a_later_sample() -> None:
    buffer = filled(10, 20)
    assert buffer.match(24, 10) is None
    buffer.add(30, "s30")
    assert buffer.match(24, 10) == "s20"
    assert buffer.match(26, 10) == "s30"


def test_nothing_within_tolerance_is_nothing() -> None:
    assert filled(10, 50).match(30, 5) is None
    assert filled().match(30, 5) is None


def test_a_stream_that_goes_back_in_time_starts_anew() -> None:
    buffer = filled(10, 20, 5)
    assert buffer.match(20, 100) is None
    assert buffer.newest() == "s5"


def test_a_stream_that_is_beyond_a_stamp_has_passed_it() -> None:
    assert not filled().passed(5) and not filled(10).passed(10)
    assert filled(10, 20).passed(15)
