"""Parameters as data: built, bounded, described."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jaco_core.errors import ConfigError
from jaco_core.parameters import build, describe, parameter, parameters_of


@dataclass(frozen=True)
class Config:
    rate: float = parameter(10.0, "How often.", unit="Hz", lower=1.0, upper=100.0)
    mode: str = parameter("slow", "How fast.", choices=("slow", "fast"))
    count: int = parameter(3, "How many.", lower=0, upper=9)
    lockstep: bool = parameter(True, "Whether to wait.")


def test_defaults_and_an_integer_where_a_float_is_asked() -> None:
    assert build(Config, {}) == Config(10.0, "slow", 3, True)
    assert build(Config, {"rate": 5}).rate == 5.0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"rate": 0.5}, "'rate' is 0.5 Hz; allowed: 1.0 to 100.0"),
        ({"rate": float("nan")}, "'rate' is nan"),
        ({"rate": "fast"}, "'rate' must be float, got 'fast'"),
        ({"count": True}, "'count' must be int"),
        ({"count": 10}, "allowed: 0 to 9"),
        ({"mode": "warp"}, "choices: slow, fast"),
        ({"lockstep": 1}, "'lockstep' must be bool"),
        ({"speed": 1}, "Unknown parameter speed; known: rate, mode, count, lockstep"),
    ],
)
def test_bad_values_are_refused_with_the_value_and_the_bounds(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        build(Config, values)


def test_the_documentation_has_a_row_per_parameter() -> None:
    table = describe(Config).splitlines()
    assert len(table) == 2 + len(parameters_of(Config))
    assert "| rate | float | `10.0` | Hz | 1 to 100 | How often. |" in table
