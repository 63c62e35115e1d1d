"""Arm files: each loads, and each rule refuses with a sentence."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
import pytest
import yaml

from jaco_core import arms
from jaco_core.arms import arm_names, load_arm
from jaco_core.errors import ConfigError


@pytest.mark.parametrize("name", arm_names())
def test_every_arm_file_loads(name: str) -> None:
    arm = load_arm(name)
    assert arm.name == name
    assert len(arm) == len(arm.joint_names) == len(arm.home)
    assert np.all(arm.home >= arm.lower) and np.all(arm.home <= arm.upper)


def test_the_jaco_has_six_joints_and_three_fingers() -> None:
    arm = load_arm("j2n6s300")
    assert [joint.kind for joint in arm.joints] == ["arm"] * 6 + ["finger"] * 3
    assert np.isinf(arm.lower[0]) and arm.lower[1] == pytest.approx(np.deg2rad(47), abs=1e-3)
    assert arm.max_velocity[0] == pytest.approx(np.deg2rad(36), abs=1e-3)


def test_an_unknown_arm_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no arm 'r2d2'; known arms: .*j2n6s300"):
        load_arm("r2d2")


def _jaco() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((files(arms) / "j2n6s300.yaml").read_text())
    return data


@pytest.mark.parametrize("key", ["max_velocity", "max_acceleration"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_that_is_no_positive_number_is_refused(key: str, value: float) -> None:
    data = _jaco()
    data["joints"][1][key] = value
    with pytest.raises(ConfigError, match="joint_2"):
        arms._parse("j2n6s300", data)


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_position_limits_must_be_ordered_numbers(lower: float, upper: float) -> None:
    data = _jaco()
    data["joints"][0] |= {"lower": lower, "upper": upper}
    with pytest.raises(ConfigError, match="joint_1"):
        arms._parse("j2n6s300", data)


def test_home_must_fit_the_joints_and_their_limits() -> None:
    short, outside = _jaco(), _jaco()
    short["home"] = short["home"][:-1]
    outside["home"][1] = 0.1
    with pytest.raises(ConfigError, match="9 joints and a home position of 8"):
        arms._parse("j2n6s300", short)
    with pytest.raises(ConfigError, match=r"home 0\.100 rad of 'joint_2'"):
        arms._parse("j2n6s300", outside)
