"""Every limit holds against an attack of its own, is named in evidence, and is documented where it is set."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from jaco_core.parameters import describe
from jaco_safety.adversary import ADVERSARIES
from jaco_safety.catalogue import CATALOGUE, Limit, describe_limits
from jaco_safety.limits import SafetyLimits
from jaco_safety.proving import ProvingGround, Tally
from jaco_safety.reasons import OUTCOMES, Reason, Verdict

README = (Path(__file__).parents[1] / "README.md").read_text()
# The adversary that presses each limit hardest. A limit that is missing here fails below.
ATTACKERS = {
    "position": "joint limits",
    "velocity": "bang-bang",
    "acceleration": "chatter",
    "jerk": "chatter",
    "tool_speed": "speed",
    "elbow_speed": "speed",
    "singularity": "random",
    "workspace": "one barrier",
    "half_space": "one barrier",
    "keep_out": "nearest barrier",
    "table": "nearest barrier",
    "self_collision": "self-collision",
    "torque": "chatter",
    "contact": "greedy",
}

BEFORE_THE_FILTER = {Reason.MODE_SPEED, Reason.RAMP_UP}


@pytest.fixture(scope="module", params=["j2n6s300", "gen3"])
def ground(request: pytest.FixtureRequest) -> ProvingGround:
    return ProvingGround(request.param)


@pytest.mark.parametrize("limit", CATALOGUE, ids=lambda limit: limit.name)
def test_limit_holds_against_its_attacker(ground: ProvingGround, limit: Limit) -> None:
    name, margin = limit.name, limit.margin
    tally = Tally()
    for seed in range(2):
        ground.attack(seed, 120, tally, ATTACKERS[name])
    assert tally.violations == []
    assert margin in tally.margins and tally.margins[margin] >= -1e-6
    assert tally.false_contacts == 0


def test_attackers_are_known() -> None:
    assert set(ATTACKERS.values()) <= set(ADVERSARIES)


def test_every_reason_that_shapes_motion_belongs_to_a_limit() -> None:
    named = {reason for limit in CATALOGUE for reason in limit.reasons}
    shaping = {reason for reason in Reason if OUTCOMES[reason].verdict in (Verdict.LIMITED, Verdict.RAMPED)}
    # Modes and what follows a reset scale proposals before the filter sees them.
    assert shaping - BEFORE_THE_FILTER <= named


def test_settings_are_fields_of_the_limits() -> None:
    known = {field.name for field in fields(SafetyLimits)}
    for limit in CATALOGUE:
        own = [part for part in limit.settings.replace(";", ",").split(",") if not part.strip().startswith("arm:")]
        names = {part.strip() for part in own if part.strip() != "upper"}
        assert names <= known, limit.name


def test_readme_documents_every_limit_and_setting() -> None:
    assert describe_limits() in README
    assert describe(SafetyLimits) in README
