from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from jaco_monitor.console.view import RunView, Snapshot, line, render
from jaco_monitor.tally import EpisodeResult
from jaco_safety.reasons import State

RESULTS = (EpisodeResult(0, 50, 31.0, True, "time limit"), EpisodeResult(1, 7, 0.0, False, "table contact (hand|table)"))
SNAPSHOT = Snapshot(
    task="reach",
    wanted=20,
    episode=2,
    step=34,
    episode_return=21.0,
    results=RESULTS,
    success_rate=0.5,
    mean_return=15.5,
    safety_state=State.LIMITED,
    safety_reason="velocity",
    realtime_factor=4.56,
    elapsed_s=10.0,
)


def text_of(snapshot: Snapshot) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(render(snapshot))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_the_view_shows_what_goes_on() -> None:
    text = text_of(SNAPSHOT)
    for part in (
        "reach",
        "episode 3 of 20",
        "step 34",
        "return 21",
        "50% (1 of 2)",
        "LIMITED velocity",
        "4.6 x real time",
        "1:30 left",
    ):
        assert part in text


def test_before_the_first_message_nothing_is_made_up() -> None:
    text = text_of(Snapshot(wanted=20))
    assert "waiting for the graph" in text
    assert "success ?" in text
    assert "UNKNOWN" in text


@pytest.mark.parametrize(
    ("snapshot", "left"),
    [
        (SNAPSHOT, 90.0),
        (Snapshot(wanted=20), None),
        (Snapshot(results=RESULTS, elapsed_s=10.0), None),
        (Snapshot(wanted=2, results=RESULTS, elapsed_s=10.0, finished=True), 0.0),
    ],
)
def test_time_left_is_told_only_where_it_can_be_known(snapshot: Snapshot, left: float | None) -> None:
    assert snapshot.left_s == left


def test_an_episode_is_one_line_of_plain_text() -> None:
    assert line(RESULTS[1], SNAPSHOT) == "episode 2/20: failure, return 0, 7 steps (table contact (hand|table))"


def test_a_curriculum_is_told_beside_each_episode_and_in_the_live_view() -> None:
    near = replace(RESULTS[1], furthest_m=0.25)
    assert line(near, SNAPSHOT) == line(RESULTS[1], SNAPSHOT) + ", began within 0.25 m"
    shown = []
    for snapshot in (SNAPSHOT, replace(SNAPSHOT, furthest_m=0.25)):
        console = Console(file=io.StringIO(), width=120, record=True)
        console.print(render(snapshot))
        shown.append("starts within 0.25 m" in console.export_text())
    assert shown == [False, True]


def test_without_a_terminal_each_episode_is_told_once() -> None:
    file = io.StringIO()
    with RunView(Console(file=file, force_terminal=False, width=40)) as view:
        view.show(Snapshot(wanted=20))
        view.show(SNAPSHOT)
        view.show(SNAPSHOT)
    assert file.getvalue().splitlines() == [line(result, SNAPSHOT) for result in RESULTS]


def test_a_terminal_gets_the_live_view() -> None:
    file = io.StringIO()
    with RunView(Console(file=file, force_terminal=True, width=100)) as view:
        view.show(SNAPSHOT)
    assert "episode 3 of 20" in file.getvalue()
