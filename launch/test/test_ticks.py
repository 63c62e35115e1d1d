"""Ticks that are answered late, twice or never."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jaco_bringup.bench.ticks import tick_figures
from jaco_monitor.recording import RecordedMessage

TICK_NS = 10_000_000


def message(topic: str, tick: int, published_ms: float) -> RecordedMessage:
    stamp = SimpleNamespace(sec=0, nanosec=tick * TICK_NS)
    published = int(published_ms * 1e6)
    return RecordedMessage(topic, SimpleNamespace(header=SimpleNamespace(stamp=stamp)), published, published)


def joints(tick: int) -> RecordedMessage:
    return message("/joint_states", tick, 10.0 * tick)


def answer(tick: int, took_ms: float) -> RecordedMessage:
    return message("/arm/command", tick, 10.0 * tick + took_ms)


def test_first_answer_counts_and_start_and_end_do_not() -> None:
    messages = [
        joints(0),
        joints(1),
        answer(1, 1.0),
        joints(2),
        answer(2, 2.0),
        answer(2, 30.0),
        joints(3),
        answer(3, 1.0),
        joints(4),
    ]
    figures = tick_figures(messages, 100.0)
    assert (figures["ticks"], figures["tick_overruns"]) == (3, 0)
    assert figures["tick_ms_p50"] == pytest.approx(1.0)
    assert figures["tick_ms_max"] == pytest.approx(2.0)


def test_late_and_missing_answers_are_overruns() -> None:
    messages = [joints(1), answer(1, 1.0), joints(2), answer(2, 10.5), joints(3), joints(4), answer(4, 9.5)]
    figures = tick_figures(messages, 100.0)
    assert (figures["ticks"], figures["tick_overruns"]) == (4, 2)


def test_run_without_answers_has_no_ticks() -> None:
    assert tick_figures([joints(1)], 100.0) == {"ticks": 0}
