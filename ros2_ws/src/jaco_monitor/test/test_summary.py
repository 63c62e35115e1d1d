from __future__ import annotations

from pathlib import Path

import pytest
from jaco_interfaces.msg import SafetyStatus
from monitor_support import RUNNING, SIM_VALUES, Tape, diagnostics, episode, play_run, stopped

from jaco_monitor.recorder.writer import FILE_NAME
from jaco_monitor.recording import Recording
from jaco_monitor.summary import Latency, PolicySummary, SafetySummary, Summary, summarise
from jaco_monitor.tally import EpisodeResult


def summary_of(folder: Path, **how: bool) -> Summary:
    tape = Tape(folder / FILE_NAME)
    play_run(tape, **how)  # type: ignore[arg-type]
    tape.writer.close()
    return summarise(Recording(folder / FILE_NAME), seed=7)


def test_a_whole_run(run_dir: Path) -> None:
    summary = summarise(Recording(run_dir / FILE_NAME), seed=7)
    assert summary == Summary(
        task="reach",
        seed=7,
        episodes=2,
        success_rate=0.5,
        mean_return=1.5,
        realtime_factor=4.5,
        steps_per_second=45.0,
        latency_ms=Latency(2.5, 7.0, 9.5),
        safety=SafetySummary("LIMITED", {"pass": 50, "limited:velocity": 10}),
        stops=(),
        policy=PolicySummary("reach", "cd" * 32, 1),
        trajectory_sha256="ab" * 32,
        timeouts=0,
        lost_messages=0,
        complete=True,
        results=(EpisodeResult(0, 3, 3.0, True, ""), EpisodeResult(1, 3, 0.0, False, "")),
    )


def test_a_safety_stop_is_told_with_its_reason_but_not_the_one_of_the_shutdown(tmp_path: Path) -> None:
    summary = summary_of(tmp_path, stop=True)
    assert summary.stops == ("stale_command",)
    assert summary.safety == SafetySummary("EMERGENCY_STOP", {"pass": 5, "stop:stale_command": 1})
    assert summary.complete  # a stop is a result, not a gap


@pytest.mark.parametrize(("running", "stops"), [(True, ("stale_command",)), (False, ())])
def test_holding_still_is_a_stop_only_while_an_episode_runs(tmp_path: Path, running: bool, stops: tuple[str, ...]) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    if running:
        tape.add("/episode/state", episode(0, 0, RUNNING), 0)
    for count in (1, 2):
        tape.add("/safety/status", stopped(SafetyStatus.HOLD, 5, count), 0)
    tape.writer.close()
    assert summarise(Recording(tmp_path / FILE_NAME)).stops == stops


def test_a_run_that_did_not_end_is_incomplete_and_what_it_lacks_is_none(tmp_path: Path) -> None:
    summary = summary_of(tmp_path, finish=False)
    assert not summary.complete
    assert summary.episodes == 2
    assert (summary.trajectory_sha256, summary.realtime_factor, summary.latency_ms) == (None, None, Latency())


def test_an_empty_recording_says_nothing(tmp_path: Path) -> None:
    Tape(tmp_path / FILE_NAME).writer.close()
    summary = summarise(Recording(tmp_path / FILE_NAME))
    assert (summary.task, summary.success_rate, summary.mean_return, summary.policy) == (None, None, None, PolicySummary())
    assert (summary.episodes, summary.complete) == (0, False)


@pytest.mark.parametrize("text", ["nan", "inf", "", "fast"])
def test_figures_that_are_no_numbers_are_none(tmp_path: Path, text: str) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    tape.add("/diagnostics", diagnostics("sim", **{**SIM_VALUES, "realtime_factor": text}), 0)
    tape.writer.close()
    assert summarise(Recording(tmp_path / FILE_NAME)).realtime_factor is None


def test_the_last_diagnostics_count(tmp_path: Path) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    for value in ("1.0", "2.0"):
        tape.add("/diagnostics", diagnostics("sim", realtime_factor=value), 0)
    tape.writer.close()
    assert summarise(Recording(tmp_path / FILE_NAME)).realtime_factor == 2.0


def test_lost_messages_make_it_incomplete(tmp_path: Path) -> None:
    tape = Tape(tmp_path / FILE_NAME)
    play_run(tape)
    tape.writer.lost = 1
    tape.writer.close()
    summary = summarise(Recording(tmp_path / FILE_NAME))
    assert (summary.lost_messages, summary.complete) == (1, False)
