from __future__ import annotations

from jaco_monitor.palette import UNKNOWN, state_color, state_name
from jaco_safety.reasons import State


def test_every_state_has_a_colour_and_a_name_of_its_own() -> None:
    assert len({state_color(state) for state in State} | {UNKNOWN}) == len(State) + 1
    assert [state_name(state) for state in State] == [state.name for state in State]


def test_what_is_no_state_is_grey() -> None:
    assert state_color(None) == state_color(99) == UNKNOWN
    assert state_name(None) == state_name(99) == "UNKNOWN"
