"""The curriculum that adapts: up with successes, down with failures, and never beyond the task's own starts."""

from __future__ import annotations

import pytest

from jaco_core.errors import ConfigError
from jaco_core.parameters import build
from jaco_tasks.curriculum import Curriculum, CurriculumParameters, CurriculumSettings

SETTINGS = CurriculumSettings(first_m=0.15, step_m=0.1, own_from_m=0.4, window=4, rise=0.75, fall=0.25)


def distances(curriculum: Curriculum, ends: list[bool]) -> list[float]:
    """Returns the distance after each of `ends`."""
    found = []
    for success in ends:
        curriculum.take(success)
        found.append(curriculum.furthest_m)
    return found


def test_it_rises_with_successes_to_the_tasks_own_starts_and_stays_there() -> None:
    curriculum = Curriculum(SETTINGS)
    assert curriculum.furthest_m == 0.15 and "within 0.15 m of the target" in curriculum.sentence
    # Three of four are enough, and are seen before the fourth.
    assert distances(curriculum, [True] * 3) == [0.15, 0.15, 0.25]
    assert distances(curriculum, [True, False, True, True]) == [0.25, 0.25, 0.25, 0.35]
    assert distances(curriculum, [True] * 3) == [0.35, 0.35, 0.0]
    assert distances(curriculum, [True] * 8) == [0.0] * 8 and "where the task itself begins them" in curriculum.sentence


def test_it_falls_with_failures_to_the_first_distance_and_not_below() -> None:
    curriculum = Curriculum(SETTINGS)
    distances(curriculum, [True] * 9)
    assert curriculum.furthest_m == 0.0
    assert distances(curriculum, [False] * 3) == [0.0, 0.0, 0.35]
    assert distances(curriculum, [False] * 9)[2::3] == [0.25, 0.15, 0.15]


def test_between_the_shares_it_stays_and_looks_at_the_last_episodes_only() -> None:
    curriculum = Curriculum(SETTINGS)
    assert distances(curriculum, [True, False] * 10) == [0.15] * 20
    # The window slides: what lies further back than four episodes no longer counts.
    assert distances(curriculum, [True, True]) == [0.15, 0.25]


def test_a_change_begins_a_new_count() -> None:
    curriculum = Curriculum(SETTINGS)
    assert distances(curriculum, [True] * 3 + [False, False, True, False]) == [0.15, 0.15, 0.25, 0.25, 0.25, 0.25, 0.15]


@pytest.mark.parametrize(("first", "step", "own_from", "steps"), [(0.15, 0.1, 0.6, 5), (0.15, 0.15, 0.6, 3), (0.2, 1.0, 0.3, 1)])
def test_every_distance_is_below_that_of_the_own_starts(first: float, step: float, own_from: float, steps: int) -> None:
    curriculum = Curriculum(CurriculumSettings(first, step, own_from, window=1, rise=1.0, fall=0.0))
    found = distances(curriculum, [True] * steps)
    assert found[-1] == 0.0 and all(first < distance < own_from for distance in found[:-1])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first_m": 0.0}, "got 0.0 m, 0.6 m and 0.1 m"),
        ({"first_m": 0.7}, "got 0.7 m, 0.6 m and 0.1 m"),
        ({"step_m": float("nan")}, "and nan m"),
        ({"own_from_m": float("inf")}, "inf m"),
        ({"window": 0}, "1 episode or more, got 0"),
        ({"rise": 0.3}, "got 0.3 and 0.3"),
        ({"rise": 1.1}, "got 0.3 and 1.1"),
        ({"fall": -0.1}, "got -0.1 and 0.8"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(ConfigError, match="A curriculum .*" + sentence.replace(".", r"\.")):
        CurriculumSettings(**wrong)  # type: ignore[arg-type]


def test_as_parameters_it_is_off_until_it_is_asked_for() -> None:
    assert build(CurriculumParameters, {}).make_curriculum() is None
    curriculum = build(CurriculumParameters, {"curriculum": True, "curriculum_first": 0.2}).make_curriculum()
    assert curriculum is not None and curriculum.furthest_m == 0.2
    with pytest.raises(ConfigError, match="falls at a smaller share"):
        build(CurriculumParameters, {"curriculum": True, "curriculum_rise": 0.2}).make_curriculum()
    with pytest.raises(ConfigError):
        build(CurriculumParameters, {"curriculum_first": 0.05})
