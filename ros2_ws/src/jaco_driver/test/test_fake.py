"""What the fake adds to the contract: its acceleration, its stops, latency and lasting faults."""

from __future__ import annotations

import numpy as np
import pytest

from jaco_core.arms import Arm, load_arm
from jaco_driver.fake import FakeArm
from jaco_driver.port import ArmInFault

MS = 1_000_000


@pytest.fixture
def arm() -> Arm:
    return load_arm("j2n6s300")


@pytest.fixture
def fake(arm: Arm) -> FakeArm:
    fake = FakeArm(arm)
    fake.configure()
    fake.activate(0)
    return fake


def test_gathers_speed_at_the_arms_acceleration(arm: Arm, fake: FakeArm) -> None:
    fake.send(arm.max_velocity, 0)
    assert np.allclose(fake.state(50 * MS).velocity, np.minimum(arm.max_acceleration * 0.05, arm.max_velocity))


def test_position_does_not_depend_on_how_often_it_is_asked(arm: Arm, fake: FakeArm) -> None:
    other = FakeArm(arm)
    other.configure()
    other.activate(0)
    for one in (fake, other):
        one.send(arm.max_velocity, 0)
    for now in range(0, 400, 10):
        other.state(now * MS)
    assert np.allclose(fake.state(400 * MS).position, other.state(400 * MS).position)


def test_stops_at_its_joint_limits(arm: Arm, fake: FakeArm) -> None:
    fake.send(arm.max_velocity, 0)
    state = fake.state(60_000 * MS)
    assert np.array_equal(state.position[6:], arm.upper[6:])
    assert np.array_equal(state.velocity[6:], np.zeros(3))


def test_latency_delays_a_velocity(arm: Arm, fake: FakeArm) -> None:
    fake.set_latency(0.1)
    fake.send(arm.max_velocity, 0)
    assert not fake.state(100 * MS).velocity.any()
    assert fake.state(120 * MS).velocity.all()


def test_time_that_goes_back_moves_nothing(arm: Arm, fake: FakeArm) -> None:
    fake.send(arm.max_velocity, 0)
    before = fake.state(100 * MS).position
    assert np.array_equal(fake.state(50 * MS).position, before)


def test_lasting_fault_cannot_be_cleared(fake: FakeArm) -> None:
    fake.inject_fault("joint_3 is too hot", lasts=True)
    with pytest.raises(ArmInFault, match="joint_3 is too hot"):
        fake.clear_faults()


def test_cut_connection_leaves_the_arm_moving(arm: Arm, fake: FakeArm) -> None:
    fake.send(arm.max_velocity, 0)
    fake.disconnect()
    fake.reconnect()
    assert fake.state(100 * MS).velocity.all()
