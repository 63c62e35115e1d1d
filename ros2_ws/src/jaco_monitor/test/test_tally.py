from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from jaco_core.types import ENDED, FINISHED, RUNNING, WAITING, EpisodeStatus
from jaco_monitor.tally import EpisodeResult, EpisodeTally

REPORT = EpisodeStatus(0, "reach", RUNNING, episode=0, step=3, episode_return=2.0)


def test_an_end_that_is_told_twice_counts_once() -> None:
    tally = EpisodeTally()
    tally.observe(REPORT)
    assert (tally.task, tally.step, tally.episode_return, tally.running) == ("reach", 3, 2.0, True)
    assert (tally.results, tally.success_rate, tally.mean_return) == ((), None, None)
    end = replace(REPORT, phase=ENDED, step=4, episode_return=3.0, success=True, reason="time limit")
    tally.observe(end)
    tally.observe(end)
    assert not tally.finished
    tally.observe(replace(end, phase=FINISHED))
    assert tally.finished
    assert not tally.running
    assert tally.results == (EpisodeResult(0, 4, 3.0, True, "time limit"),)


def test_how_near_an_episode_began_is_kept_where_the_recording_tells_it() -> None:
    tally = EpisodeTally()
    tally.observe(replace(REPORT, phase=ENDED, furthest_m=0.25))
    older = {name: value for name, value in vars(replace(REPORT, phase=ENDED, episode=1)).items() if name != "furthest_m"}
    tally.observe(SimpleNamespace(**older))
    assert [result.furthest_m for result in tally.results] == [0.25, 0.0]


def test_rate_and_return_are_over_all_ended_episodes() -> None:
    tally = EpisodeTally()
    for index, success in enumerate([True, False, True, True]):
        tally.observe(replace(REPORT, phase=ENDED, episode=index, episode_return=float(index), success=success))
    tally.observe(replace(REPORT, phase=WAITING, episode=4))
    assert (tally.success_rate, tally.mean_return, len(tally.results)) == (0.75, 1.5, 4)
