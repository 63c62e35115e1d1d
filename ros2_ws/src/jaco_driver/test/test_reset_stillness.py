from __future__ import annotations

import pytest

from jaco_core.types import SceneSample, frozen_vector
from jaco_driver.reset.stillness import Stillness

PERIOD_NS = 100_000_000


def scene(index: int, x: float | None = 0.4, hidden: bool = False) -> SceneSample:
    known = {} if x is None else {"target": frozen_vector((x, 0.0, 0.035))}
    return SceneSample(index * PERIOD_NS, known, (), ("target",) if hidden else (), {} if known else {"target": "not_seen"})


def watch(*scenes: SceneSample) -> Stillness:
    own = Stillness(("target",), 0.5, 0.012)
    for one in scenes:
        own.observe(one)
    return own


def test_seen_at_one_place_for_long_enough_is_still() -> None:
    assert watch(*(scene(i, 0.4 + 0.002 * (i % 2)) for i in range(1, 8))).complaint() == ""


def test_what_moves_by_itself_must_be_seen_and_not_rest() -> None:
    own = Stillness(("target",), 0.5, 0.012, moving=("target",))
    for index in range(1, 8):
        own.observe(scene(index, 0.4 + 0.01 * index))
    assert own.complaint() == ""
    own.observe(scene(8, None))
    assert "not seen" in own.complaint()


@pytest.mark.parametrize(
    ("scenes", "words"),
    [
        ((), "no scene has come"),
        ([scene(i) for i in range(1, 4)], "long enough"),
        ([scene(i, 0.4 + 0.01 * i) for i in range(1, 8)], "moves: "),
        ([*(scene(i) for i in range(1, 8)), scene(8, None)], "not seen"),
        ([*(scene(i) for i in range(1, 5)), scene(5, None), *(scene(i) for i in range(6, 9))], "lost from sight"),
        ([scene(i, hidden=True) for i in range(1, 8)], "the arm covers"),
    ],
)
def test_everything_else_is_named(scenes: list[SceneSample], words: str) -> None:
    assert words in watch(*scenes).complaint()


def test_a_clock_that_goes_back_begins_anew() -> None:
    own = watch(*(scene(i) for i in range(11, 20)))
    own.observe(scene(1))
    assert "long enough" in own.complaint() and own.places["target"][0] == 0.4
