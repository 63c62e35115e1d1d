"""Backends are found by name."""

from __future__ import annotations

import pytest

from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_driver.backends import backend_names, make_backend


def test_every_backend_can_be_made() -> None:
    assert {"fake", "kinova_ros", "ros2_control", "simulated"} <= set(backend_names())
    for name in backend_names():
        make_backend(name, load_arm("j2n6s300")).close()


def test_unknown_backend_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match="no arm backend 'nothing'; known backends: fake, "):
        make_backend("nothing", load_arm("j2n6s300"))
