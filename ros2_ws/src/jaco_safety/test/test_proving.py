"""The short form of `jaco bench safety`: whatever an adversary proposes, no limit is broken in the physics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jaco_safety.adversary import ADVERSARIES
from jaco_safety.catalogue import CATALOGUE
from jaco_safety.filter import Filtered, VelocityFilter
from jaco_safety.proving import ProvingGround, Tally
from jaco_safety.reasons import PASSED


@pytest.fixture(scope="module", params=["j2n6s300", "gen3"])
def ground(request: pytest.FixtureRequest) -> ProvingGround:
    return ProvingGround(request.param)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31), adversary=st.sampled_from(list(ADVERSARIES)))
def test_no_limit_is_ever_broken(ground: ProvingGround, seed: int, adversary: str) -> None:
    tally = Tally()
    ground.attack(seed, 100, tally, adversary)
    assert tally.violations == []
    assert tally.ticks == 100
    assert tally.false_contacts == 0


def test_palm_keeps_its_speed_next_to_a_singular_posture_in_reduced_mode() -> None:
    """An attack that once found 0.6 mm/s too many: a margin in proportion to the limit is too small where the limit is low."""
    tally = Tally()
    ProvingGround("gen3").attack(1001504, 300, tally, "greedy")
    assert tally.violations == []
    assert tally.margins["singularity"] > 0.005


def test_every_limit_has_a_margin(ground: ProvingGround) -> None:
    tally = Tally()
    ground.attack(0, 5, tally)
    assert {limit.margin for limit in CATALOGUE} <= set(tally.margins)


def test_same_seed_gives_the_same_attack(ground: ProvingGround) -> None:
    first, second = Tally(), Tally()
    ground.attack(7, 60, first)
    ground.attack(7, 60, second)
    assert first.margins == second.margins


@pytest.mark.parametrize("adversary", ["joint limits", "nearest barrier", "self-collision", "speed"])
def test_without_the_filter_limits_are_broken(adversary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check sees what it is there to see."""
    ground = ProvingGround("j2n6s300")

    def unfiltered(self: VelocityFilter, proposed: object, *_: object, **__: object) -> Filtered:
        return Filtered(np.clip(np.asarray(proposed, dtype=float), -1.0, 1.0), PASSED)

    monkeypatch.setattr(VelocityFilter, "apply", unfiltered)
    tally = Tally()
    for seed in range(4):
        ground.attack(seed, 200, tally, adversary)
    assert tally.violations
