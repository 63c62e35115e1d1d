"""The world as the graph runs it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from jaco_core.types import VelocityCommand
from jaco_sim.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World("reach", "j2n6s300", "nominal", seed=3)
    yield world
    world.close()


def command(world: World, velocity: float) -> VelocityCommand:
    return VelocityCommand(world.stamp_ns, world.arm.joint_names, np.full(len(world.arm), velocity))


def test_a_picture_every_control_period_and_right_after_a_reset(world: World) -> None:
    due = []
    for tick in range(25):
        due.append(world.observe().image is not None)
        world.advance(command(world, 0.0))
        if tick == 12:
            world.reset(4)
    assert [index for index, picture in enumerate(due) if picture] == [0, 10, 13, 23]


def test_time_goes_on_over_a_reset_and_never_is_zero(world: World) -> None:
    stamps = [world.stamp_ns]
    for _ in range(3):
        world.advance(command(world, 0.0))
        stamps.append(world.stamp_ns)
    world.reset(1)
    stamps.append(world.stamp_ns)
    assert stamps[0] > 0 and np.all(np.diff(stamps) == 10_000_000)


def test_an_observation_has_one_stamp(world: World) -> None:
    seen = world.observe()
    assert seen.scene is not None and seen.image is not None
    assert seen.joints.stamp_ns == seen.scene.stamp_ns == world.stamp_ns
    assert seen.image.shape == (64, 64, 3) and seen.image.dtype == np.uint8 and seen.image.std() > 5.0


def test_a_commanded_joint_moves_and_a_zero_command_stops_it(world: World) -> None:
    before = world.observe().joints
    for _ in range(30):
        world.advance(command(world, 0.2))
    moving = world.observe().joints
    for _ in range(40):
        world.advance(command(world, 0.0))
    stopped = world.observe().joints
    assert np.all(moving.position[:6] > before.position[:6])
    assert np.all(np.abs(moving.velocity - 0.2) < 0.05)
    assert np.all(np.abs(stopped.velocity) < 0.01)


def test_the_same_seed_gives_the_same_bits(world: World) -> None:
    other = World("reach", "j2n6s300", "nominal", seed=3)
    for _ in range(20):
        first, second = world.observe(), other.observe()
        np.testing.assert_array_equal(first.joints.position, second.joints.position)
        if first.image is not None and second.image is not None:
            np.testing.assert_array_equal(first.image, second.image)
        world.advance(command(world, 0.3))
        other.advance(command(other, 0.3))
    other.close()
