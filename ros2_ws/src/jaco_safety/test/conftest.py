"""The shipped arm with its shipped limits."""

from __future__ import annotations

import pytest

from jaco_core.arms import Arm, load_arm
from jaco_safety.barriers import Barriers
from jaco_safety.filter import VelocityFilter
from jaco_safety.limits import SafetyLimits, load_limits
from jaco_safety.supervisor import Supervisor
from jaco_safety.testing import Bench


@pytest.fixture(scope="session")
def arm() -> Arm:
    return load_arm("j2n6s300")


@pytest.fixture(scope="session")
def limits() -> SafetyLimits:
    return load_limits("j2n6s300")


@pytest.fixture(scope="session")
def barriers(arm: Arm, limits: SafetyLimits) -> Barriers:
    return Barriers(arm, limits)


@pytest.fixture(scope="session")
def velocity_filter(arm: Arm, limits: SafetyLimits, barriers: Barriers) -> VelocityFilter:
    return VelocityFilter(arm, limits, barriers)


@pytest.fixture
def bench(arm: Arm, limits: SafetyLimits) -> Bench:
    return Bench(arm, Supervisor(arm, limits), arm.home.copy())
