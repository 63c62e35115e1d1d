"""Every arm that is known, attacked for a moment: a new arm is not forgotten by the tests of the filter."""

from __future__ import annotations

import pytest

from jaco_core.arms import arm_names
from jaco_safety.proving import ProvingGround, Tally


@pytest.mark.parametrize("name", arm_names())
def test_short_attacks_break_no_limit(name: str) -> None:
    ground, tally = ProvingGround(name), Tally()
    for seed, adversary in enumerate(("nearest barrier", "joint limits", "speed", "self-collision")):
        ground.attack(seed, 60, tally, adversary)
    assert tally.violations == []
    assert tally.ticks == 240
    assert tally.false_contacts == 0
