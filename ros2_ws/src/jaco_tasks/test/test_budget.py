from __future__ import annotations

from jaco_tasks.budget import Budget

SECOND_NS = 1_000_000_000


def test_episodes_and_minutes_end_it_and_zero_never_does() -> None:
    assert Budget(2, 0.0).spent(2) and not Budget(2, 0.0).spent(1) and not Budget(0, 0.0).spent(10**6)
    budget = Budget(0, 1.0)
    for second in range(60):
        budget.note(second * SECOND_NS, paused=False)
    assert not budget.spent(10**6)
    budget.note(60 * SECOND_NS, paused=False)
    assert budget.minutes == 1.0 and budget.spent(0)


def test_steps_end_it() -> None:
    budget = Budget(0, 0.0, steps=2)
    budget.count_step()
    assert not budget.spent(10**6)
    budget.count_step()
    assert budget.spent(0)


def test_pauses_gaps_and_a_clock_that_goes_back_do_not_count() -> None:
    budget = Budget(0, 1.0)
    for stamp_s, paused in ((0, False), (1, False), (2, True), (3, True), (4, False), (100, False), (5, False)):
        budget.note(stamp_s * SECOND_NS, paused)
    assert budget.minutes * 60.0 == 3.0
