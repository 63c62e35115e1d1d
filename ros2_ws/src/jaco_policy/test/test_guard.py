"""The rule by which new weights are taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jaco_policy.guard import EpisodeScore, Guard, GuardRule, Verdict

RULE = GuardRule(window=10, early=4)


def scores(version: int, mean: float, changed: float = 0.1, count: int = 10, spread: float = 3.0) -> list[EpisodeScore]:
    rng = np.random.default_rng(version)
    noise, shares = rng.normal(0.0, spread, count), rng.normal(0.0, 0.01, count)
    return [EpisodeScore(version, mean + a, changed + b) for a, b in zip(noise, shares, strict=True)]


def settled() -> Guard:
    guard = Guard(RULE, trusted=1)
    for score in scores(1, 30.0):
        assert guard.record(score) is Verdict.GO_ON
    assert guard.settled
    return guard


def verdicts(guard: Guard, played: list[EpisodeScore]) -> list[Verdict]:
    found = []
    for score in played:
        found.append(guard.record(score))
        if found[-1] is not Verdict.GO_ON:
            break
    return found


def test_nothing_is_tried_before_there_is_something_to_hold_it_against() -> None:
    guard = Guard(RULE, trusted=1)
    for count, score in enumerate(scores(1, 30.0), start=1):
        guard.record(score)
        assert guard.settled is (count >= RULE.early)


def test_better_and_equal_weights_are_trusted_after_the_window() -> None:
    for mean in (30.0, 35.0):
        guard = settled()
        assert verdicts(guard, scores(2, mean)) == [Verdict.GO_ON] * 9 + [Verdict.TRUST]
        assert guard.trusted == 2


def test_a_line_of_versions_is_judged_together_and_its_last_one_trusted() -> None:
    guard = settled()
    line = [EpisodeScore(2 + index, score.episode_return, score.changed) for index, score in enumerate(scores(2, 31.0))]
    assert verdicts(guard, line)[-1] is Verdict.TRUST and guard.trusted == 11


@pytest.mark.parametrize(("mean", "changed", "latest"), [(10.0, 0.1, 4), (25.0, 0.1, 10), (30.0, 0.3, 4)])
def test_weights_that_earn_less_or_are_changed_more_are_taken_back(mean: float, changed: float, latest: int) -> None:
    guard = settled()
    found = verdicts(guard, scores(2, mean, changed))
    assert found[-1] is Verdict.TAKE_BACK and len(found) <= latest
    assert guard.trusted == 1
    # What follows is judged on its own.
    assert verdicts(guard, scores(5, 32.0))[-1] is Verdict.TRUST


def test_a_difference_that_is_certain_but_small_does_not_matter() -> None:
    guard = Guard(RULE, trusted=1)
    for score in scores(1, 30.0, spread=0.01):
        guard.record(score)
    assert verdicts(guard, scores(2, 29.5, spread=0.01))[-1] is Verdict.TRUST


def test_after_a_restart_the_version_that_acts_is_what_counts() -> None:
    guard = settled()
    guard.trust(7)
    assert not guard.settled and guard.trusted == 7


def test_episodes_from_another_distance_are_not_held_against_those_before() -> None:
    guard = settled()
    # They earn much less because they are harder; the version that plays the first of them is what counts from there on.
    harder = [replace(score, furthest_m=0.25) for score in scores(2, 10.0)]
    near = [replace(score, furthest_m=0.15) for score in scores(1, 30.0)]
    assert verdicts(guard, near)[0] is Verdict.TRUST and guard.trusted == 1
    assert guard.record(harder[0]) is Verdict.TRUST and guard.trusted == 2 and not guard.settled
    assert verdicts(guard, harder[1:]) == [Verdict.GO_ON] * 9 and guard.settled
    assert verdicts(guard, [replace(score, furthest_m=0.25) for score in scores(3, 2.0)])[-1] is Verdict.TAKE_BACK
    # The task's own starts are the furthest.
    assert guard.record(scores(4, 5.0)[0]) is Verdict.TRUST and guard.trusted == 4


def test_a_version_on_trial_whose_failures_brought_the_starts_nearer_is_taken_back() -> None:
    guard = settled()
    far = scores(1, 30.0)
    assert verdicts(guard, far)[-1] is Verdict.GO_ON and guard.settled
    assert guard.record(scores(2, 1.0)[0]) is Verdict.GO_ON
    nearer = replace(scores(2, 40.0)[0], furthest_m=0.55)
    assert guard.record(nearer) is Verdict.TAKE_BACK and guard.trusted == 1 and not guard.settled
    # One that is trusted stays so; what it earns there is what counts.
    assert guard.record(replace(far[0], furthest_m=0.45)) is Verdict.TRUST and guard.trusted == 1
