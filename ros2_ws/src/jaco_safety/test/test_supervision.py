"""The section `supervision` of a limits file."""

from __future__ import annotations

from pathlib import Path

import pytest

from jaco_core.arms import arm_names
from jaco_core.errors import ConfigError
from jaco_safety.limits import SafetyLimits, load_limits
from jaco_safety.modes import Mode
from jaco_safety.reasons import Reason
from jaco_safety.supervision import describe_modes, describe_supervision, parse_supervision

README = Path(__file__).parents[1] / "README.md"


def section(limits: SafetyLimits, **changes: object) -> dict[str, object]:
    own = limits.supervision
    values = {name: getattr(own, name) for name in own.__dataclass_fields__}
    return {"supervision": {**values, **changes}}


@pytest.mark.parametrize("arm", arm_names())
def test_shipped_limits_ask_for_a_key_in_supervised_mode_only_reduced(arm: str) -> None:
    own = load_limits(arm).supervision
    assert own.of(Mode.SUPERVISED).heartbeat
    assert all(own.of(mode).reduced for mode in Mode if mode is not Mode.AUTONOMOUS)
    assert own.of(Mode.OBSERVE).speed_scale == 0.0
    assert not any(own.resumes(reason) for reason in Reason)


def test_a_missing_section_or_key_is_named(limits: SafetyLimits) -> None:
    with pytest.raises(ConfigError, match="lack the section 'supervision'"):
        parse_supervision({})
    values = section(limits)
    values["supervision"].pop("ramp_up")  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="lacks ramp_up"):
        parse_supervision(values)


def test_only_protective_stops_may_resume(limits: SafetyLimits) -> None:
    assert parse_supervision(section(limits, self_resuming=["stale_joints"])).resumes(Reason.STALE_JOINTS)
    with pytest.raises(ConfigError, match="'stop_request', which is no protective stop"):
        parse_supervision(section(limits, self_resuming=["stop_request"]))


def test_every_mode_is_described_in_full(limits: SafetyLimits) -> None:
    with pytest.raises(ConfigError, match="must describe observe, guided, supervised, autonomous"):
        parse_supervision(section(limits, modes={}))
    broken = {mode.value: {"speed_scale": 1.0, "reduced": True} for mode in Mode}
    with pytest.raises(ConfigError, match="mode 'observe' lacks heartbeat"):
        parse_supervision(section(limits, modes=broken))


def test_the_readme_has_the_tables(limits: SafetyLimits) -> None:
    text = README.read_text()
    assert describe_modes(limits.supervision) in text
    assert describe_supervision() in text
