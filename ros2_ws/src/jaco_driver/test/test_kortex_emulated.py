"""The Kortex backend through Kinova's client at the emulated base: what it refuses, obeys and moves. Skipped without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jaco_core.errors import ConfigError, ContractError
from jaco_core.kinematics import Kinematics
from jaco_driver.emulator.zones import ProtectionZone
from jaco_driver.kortex.arm import KortexArm
from jaco_driver.kortex.link import WrongLogin
from jaco_driver.kortex.loader import load_vendor
from jaco_driver.kortex.testing import PATIENT, Emulated, wait_for
from jaco_driver.port import ArmInFault, ConnectionLost


@pytest.fixture
def bench() -> Iterator[Emulated]:
    try:
        load_vendor()
    except ConfigError as error:
        pytest.skip(str(error))
    bench = Emulated()
    yield bench
    bench.port.close()
    bench.close()


def test_wrong_password_is_said_without_the_password(bench: Emulated) -> None:
    settings = replace(PATIENT, tcp_port=bench.emulator.tcp_port, udp_port=bench.emulator.udp_port, password="hidden")
    with pytest.raises(WrongLogin, match="refuses the login of user 'admin'") as caught:
        KortexArm(bench.arm, settings).configure()
    assert "hidden" not in str(caught.value)


def test_other_number_of_joints_is_refused(bench: Emulated) -> None:
    bench.emulator.set_troubles(actuator_count=6)
    with pytest.raises(ContractError, match="has 6 actuators, its description 7 joints"):
        bench.port.configure()


def test_arm_in_another_mode_is_not_activated(bench: Emulated) -> None:
    bench.port.configure()
    bench.emulator.set_troubles(wrong_mode=True)
    with pytest.raises(ArmInFault, match=r"low-level|servoing mode"):
        bench.port.activate(0)


def test_session_is_closed_at_the_end(bench: Emulated) -> None:
    bench.port.configure()
    assert bench.emulator.session_count == 2
    bench.port.close()
    wait_for(lambda: bench.emulator.session_count == 0, "the sessions to end")


def test_frozen_feedback_stops_the_arm(bench: Emulated) -> None:
    bench.port.configure()
    bench.port.activate(0)
    refusals: list[str] = []

    def send() -> Any:
        try:
            bench.port.send(np.array([0.2] * 7 + [0.0]), 0)
        except ConnectionLost as error:
            refusals.append(str(error))
        return bench.emulator.read().velocity

    wait_for(lambda: bool(np.all(send() > 0.1)), "the arm to move")
    bench.emulator.set_troubles(frozen_feedback=True)
    wait_for(lambda: bool(np.all(np.abs(send()) < 0.01)) and bool(refusals), "the arm to stand")
    assert "frozen" in refusals[0]


def test_protection_zone_of_the_base_is_not_entered(bench: Emulated) -> None:
    kinematics = Kinematics(bench.arm)
    palm = kinematics.position("palm")
    zone = ProtectionZone("keep out", "box", (palm[0] + 0.15, palm[1], palm[2]), (0.2, 2.0, 2.0))
    bench.emulator.set_zones(zone)
    bench.port.configure()
    assert any("keep out" in sentence for sentence in bench.port.news())
    bench.port.activate(0)
    velocity = np.linalg.pinv(kinematics.jacobian("palm")) @ np.array([0.1, 0.0, 0.0])

    def reach() -> float:
        kinematics.update(bench.emulator.read().position)
        return float(kinematics.position("palm")[0] - palm[0])

    def held() -> bool:
        return not np.any(np.abs(bench.port.send(velocity, 0)) > 1e-3)

    wait_for(held, "the zone to hold the arm")
    wait_for(lambda: bench.emulator.standing, "the arm to stand")
    # The wrist, 45 mm thick, comes nearer to it than the palm does.
    assert 0.002 < reach() < 0.051
    assert np.any(bench.port.send(-velocity, 0))


def test_gripper_closes_opens_and_stops(bench: Emulated) -> None:
    port = bench.port
    port.configure()
    port.activate(0)

    def angle() -> float:
        return float(port.state(0).position[-1])

    def close(speed: float) -> float:
        port.send(np.array([0.0] * 7 + [speed]), 0)
        return angle()

    wait_for(lambda: close(1.0) > 0.7, "the gripper to close")
    wait_for(lambda: close(-1.0) < 0.5, "the gripper to open")
    port.stop(0)
    wait_for(lambda: not np.any(np.abs(port.state(0).velocity) > 1e-3), "the gripper to stop")
    assert angle() > 0.05
