"""What a base must be for the arm that was configured: its actuators, its speeds and how it brakes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jaco_core.errors import ContractError
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.fake_base import FakeBase
from jaco_driver.kortex.fake_client import FakeVendor
from jaco_driver.kortex.testing import PATIENT, Faked


@pytest.fixture(params=["gen3", "gen3_6dof", "gen3_lite"])
def bench(request: pytest.FixtureRequest) -> Iterator[Faked]:
    bench = Faked(arm=request.param)
    yield bench
    bench.port.close()


def test_base_with_another_number_of_actuators_is_refused_and_left(bench: Faked) -> None:
    count = bench.base.count
    other = FakeBase(13 - count)
    with pytest.raises(ContractError, match=f"has {13 - count} actuators, its description {count} joints"):
        KortexArm(bench.arm, PATIENT, FakeVendor(other)).configure()
    assert all(session.event.is_set() for session in other.sessions), "no session is kept alive"
    bench.port.configure()
    assert len(bench.port.state(0).position) == len(bench.arm)


@pytest.mark.parametrize("weak", [0.9, float("nan")])
def test_base_that_brakes_more_weakly_than_the_file_says_is_refused(bench: Faked, weak: float) -> None:
    bench.base.accelerations[2] *= weak
    with pytest.raises(ContractError, match=r"The base brakes joint_3 with .* lower max_acceleration there"):
        bench.port.configure()
    bench.base.accelerations.clear()
    bench.port.configure()
