"""The arms that a base may have, over its sockets: how many actuators, how fast, and that they move and stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from jaco_core.arms import load_arm
from jaco_driver.emulator.emulator import Emulator
from jaco_driver.emulator.robots import ROBOTS

COUNTS = {"gen3": 7, "gen3_6dof": 6, "gen3_lite": 6}


@pytest.fixture(params=sorted(ROBOTS))
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with Emulator(request.param) as running:
        yield running


def test_base_tells_its_arm_and_moves_it(
    connect: Callable[..., Any],
    emulator: Emulator,
    eventually: Callable[[Callable[[], bool], str], None],
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.callspec.params["emulator"]
    count, robot = COUNTS[name], ROBOTS[name]
    client, cyclic = connect(), connect(udp=True)
    client.open(silence_ms=60_000)
    cyclic.open()
    assert client.ask(0x200AB).fields == {1: [count]}
    limits = client.ask(0x100012).fields
    assert np.frombuffer(limits[4][0], "<f4") == pytest.approx(robot.hard_speeds)
    assert np.radians(np.frombuffer(limits[5][0], "<f4")) == pytest.approx(load_arm(name).max_acceleration[:count], abs=1e-5)
    kinds = [client.fields(device)[1][0] for device in client.ask(0x170001).fields[1]]
    assert kinds == [1] + [3] * robot.large + [4] * (count - robot.large) + [5, 6]
    assert len(cyclic.feedback()[3]) == count
    assert client.move([5.0] * (count + 1)).sub_error == 57 and client.move([5.0] * (count - 1)).sub_error == 57
    assert emulator.standing
    assert client.move([5.0] * count).error == 0
    eventually(lambda: bool(np.all(emulator.read().velocity > np.radians(4.5))), "the speed")
    assert client.stop().error == 0
    eventually(lambda: emulator.standing, "standstill")


def test_it_is_slower_than_its_hard_limits() -> None:
    for name, robot in ROBOTS.items():
        assert np.all(load_arm(name).max_velocity[: robot.count] < np.radians(robot.hard_speeds))
