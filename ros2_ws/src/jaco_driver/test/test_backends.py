"""Backends are found by name."""

from __future__ import annotations

import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError, ContractError
from jaco_driver.backends import backend_names, make_backend


def test_every_backend_can_be_made() -> None:
    arms = {"fake": "j2n6s300", "kinova_ros": "j2n6s300", "kortex": "gen3", "ros2_control": "gen3", "simulated": "j2n6s300"}
    assert backend_names() == sorted(arms)
    for name, arm in arms.items():
        make_backend(name, load_arm(arm)).close()


def test_backend_that_cannot_drive_an_arm_says_so() -> None:
    with pytest.raises(ContractError, match="does not speak Kortex"):
        make_backend("kortex", load_arm("j2n6s300"))


def test_unknown_backend_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match="no arm backend 'nothing'; known backends: fake, "):
        make_backend("nothing", load_arm("j2n6s300"))
